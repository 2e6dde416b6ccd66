"""Finding and counting the records of staging, in every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import (
    Assignment,
    DeviceIdentifiers,
    DeviceLock,
    DeviceRecord,
)
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    ListAttribute,
    ListKind,
    Ownership,
    Platform,
    UserStatus,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.contract import Store
from mdm_server.store.staging import (
    NEW,
    ROOT_GROUP,
    AndroidChannel,
    OperationState,
    StagingRoom,
)
from rigs.staging_actors import StagingActors
from rigs.staging_samples import (
    IPHONE,
    OPERATION,
    SESSION,
    THIS,
    other_device,
)
from rigs.store_actors import NOON


class StagingFindingContract:
    """Finding and counting."""

    async def test_a_device_is_found_by_any_identifier_however_it_is_spelled(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Locked ones first, of either platform; and what is registered, listed, counted or under way likewise."""

        def work(room: StagingRoom) -> None:
            iphone = room.devices.add(IPHONE)
            lock = DeviceLock(DeviceLockReason.REG_USER_MISMATCH, NOON)
            android = room.devices.add(
                DeviceRecord(NEW, "android", Platform.ANDROID, DeviceIdentifiers(serial_number="c02x"), lock=lock)
            )
            newest = room.devices.add(other_device(udid="0000803000a"))
            registration = room.registrations.add(Registration(NEW, "r", None, ROOT_GROUP, identifiers=THIS))
            entry = room.lists.add(ListEntry(NEW, ListKind.ALLOW, ListAttribute.IMEI, "352099001761481", ROOT_GROUP))
            room.sessions.add(SESSION)
            room.attempts.fail_device(THIS, NOON)

            assert room.devices.by_identifiers(THIS) == [android, newest, iphone]
            assert room.devices.by_identifiers(THIS, Platform.IOS) == [newest, iphone]
            assert room.devices.by_identifiers(DeviceIdentifiers()) == []
            for identifiers in (
                DeviceIdentifiers(udid="00008030-00a"),
                DeviceIdentifiers(serial_number=" c02X"),
                DeviceIdentifiers("somebody else's", imei="352099001761481"),
            ):
                assert iphone in room.devices.by_identifiers(identifiers)
                assert room.registrations.for_identifiers(identifiers) == [registration]
                assert room.sessions.of_device(identifiers) == [SESSION]
                assert room.attempts.device_count(identifiers) == 1
                expected = [entry] if identifiers.imei else []
                assert room.lists.for_identifiers(identifiers, Platform.IOS) == expected

        await staging.act(work)

    async def test_lists_are_asked_by_identifier_platform_and_group(self, store: Store, staging: StagingActors) -> None:
        """A platform's line names every device of it; another group's lines do not apply."""

        def work(room: StagingRoom) -> None:
            below = room.groups.add(OrganizationGroup(NEW, "g", "below", "Below", parent=ROOT_GROUP))
            platform = room.lists.add(ListEntry(NEW, ListKind.DENY, ListAttribute.PLATFORM, "Android", ROOT_GROUP))
            serial = room.lists.add(ListEntry(NEW, ListKind.ALLOW, ListAttribute.SERIAL_NUMBER, "C02X", below.id))
            assert room.lists.for_identifiers(DeviceIdentifiers(), Platform.ANDROID) == [platform]
            assert room.lists.for_identifiers(THIS, Platform.ANDROID) == [platform, serial]
            assert room.lists.for_identifiers(THIS, Platform.ANDROID, [below.id]) == [serial]
            assert room.lists.for_identifiers(THIS, None) == [serial]
            assert room.lists.all(ListKind.DENY) == [platform]
            room.lists.remove(platform.id)
            assert room.lists.all() == [serial]

        await staging.act(work)

    async def test_users_are_searched_by_what_is_given(self, store: Store, staging: StagingActors) -> None:
        """Texts are contained; who is named exactly so comes first; a page says how many there are."""

        def work(room: StagingRoom) -> None:
            team = room.user_groups.add(UserGroup(NEW, "team", "Team", ROOT_GROUP))
            for name in ("joanna", "ann", "bob"):
                groups = (team.id,) if name == "bob" else ()
                room.users.add(EnrollmentUser(NEW, name, name, email=f"{name}@example.org", user_groups=groups))
            assert _names(room, user_name="ANN") == ["ann", "joanna"]
            assert _names(room, email="bob@") == ["bob"]
            assert _names(room, user_group=team.id) == ["bob"]
            assert _names(room, groups=[]) == []
            assert _names(room, groups=[ROOT_GROUP], status=UserStatus.LOCKED) == []
            page = room.users.search(offset=1, limit=1)
            assert (len(page), page.total) == (1, 3)
            room.user_groups.remove(team.id)
            assert [user.user_groups for user in room.users.search()] == [()] * 3

        await staging.act(work)

    async def test_devices_are_searched_by_what_is_given(self, store: Store, staging: StagingActors) -> None:
        """All of it at once."""
        held = Assignment(AssignmentState.ASSIGNED, 7, None, NOON)

        def work(room: StagingRoom) -> None:
            iphone = room.devices.add(replace(IPHONE, assignment=held, group=ROOT_GROUP, model="iPhone15,2"))
            lock = DeviceLock(DeviceLockReason.DEVICE_DENYLISTED, NOON)
            other = room.devices.add(replace(other_device(), lock=lock, last_seen=NOON, friendly_name="Spare"))
            for expected, asked in (
                ([iphone, other], {}),
                ([iphone], {"user": 7}),
                ([iphone], {"serial_number": "c02x", "groups": [ROOT_GROUP], "model": "IPHONE15"}),
                ([iphone], {"assignments": [AssignmentState.ASSIGNED], "locked": False}),
                ([other], {"locked": True}),
                ([other], {"text": "spare"}),
                ([other], {"seen_since": NOON}),
                ([], {"seen_since": NOON + timedelta(seconds=1)}),
                ([], {"statuses": [EnrollmentStatus.ENROLLED]}),
                ([], {"platform": Platform.ANDROID}),
                ([], {"imei": "1"}),
            ):
                found = room.devices.search(**asked)  # type: ignore[arg-type]
                assert (list(found), found.total) == (expected, len(expected)), asked

        await staging.act(work)

    async def test_a_device_counts_against_whoever_has_it_and_until_then_against_whoever_staged_it(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Row 61. One that is about to be enrolled counts, one that has left does not, nor the one in question."""
        ann, pat = 7, 8

        def device(uuid: str, assignment: Assignment, **more: Any) -> DeviceRecord:
            return DeviceRecord(NEW, uuid, Platform.IOS, DeviceIdentifiers(uuid), assignment=assignment, **more)

        def work(room: StagingRoom) -> None:
            enrolled = {"status": EnrollmentStatus.ENROLLED, "group": ROOT_GROUP}
            staged = room.devices.add(device("1", Assignment(AssignmentState.STAGED_UNCLAIMED, None, pat), **enrolled))
            claimed = Assignment(AssignmentState.ASSIGNED, ann, pat)
            room.devices.add(device("2", claimed, ownership=Ownership.EMPLOYEE_OWNED, **enrolled))
            coming = {**enrolled, "status": EnrollmentStatus.ENROLLMENT_IN_PROGRESS, "enrolling_user": ann}
            room.devices.add(device("3", Assignment(), **coming))
            room.devices.add(device("4", Assignment(), enrolling_user=ann, status=EnrollmentStatus.UNENROLLED))
            assert [room.devices.count_for_user(user) for user in (ann, pat)] == [2, 1]
            assert room.devices.count_for_user(pat, other_than=staged.id) == 0
            by_ownership = room.devices.count_by_ownership(ann)
            assert (by_ownership[Ownership.EMPLOYEE_OWNED], by_ownership[Ownership.UNDEFINED]) == (1, 1)
            assert by_ownership[Ownership.CORPORATE_SHARED] == 0
            assert room.devices.count_in([ROOT_GROUP]) == 3
            assert room.devices.count_in([ROOT_GROUP], other_than=staged.id) == 2
            assert [each.uuid for each in room.devices.of_user(pat)] == ["1", "2"]

        await staging.act(work)

    async def test_failed_logins_of_a_device_are_counted_under_every_identifier(
        self, store: Store, staging: StagingActors
    ) -> None:
        """A device that comes with another UDID does not start afresh; a device nobody can name is not counted."""

        def work(room: StagingRoom) -> None:
            attempts = room.attempts
            assert attempts.fail_device(THIS, NOON) == 1
            assert attempts.fail_device(DeviceIdentifiers("new", "c02x"), NOON) == 2
            assert attempts.device_count(DeviceIdentifiers("new")) == 2
            assert attempts.device_count(DeviceIdentifiers(imei=THIS.imei)) == 1
            assert attempts.device_count(DeviceIdentifiers()) == 0
            attempts.reset_device(DeviceIdentifiers("new", "C02X"))
            assert attempts.device_count(DeviceIdentifiers("new", "C02X")) == 0
            assert attempts.purge(NOON) == 0
            assert attempts.purge(NOON + timedelta(days=2)) == 2
            assert attempts.device_count(THIS) == 0

        await staging.act(work)

    async def test_wipes_are_listed_for_whoever_counts_them(self, store: Store, staging: StagingActors) -> None:
        """Those of some groups since a moment, and whatever is on hold."""

        def work(room: StagingRoom) -> None:
            devices = [room.devices.add(other_device(udid=f"{number}")) for number in range(3)]
            times = [NOON - timedelta(days=2), NOON - timedelta(days=1), NOON]
            states = [WipeState.DONE, WipeState.ON_HOLD, WipeState.SENT]
            wipes = [
                room.wipes.add(WipeRequest(NEW, device.id, ROOT_GROUP, WipeKind.DEVICE, state, at))
                for device, state, at in zip(devices, states, times, strict=True)
            ]
            assert room.wipes.recent([ROOT_GROUP], NOON) == wipes[1:]
            assert room.wipes.recent([], NOON) == []
            assert room.wipes.all() == wipes[::-1]
            assert room.wipes.open_requests() == [wipes[1]]
            found = [room.wipes.open_of_device(device.id) for device in devices]
            assert found == [None, wipes[1], wipes[2]]

        await staging.act(work)

    async def test_an_android_has_one_channel_and_operations_in_order(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Another enrolment takes the place of the channel, and what waited is cancelled."""

        def work(room: StagingRoom) -> None:
            device = room.devices.add(replace(IPHONE, platform=Platform.ANDROID)).id
            channel = AndroidChannel(device, "d1", "hash", "token")
            room.android.open_channel(channel)
            for name in ("first", "second"):
                room.android.add_operation(replace(OPERATION, device=device, name=name, state=OperationState.QUEUED))
            first, second = room.android.operations(device, waiting=True)
            room.android.replace_operation(replace(first, state=OperationState.DONE))
            assert room.android.operations(device, waiting=True) == [second]
            room.android.open_channel(replace(channel, name="d2"))
            assert room.android.channel("d1") is None
            states = [operation.state for operation in room.android.operations(device)]
            assert states == [OperationState.DONE, OperationState.CANCELLED]
            room.devices.remove(device)
            assert room.android.channel("d2") is None

        await staging.act(work)


def _names(room: StagingRoom, **asked: Any) -> list[str]:
    return [user.user_name for user in room.users.search(**asked)]
