"""Devices that staging turns away at check-in, in every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.hub_session import SessionStep
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.vocabulary import (
    DeviceLockReason,
    DeviceStagingType,
    ListAttribute,
    ListKind,
    Platform,
    StagingMode,
    UserStatus,
)
from mdm_server.store.contract import Store
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, device, refused

A = device("A")
SERIAL = "C02X"


class StagingRefusingContract:
    """Who may not enrol, though the certificate is good."""

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

    async def test_another_udid_does_not_pass_for_the_device_that_somebody_has(
        self, store: Store, staging: StagingActors
    ) -> None:
        """It has the same serial number, and an enrolment profile of its own."""
        await staging.enrol_by_hub("A", await staging.user("ann"), serial_number=SERIAL)
        await staging.invite("plain", udid="B")
        await staging.issue("plain", challenge="plain")
        async with refused(store, "HUB_REQUIRED"):
            await staging.authenticate(device("B"), "plain", serial_number=SERIAL)

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

    async def test_a_user_who_may_no_longer_enrol_does_not(self, store: Store, staging: StagingActors) -> None:
        """Locked, or removed, between the Hub's answer and the device's check-in."""
        ann = await staging.user("ann")
        certificate = await staging.let_in("A", ann)
        await staging.act(lambda room: room.users.replace(replace(ann, status=UserStatus.LOCKED)))
        async with refused(store, "USER_LOCKED"):
            await staging.authenticate(A, certificate)
        await staging.act(lambda room: room.users.remove(ann.id))
        async with refused(store, "HUB_REQUIRED"):
            await staging.authenticate(A, certificate)

    async def test_a_platform_that_one_group_denies_is_denied_to_that_group(
        self, store: Store, staging: StagingActors
    ) -> None:
        """A device that comes without the Hub comes into no group."""
        below = OrganizationGroup(NEW, "g", "below", "Below", parent=ROOT_GROUP)
        group = (await staging.act(lambda room: room.groups.add(below))).id
        entry = ListEntry(NEW, ListKind.DENY, ListAttribute.PLATFORM, "Apple", group)
        await staging.act(lambda room: room.lists.add(entry))
        await staging.enrol("P", "plain")
        await staging.enrol_by_hub("A", await staging.user("ann"))
        certificate = await staging.let_in("B", await staging.user("bob"))
        (session,) = await staging.see(lambda view: view.sessions.of_device(DeviceIdentifiers("B")))
        await staging.act(lambda room: room.sessions.replace(replace(session, group=group)))
        async with refused(store, "DEVICE_DENYLISTED"):
            await staging.authenticate(device("B"), certificate)

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

    async def test_a_locked_device_is_given_no_profile_and_no_secret(
        self, store: Store, staging: StagingActors
    ) -> None:
        """I-21: what only asks or takes away is delivered past what waits; the rest comes once it is free, in order."""
        pat = await staging.user("pat", DeviceStagingType.STANDARD)
        certificate = await staging.enrol_by_hub("A", pat, mode=StagingMode.STANDARD)
        record = await staging.device_of("A")
        await staging.enqueue("A", "sent before", request_type="InstallProfile")
        assert await staging.idle(A, certificate) == "sent before"
        lock = DeviceLock(DeviceLockReason.REG_USER_MISMATCH, NOON)
        await staging.act(lambda room: room.devices.replace(replace(record, lock=lock)))
        await staging.enqueue("A", "clear", request_type="ClearPasscode")
        await staging.enqueue("A", "lock", request_type="DeviceLock")
        await staging.enqueue("A", "ask")
        assert await staging.idle(A, certificate) == "lock"
        assert await staging.answer(A, certificate, "lock") == "ask"
        assert await staging.answer(A, certificate, "ask") is None
        await staging.act(lambda room: room.devices.replace(record))
        assert await staging.idle(A, certificate) == "sent before"
        assert await staging.answer(A, certificate, "sent before") == "clear"

    async def test_a_lock_against_others_withholds_nothing_from_who_has_the_device(
        self, store: Store, staging: StagingActors
    ) -> None:
        """I-24: somebody else tried to take it; its user is not to suffer for that."""
        certificate = await staging.enrol_by_hub("A", await staging.user("ann"))
        record = await staging.device_of("A")
        lock = DeviceLock(DeviceLockReason.REG_BOUND_TO_OTHER, NOON)
        await staging.act(lambda room: room.devices.replace(replace(record, lock=lock)))
        await staging.enqueue("A", "profile", request_type="InstallProfile")
        assert await staging.idle(A, certificate) == "profile"
