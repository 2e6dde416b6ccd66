"""What staging makes of the end of an enrolment, in every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.enrollment import EnrollmentEvent, EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceLock, DeviceRecord
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    RegistrationState,
    StagingMode,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.contract import Store
from mdm_server.store.records import Answer, AnswerEffect, NewCommand
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom, StagingView
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, device

A = device("A")
SERIAL = "C02X"


class StagingWipingContract:
    """Wipes and other farewells."""

    async def test_an_enterprise_wipe_is_over_when_the_profile_is_gone(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Row 66: pending until then; acknowledged, the device is nobody's, and the wipe is done."""
        certificate, record = await self._wiped(staging, WipeKind.ENTERPRISE)
        assert record.status is EnrollmentStatus.ENTERPRISE_WIPE_PENDING
        await staging.idle(A, certificate)
        outcome = await staging.report(A, certificate, Answer("wipe", "Acknowledged", b"<ok/>"))
        assert (outcome.effect, outcome.unenrolled, outcome.command) == (AnswerEffect.RECORDED, True, None)
        await self._is_over(staging, record)
        assert await staging.report(A, certificate) is not None

    async def test_a_device_that_checks_out_while_it_is_wiped_has_done_what_it_was_told(
        self, store: Store, staging: StagingActors
    ) -> None:
        """CheckOutWhenRemoved: the message may come instead of the acknowledgement."""
        certificate, record = await self._wiped(staging, WipeKind.ENTERPRISE)
        await staging.check_out(A, certificate)
        await self._is_over(staging, record)

    async def test_an_erase_is_over_when_it_is_acknowledged(self, store: Store, staging: StagingActors) -> None:
        """And an orphaned device is free of its lock: only a wipe frees it (row 39)."""
        certificate, record = await self._wiped(staging, WipeKind.DEVICE)
        assert record.status is EnrollmentStatus.DEVICE_WIPE_PENDING
        lock = DeviceLock(DeviceLockReason.STAGING_USER_GONE, NOON)
        await staging.act(lambda room: room.devices.replace(replace(record, lock=lock)))
        await staging.idle(A, certificate)
        await staging.answer(A, certificate, "wipe")
        await self._is_over(staging, record)
        assert (await staging.device_of("A")).lock is None

    @pytest.mark.parametrize("ending", ["Error", "cancelled", "cleared", "NotNow"])
    async def test_an_enterprise_wipe_that_does_not_happen_leaves_the_device_enrolled(
        self, store: Store, staging: StagingActors, ending: str
    ) -> None:
        """NotNow says nothing yet."""
        certificate, record = await self._wiped(staging, WipeKind.ENTERPRISE)
        await staging.idle(A, certificate)
        if ending == "cancelled":
            await store.commands.cancel("A", "wipe", staging.occasion())
        elif ending == "cleared":
            await store.commands.clear("A", staging.occasion())
        else:
            await staging.answer(A, certificate, "wipe", ending)
        expected = EnrollmentStatus.ENTERPRISE_WIPE_PENDING if ending == "NotNow" else EnrollmentStatus.ENROLLED
        now = await staging.device_of("A")
        enrollment = await store.enrollments.find("A")
        assert enrollment is not None
        assert (now.status, enrollment.status, now.assignment) == (expected, expected, record.assignment)

    async def test_another_profile_may_be_removed_without_ending_anything(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Only the command that was marked as parting is one."""
        ann = await staging.user("ann")
        certificate = await staging.enrol_by_hub("A", ann)
        await staging.enqueue("A", "other", request_type="RemoveProfile")
        await staging.idle(A, certificate)
        await staging.answer(A, certificate, "other")
        assert (await staging.device_of("A")).status is EnrollmentStatus.ENROLLED

    async def test_a_retired_device_is_nobodys(self, store: Store, staging: StagingActors) -> None:
        """An administrator's move is followed like a device's."""
        ann = await staging.user("ann")
        await staging.enrol_by_hub("A", ann)
        await store.enrollments.move("A", EnrollmentEvent.RETIRE, staging.occasion())
        record = await staging.device_of("A")
        assert (record.status, record.assignment.state) == (
            EnrollmentStatus.RETIRED,
            AssignmentState.UNASSIGNED,
        )

    async def test_a_shared_device_that_leaves_while_it_is_out_goes_home(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Its group is again the one it was staged into."""
        pat = await staging.user("pat", DeviceStagingType.MULTI)
        ann = await staging.user("ann")
        certificate = await staging.enrol_by_hub("A", pat, mode=StagingMode.MULTI)
        record = await staging.device_of("A")
        held = replace(record.assignment, state=AssignmentState.CHECKED_OUT, user=ann.id)
        hers = OrganizationGroup(NEW, "g", "hers", "Hers", parent=ROOT_GROUP)

        def check_out(room: StagingRoom) -> None:
            group = room.groups.add(hers).id
            room.devices.replace(replace(record, assignment=held, group=group, home_group=ROOT_GROUP))

        await staging.act(check_out)
        await staging.check_out(A, certificate)
        left = await staging.device_of("A")
        assert (left.group, left.home_group, left.assignment.user) == (ROOT_GROUP, None, None)

    async def _wiped(self, staging: StagingActors, kind: WipeKind) -> tuple[str, DeviceRecord]:
        """Enrol a device and order a wipe of it, as an administrator does."""
        ann = await staging.user("ann")
        certificate = await staging.enrol_by_hub("A", ann)
        record = await staging.device_of("A")

        def order(room: StagingRoom) -> None:
            room.wipes.add(WipeRequest(NEW, record.id, ROOT_GROUP, kind, WipeState.SENT, NOON, "admin"))
            if kind is WipeKind.ENTERPRISE:
                room.commands.enqueue_parting(NewCommand("A", "wipe", "RemoveProfile", b"<r/>"))
            else:
                room.commands.enqueue(NewCommand("A", "wipe", "EraseDevice", b"<e/>"))

        await staging.act(order)
        return certificate, await staging.device_of("A")

    async def _is_over(self, staging: StagingActors, before: DeviceRecord) -> None:
        """Check that the wipe is done and the device nobody's, though still its user's to come back with."""

        def look(view: StagingView) -> tuple[object, ...]:
            record, (wipe,) = view.devices.get(before.id), view.wipes.all()
            assert record is not None
            (registration,) = view.registrations.of_device(before.id)
            return record.status, record.assignment.state, wipe.state, registration.state

        assert await staging.see(look) == (
            EnrollmentStatus.UNENROLLED,
            AssignmentState.UNASSIGNED,
            WipeState.DONE,
            RegistrationState.BOUND,
        )
        assert "wipe.done" in await staging.codes("A")
