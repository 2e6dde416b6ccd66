"""What staging makes of check-ins, in every store: device records that follow, and devices that are turned away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.enrollment import EnrollmentEvent, EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.hub_session import SessionStep
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.registration import RegistrationToken
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    EntryChannel,
    ListAttribute,
    ListKind,
    Ownership,
    Platform,
    RegistrationState,
    StagingMode,
    TokenState,
    TokenType,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.contract import Store
from mdm_server.store.records import Answer, AnswerEffect, NewCommand
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom, StagingView
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, device, refused

A = device("A")
SERIAL = "C02X"


class StagingFollowingContract:
    """Device records, sessions and registrations, as check-ins change them."""

    async def test_an_enrolment_by_the_hub_leaves_a_device_a_binding_and_a_finished_session(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Row 1: Enrolled, Assigned to the user, registration bound; told in the journal."""
        ann = await staging.user("ann")
        certificate = await staging.let_in(
            "A", ann, serial_number=SERIAL, channel=EntryChannel.BARCODE, ownership=Ownership.EMPLOYEE_OWNED
        )
        await staging.authenticate(A, certificate, serial_number=SERIAL)
        begun = await staging.device_of("A")
        assert (begun.status, begun.assignment.state, begun.enrolling_user) == (
            EnrollmentStatus.ENROLLMENT_IN_PROGRESS,
            AssignmentState.UNASSIGNED,
            ann.id,
        )
        await staging.token_update(A, certificate)
        record = await staging.device_of("A")
        assert record.id == begun.id
        assert record.identifiers == DeviceIdentifiers("A", SERIAL)
        assert (record.status, record.platform) == (EnrollmentStatus.ENROLLED, Platform.IOS)
        assert (record.assignment.state, record.assignment.user) == (AssignmentState.ASSIGNED, ann.id)
        assert (record.group, record.ownership, record.via) == (
            ROOT_GROUP,
            Ownership.EMPLOYEE_OWNED,
            EntryChannel.BARCODE,
        )
        (registration,) = await staging.see(lambda view: view.registrations.of_device(record.id))
        assert (registration.state, registration.user) == (RegistrationState.BOUND, ann.id)
        assert registration.identifiers == record.identifiers
        (session,) = await staging.see(lambda view: view.sessions.of_device(record.identifiers))
        assert (session.step, session.device_id) == (SessionStep.DONE, record.id)
        told = await staging.codes("A")
        assert "assignment.assigned" in told
        assert "registration.bound" in told

    async def test_the_registration_that_expected_the_device_is_the_one_that_is_bound(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Rows 2 and 7: by an identifier, or one without any that waits for a device of the user; its token is used."""
        ann = await staging.user("ann")
        by_serial = await staging.register(ann, serial_number=SERIAL)
        waiting = await staging.register(ann)
        token = RegistrationToken("hash", TokenType.SINGLE_FACTOR, NOON + timedelta(hours=1))
        await staging.act(lambda room: room.registrations.replace(replace(waiting, token=token)))
        await staging.enrol_by_hub("A", ann, serial_number=SERIAL.lower())
        await staging.enrol_by_hub("B", ann, serial_number="other")
        first, second = await staging.see(lambda view: view.registrations.for_user(ann.id))
        assert (first.id, first.state, first.device) == (
            by_serial.id,
            RegistrationState.BOUND,
            (await staging.device_of("A")).id,
        )
        assert (second.id, second.state, second.token_state) == (
            waiting.id,
            RegistrationState.BOUND,
            TokenState.USED,
        )
        assert second.identifiers == DeviceIdentifiers("B", "other")

    @pytest.mark.parametrize(
        ("mode", "state"),
        [
            (StagingMode.STANDARD, AssignmentState.STAGED_UNCLAIMED),
            (StagingMode.MULTI, AssignmentState.MULTI_IDLE),
            (StagingMode.ADVANCED, AssignmentState.ASSIGNED),
        ],
    )
    async def test_a_staged_device_is_whose_its_mode_says(
        self, store: Store, staging: StagingActors, mode: StagingMode, state: AssignmentState
    ) -> None:
        """Rows 22, 28, 32: nobody's until somebody takes it, or the named user's; bound only when somebody has it."""
        pat = await staging.user("pat", DeviceStagingType.MULTI_ADVANCED)
        ann = await staging.user("ann")
        target = ann if mode is StagingMode.ADVANCED else None
        await staging.enrol_by_hub("A", pat, mode=mode, on_behalf=target)
        record = await staging.device_of("A")
        assert (record.assignment.state, record.assignment.stager, record.staged_at) == (state, pat.id, NOON)
        assert record.assignment.user == (ann.id if target else None)
        bound = await staging.see(lambda view: view.registrations.of_device(record.id))
        assert [registration.user for registration in bound] == ([ann.id] if target else [])

    async def test_the_end_of_an_enrolment_frees_the_device_and_keeps_its_registration(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Rows 5 and 6: its owner may come back by the Hub, another may not, nor may it come back without."""
        ann, bob = await staging.user("ann"), await staging.user("bob")
        first = await staging.enrol_by_hub("A", ann, serial_number=SERIAL)
        await staging.check_out(A, first)
        record = await staging.device_of("A")
        assert (record.status, record.assignment.state) == (
            EnrollmentStatus.UNENROLLED,
            AssignmentState.UNASSIGNED,
        )
        (registration,) = await staging.see(lambda view: view.registrations.of_device(record.id))
        assert registration.state is RegistrationState.BOUND
        assert "assignment.ended" in await staging.codes("A")
        stranger = await staging.let_in("A", bob, serial_number=SERIAL)
        async with refused(store, "REG_BOUND_TO_OTHER"):
            await staging.authenticate(A, stranger, serial_number=SERIAL)
        await staging.invite("plain", udid="A")
        await staging.issue("plain", challenge="plain")
        async with refused(store, "HUB_REQUIRED"):
            await staging.authenticate(A, "plain", serial_number=SERIAL)
        await staging.enrol_by_hub("A", ann, serial_number=SERIAL)
        assert (await staging.device_of("A")).assignment.user == ann.id

    async def test_a_device_that_authenticates_anew_stays_its_users(self, store: Store, staging: StagingActors) -> None:
        """With its own certificate, and without another visit to the Hub: it is bound, and still held."""
        ann = await staging.user("ann")
        certificate = await staging.enrol_by_hub("A", ann)
        before = await staging.device_of("A")
        await staging.install("A", certificate)
        assert await staging.device_of("A") == before

    async def test_a_claimed_device_that_authenticates_anew_stays_claimed(
        self, store: Store, staging: StagingActors
    ) -> None:
        """A claim is not undone by it (invariant (b))."""
        pat = await staging.user("pat", DeviceStagingType.STANDARD)
        ann, bob = await staging.user("ann"), await staging.user("bob")
        certificate = await staging.enrol_by_hub("A", pat, mode=StagingMode.STANDARD)
        record = await staging.device_of("A")
        assert await staging.claim(record.id, ann) == "claimed"
        await staging.install("A", certificate)
        again = await staging.device_of("A")
        assert (again.status, again.assignment.user, again.claimed_once) == (
            EnrollmentStatus.ENROLLED,
            ann.id,
            True,
        )
        assert await staging.claim(record.id, bob) == "ALREADY_CLAIMED"

    async def test_a_new_enrolment_can_be_claimed_anew(self, store: Store, staging: StagingActors) -> None:
        """Once for each."""
        pat = await staging.user("pat", DeviceStagingType.STANDARD)
        for name in ("ann", "bob"):
            user = await staging.user(name)
            certificate = await staging.enrol_by_hub("A", pat, mode=StagingMode.STANDARD)
            record = await staging.device_of("A")
            assert (record.assignment.state, record.claimed_once) == (AssignmentState.STAGED_UNCLAIMED, False)
            assert await staging.claim(record.id, user) == "claimed"
            await staging.check_out(A, certificate)

    @pytest.mark.parametrize("how", ["serial", "udid", "imei of the other platform", "serial of the other platform"])
    async def test_a_lock_keeps_the_hardware_out_whatever_it_says_it_is(
        self, store: Store, staging: StagingActors, how: str
    ) -> None:
        """Another UDID with the same serial number, the other platform: by the Hub and without it."""
        ann = await staging.user("ann")
        lock = DeviceLock(DeviceLockReason.REG_USER_MISMATCH, NOON, ann.id)
        known = {
            "serial": DeviceRecord(NEW, "d", Platform.IOS, DeviceIdentifiers("old", "c02 x"), lock=lock),
            "udid": DeviceRecord(NEW, "d", Platform.IOS, DeviceIdentifiers("a"), lock=lock),
            "imei of the other platform": DeviceRecord(
                NEW, "d", Platform.ANDROID, DeviceIdentifiers(imei="35-2"), lock=lock
            ),
            "serial of the other platform": DeviceRecord(
                NEW, "d", Platform.ANDROID, DeviceIdentifiers(serial_number=SERIAL), lock=lock
            ),
        }[how]
        await staging.act(lambda room: room.devices.add(known))
        by_hub = await staging.let_in("A", ann, serial_number=SERIAL)
        await staging.invite("plain", udid="A")
        await staging.issue("plain", challenge="plain")
        for certificate in (by_hub, "plain"):
            async with refused(store, "REG_USER_MISMATCH"):
                await staging.authenticate(A, certificate, serial_number=SERIAL, details={"IMEI": "352"})

    @pytest.mark.parametrize(
        ("attribute", "value"),
        [
            (ListAttribute.SERIAL_NUMBER, "c02-x"),
            (ListAttribute.UDID, "a"),
            (ListAttribute.PLATFORM, "Apple"),
        ],
    )
    async def test_a_denied_device_does_not_enrol(
        self, store: Store, staging: StagingActors, attribute: ListAttribute, value: str
    ) -> None:
        """Also when it is denied between its Authenticate and its TokenUpdate; when it is not, it may again (T5)."""
        ann = await staging.user("ann")
        certificate = await staging.let_in("A", ann, serial_number=SERIAL)
        entry = ListEntry(NEW, ListKind.DENY, attribute, value, ROOT_GROUP)
        first = await staging.act(lambda room: room.lists.add(entry))
        async with refused(store, "DEVICE_DENYLISTED"):
            await staging.authenticate(A, certificate, serial_number=SERIAL)
        await staging.act(lambda room: room.lists.remove(first.id))
        await staging.authenticate(A, certificate, serial_number=SERIAL)
        second = await staging.act(lambda room: room.lists.add(entry))
        async with refused(store, "DEVICE_DENYLISTED"):
            await staging.token_update(A, certificate)
        await staging.act(lambda room: room.lists.remove(second.id))
        await staging.token_update(A, certificate)
        assert (await staging.device_of("A")).assignment.user == ann.id

    async def test_a_registered_device_must_come_by_the_hub(self, store: Store, staging: StagingActors) -> None:
        """`HUB_REQUIRED`: an enrolment profile alone says nothing of who holds the device; others are not concerned."""
        ann = await staging.user("ann")
        await staging.register(ann, serial_number=SERIAL)
        await staging.invite("plain", uses=2)
        await staging.issue("plain", challenge="plain")
        async with refused(store, "HUB_REQUIRED"):
            await staging.authenticate(A, "plain", serial_number=SERIAL)
        await staging.install("A", "plain", serial_number="another")
        assert await staging.see(lambda view: view.devices.by_enrollment_key("A")) is None

    async def test_a_session_lets_in_the_device_it_was_held_with(self, store: Store, staging: StagingActors) -> None:
        """Another one that turns up with its invitation is turned away."""
        ann = await staging.user("ann")
        certificate = await staging.let_in("A", ann, serial_number="another")
        session = (await staging.see(lambda view: view.sessions.of_device(DeviceIdentifiers("A"))))[0]
        elsewhere = replace(session.device, identifiers=DeviceIdentifiers("B", "another"))
        await staging.act(lambda room: room.sessions.replace(replace(session, device=elsewhere)))
        async with refused(store, "HUB_REQUIRED"):
            await staging.authenticate(A, certificate, serial_number=SERIAL)

    @pytest.mark.parametrize("step", [SessionStep.EXPIRED, SessionStep.REFUSED])
    async def test_a_session_that_is_over_takes_its_invitation_with_it(
        self, store: Store, staging: StagingActors, step: SessionStep
    ) -> None:
        """Also when the certificate was issued before: the device does not slip in as nobody's."""
        ann = await staging.user("ann")
        certificate = await staging.let_in("A", ann)
        (session,) = await staging.see(lambda view: view.sessions.of_device(DeviceIdentifiers("A")))
        await staging.act(lambda room: room.sessions.replace(replace(session, step=step)))
        async with refused(store, "HUB_REQUIRED"):
            await staging.authenticate(A, certificate)

    async def test_a_limit_that_was_reached_meanwhile_refuses(self, store: Store, staging: StagingActors) -> None:
        """Row 60: two devices were let in for the last place; one of them gets it. A re-enrolment takes none."""
        ann = await staging.user("ann")

        def limit(room: StagingRoom) -> None:
            root = room.groups.get(ROOT_GROUP)
            assert root is not None
            room.groups.replace(replace(root, overrides={"max_devices": 1}))

        await staging.act(limit)
        certificates = {udid: await staging.let_in(udid, ann) for udid in ("A", "B")}
        await staging.install("A", certificates["A"])
        async with refused(store, "MAX_DEVICES"):
            await staging.install("B", certificates["B"])
        await staging.enrol_by_hub("A", ann)

    async def test_two_that_say_they_are_the_same_hardware_do_not_both_enrol(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Two UDIDs with one serial number, let in for two users: the first to complete has it."""
        ann, bob = await staging.user("ann"), await staging.user("bob")
        hers = await staging.let_in("A", ann, serial_number=SERIAL)
        his = await staging.let_in("B", bob, serial_number=SERIAL)
        await staging.authenticate(A, hers, serial_number=SERIAL)
        await staging.authenticate(device("B"), his, serial_number=SERIAL)
        await staging.token_update(device("B"), his)
        async with refused(store, "REG_BOUND_TO_OTHER"):
            await staging.token_update(A, hers)
        found = await staging.see(lambda view: view.devices.search(serial_number=SERIAL))
        assert [record.assignment.user for record in found] == [bob.id]

    async def test_hardware_is_known_by_its_serial_number_before_its_udid(
        self, store: Store, staging: StagingActors
    ) -> None:
        """A UDID that turns up on other hardware: the record of that hardware has the enrolment now, the other none."""
        ann = await staging.user("ann")
        known = DeviceRecord(NEW, "known", Platform.IOS, DeviceIdentifiers("old udid", SERIAL))
        number = (await staging.act(lambda room: room.devices.add(known))).id
        certificate = await staging.enrol_by_hub("A", ann, serial_number="another")
        other = await staging.device_of("A")
        await staging.check_out(A, certificate)
        await staging.act(lambda room: room.registrations.remove(room.registrations.of_device(other.id)[0].id))
        await staging.enrol_by_hub("A", ann, serial_number=SERIAL.lower())
        record = await staging.device_of("A")
        assert (record.id, record.identifiers.udid, record.assignment.user) == (number, "A", ann.id)
        left = await staging.see(lambda view: view.devices.get(other.id))
        assert left is not None
        assert (left.enrollment_key, left.status) == (None, EnrollmentStatus.UNENROLLED)

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

    async def test_what_a_device_last_said_is_when_it_was_last_seen(self, store: Store, staging: StagingActors) -> None:
        """Also before the counters are written."""
        ann = await staging.user("ann")
        certificate = await staging.enrol_by_hub("A", ann)
        staging.now += timedelta(hours=1)
        await staging.idle(A, certificate)
        record = await staging.device_of("A")
        assert record.last_seen == staging.now
        await staging.user("somebody else")
        found = await staging.see(lambda view: view.devices.search(seen_since=staging.now))
        assert [each.id for each in found] == [record.id]

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
