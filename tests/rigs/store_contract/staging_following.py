"""Device records that follow what devices say, in every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.hub_session import SessionStep
from mdm_server.domain.staging.registration import RegistrationToken
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceStagingType,
    EntryChannel,
    Management,
    Ownership,
    Platform,
    RegistrationState,
    StagingMode,
    TokenState,
    TokenType,
)
from mdm_server.store.contract import Store
from mdm_server.store.staging import NEW, ROOT_GROUP
from rigs.staging_actors import StagingActors
from rigs.staging_samples import IPHONE
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
        standard = mode is StagingMode.STANDARD
        pat = await staging.user("pat", DeviceStagingType.STANDARD if standard else DeviceStagingType.MULTI_ADVANCED)
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

    async def test_a_device_that_only_an_app_knew_is_managed_once_it_enrols(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Adaptive management (F10): the record of the unmanaged device is the one that is used."""
        ann = await staging.user("ann")
        unmanaged = replace(IPHONE, identifiers=DeviceIdentifiers("A"), management=Management.UNMANAGED)
        number = (await staging.act(lambda room: room.devices.add(unmanaged))).id
        await staging.enrol_by_hub("A", ann)
        record = await staging.device_of("A")
        assert (record.id, record.management) == (number, Management.MDM)

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
