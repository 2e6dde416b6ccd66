"""The records of staging, in every store."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, replace
from datetime import timedelta
from typing import Any

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import (
    Assignment,
    DeviceIdentifiers,
    DeviceLock,
    DeviceRecord,
    PresentedDevice,
)
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.registration import Registration, RegistrationToken
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    EnrollmentType,
    EntryChannel,
    ListAttribute,
    ListKind,
    Management,
    Ownership,
    Platform,
    RegistrationState,
    SecurityType,
    StagingMode,
    TokenState,
    TokenType,
    UserStatus,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.contract import Store
from mdm_server.store.records import NewCommand
from mdm_server.store.staging import (
    NEW,
    ROOT_GROUP,
    AndroidChannel,
    Operation,
    OperationState,
    StagingRoom,
    StagingView,
)
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, refused

THIS = DeviceIdentifiers("00008030-00A", "C02X", "35 209900 176148 1")
IPHONE = DeviceRecord(NEW, "iphone", Platform.IOS, THIS)


class StagingRecordsContract:
    """Storing, finding, uniqueness."""

    async def test_there_is_a_root_group_from_the_beginning(self, store: Store, staging: StagingActors) -> None:
        """With the Group ID MDMSIM, of type Customer, in open mode."""
        tree = await staging.see(lambda view: view.groups.tree())
        (root,) = tree.values()
        assert (root.id, root.group_id, root.type, root.parent) == (ROOT_GROUP, "MDMSIM", "Customer", None)
        assert tree.settings(ROOT_GROUP).mode == "Open"

    async def test_every_record_comes_back_as_it_went_in(self, store: Store, staging: StagingActors) -> None:
        """Every field of every record, none of them with its default; also after it is stored anew."""

        def keep(room: StagingRoom) -> list[tuple[object, object]]:
            kept: list[tuple[object, object]] = []
            group = room.groups.add(_GROUP)
            kept.append((group, room.groups.get(group.id)))
            user_group = room.user_groups.add(replace(_USER_GROUP, group=group.id, enrollment_group=group.id))
            kept.append((user_group, room.user_groups.get(user_group.id)))
            user = room.users.add(replace(_USER, group=group.id, user_groups=(user_group.id,)))
            kept.append((user, room.users.get(user.id)))
            record = room.devices.add(replace(_DEVICE, group=group.id, home_group=group.id))
            kept.append((record, room.devices.get(record.id)))
            registration = room.registrations.add(
                replace(_REGISTRATION, user=user.id, group=group.id, device=record.id)
            )
            kept.append((registration, room.registrations.get(registration.id)))
            entry = room.lists.add(replace(_ENTRY, group=group.id, enrollment_group=group.id))
            kept.append((entry, room.lists.get(entry.id)))
            wipe = room.wipes.add(replace(_WIPE, device=record.id, group=group.id))
            kept.append((wipe, room.wipes.get(wipe.id)))
            kept.append((room.sessions.add(_SESSION), room.sessions.get(_SESSION.id)))
            channel = replace(_CHANNEL, device=record.id)
            room.android.open_channel(channel)
            kept.append((channel, room.android.channel_of(record.id)))
            operation = room.android.add_operation(replace(_OPERATION, device=record.id))
            kept.append((operation, room.android.operation(record.id, operation.name)))
            for change, stored in (
                (room.groups.replace, group),
                (room.user_groups.replace, user_group),
                (room.users.replace, user),
                (room.devices.replace, record),
                (room.registrations.replace, registration),
                (room.wipes.replace, wipe),
                (room.sessions.replace, _SESSION),
                (room.android.replace_channel, channel),
                (room.android.replace_operation, operation),
            ):
                change(stored)  # type: ignore[operator]
            kept.append((room.users.get(user.id), user))
            kept.append((room.devices.get(record.id), record))
            return kept

        for stored, found in await staging.act(keep):
            assert found == stored
            # A field that a record gains must be given a value above, or this test would not see that it is lost.
            assert [each.name for each in fields(stored) if getattr(stored, each.name) == _default(each)] == []  # type: ignore[arg-type]

    async def test_what_is_gone_cannot_be_changed_or_removed(self, store: Store, staging: StagingActors) -> None:
        """`api.not_found`, and nothing is made in its place."""
        for work in (
            lambda room: room.users.replace(replace(_USER, id=99, group=ROOT_GROUP, user_groups=())),
            lambda room: room.users.remove(99),
            lambda room: room.devices.remove(99),
            lambda room: room.sessions.replace(_SESSION),
        ):
            async with refused(store, "api.not_found"):
                await staging.act(work)

    async def test_what_must_be_unique_is_refused_by_name(self, store: Store, staging: StagingActors) -> None:
        """Whatever the case of a name, and however an identifier is spelled."""
        user = EnrollmentUser(NEW, "u1", "ann")
        token = RegistrationToken("hash", TokenType.SINGLE_FACTOR, NOON)
        registration = Registration(NEW, "r1", None, ROOT_GROUP, token=token)
        entry = ListEntry(NEW, ListKind.DENY, ListAttribute.SERIAL_NUMBER, "C02X", ROOT_GROUP)

        def wipe(room: StagingRoom) -> None:
            for state in (WipeState.ON_HOLD, WipeState.SENT):
                room.wipes.add(replace(_WIPE, device=record.id, group=ROOT_GROUP, state=state))

        def furnish(room: StagingRoom) -> DeviceRecord:
            room.users.add(user)
            room.registrations.add(registration)
            room.lists.add(entry)
            room.sessions.add(_SESSION)
            return room.devices.add(replace(IPHONE, enrollment_key="key"))

        record = await staging.act(furnish)
        for taken, work in (
            ("group_id", lambda room: room.groups.add(OrganizationGroup(NEW, "g2", "mdmsim", "again"))),
            ("user_name", lambda room: room.users.add(replace(user, uuid="u2", user_name="ANN"))),
            ("token_hash", lambda room: room.registrations.add(replace(registration, uuid="r2"))),
            ("list_entry", lambda room: room.lists.add(replace(entry, value="c02-x"))),
            ("invitation_id", lambda room: room.sessions.add(replace(_SESSION, id="other"))),
            ("serial_number", lambda room: room.devices.add(_other_device(serial_number=" c02x"))),
            ("enrollment_key", lambda room: room.devices.add(_other_device(enrollment_key="key"))),
            ("wipe", wipe),
        ):
            with pytest.raises(Refusal) as caught:
                await staging.act(work)
            assert (caught.value.code, caught.value.reason) == ("api.conflict", taken)

    async def test_the_same_names_are_free_elsewhere(self, store: Store, staging: StagingActors) -> None:
        """A user name at another customer, a serial number on the other platform."""

        def work(room: StagingRoom) -> None:
            other = room.groups.add(OrganizationGroup(NEW, "g", "other", "Other", "Customer"))
            for number, group in enumerate((ROOT_GROUP, other.id)):
                room.users.add(EnrollmentUser(NEW, f"u{number}", "ann", group=group))
            room.devices.add(IPHONE)
            room.devices.add(replace(IPHONE, uuid="android", platform=Platform.ANDROID))
            mine, theirs = (room.users.by_name("Ann", group) for group in (ROOT_GROUP, other.id))
            assert mine is not None
            assert theirs is not None
            assert (mine.uuid, theirs.uuid, mine) == ("u0", "u1", room.users.by_name("ANN"))

        await staging.act(work)

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
            newest = room.devices.add(_other_device(udid="0000803000a"))
            registration = room.registrations.add(Registration(NEW, "r", None, ROOT_GROUP, identifiers=THIS))
            entry = room.lists.add(ListEntry(NEW, ListKind.ALLOW, ListAttribute.IMEI, "352099001761481", ROOT_GROUP))
            room.sessions.add(_SESSION)
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
                assert room.sessions.of_device(identifiers) == [_SESSION]
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
            other = room.devices.add(replace(_other_device(), lock=lock, last_seen=NOON, friendly_name="Spare"))
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

    async def test_counters_and_conversations_are_no_state(self, store: Store, staging: StagingActors) -> None:
        """R0: the digest is the same after failed logins and with a Hub session open; a lock changes it."""
        user = await staging.user("ann")
        number = (await staging.act(lambda room: room.devices.add(IPHONE))).id
        before = await store.state_digest()

        def refuse(room: StagingRoom) -> None:
            room.users.replace(replace(user, failed_logins=3))
            room.attempts.fail_device(THIS, NOON)
            room.sessions.add(_SESSION)

        await staging.act(refuse)
        again = await staging.see(lambda view: view.users.get(user.id))
        assert again is not None
        assert again.failed_logins == 3
        assert await store.state_digest() == before
        lock = DeviceLock(DeviceLockReason.REG_USER_MISMATCH, NOON)
        await staging.act(lambda room: room.devices.replace(replace(IPHONE, id=number, lock=lock)))
        assert await store.state_digest() != before

    async def test_removing_a_user_removes_what_hangs_on_the_user(self, store: Store, staging: StagingActors) -> None:
        """Registrations, terms and memberships; a group that holds somebody cannot be removed."""

        def work(room: StagingRoom) -> None:
            group = room.groups.add(OrganizationGroup(NEW, "g", "below", "Below", parent=ROOT_GROUP))
            user = room.users.add(EnrollmentUser(NEW, "u", "ann", group=group.id))
            room.registrations.add(Registration(NEW, "r", user.id, group.id))
            room.terms.accept(user.id, group.id, "1", NOON)
            room.terms.accept(user.id, group.id, "2", NOON)
            assert room.terms.accepted(user.id, group.id) == "2"
            assert room.terms.accepted(user.id, ROOT_GROUP) is None
            with pytest.raises(Refusal, match="already"):
                room.groups.remove(group.id)
            room.users.remove(user.id)
            assert room.registrations.search().total == 0
            assert room.terms.accepted(user.id, group.id) is None
            room.groups.remove(group.id)

        await staging.act(work)

    async def test_wipes_are_listed_for_whoever_counts_them(self, store: Store, staging: StagingActors) -> None:
        """Those of some groups since a moment, and whatever is on hold."""

        def work(room: StagingRoom) -> None:
            devices = [room.devices.add(_other_device(udid=f"{number}")) for number in range(3)]
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
                room.android.add_operation(replace(_OPERATION, device=device, name=name, state=OperationState.QUEUED))
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

    async def test_work_that_fails_has_done_nothing(self, store: Store, staging: StagingActors) -> None:
        """Whatever it wrote, and whatever it told; a refusal that it returns instead leaves what it wrote."""
        before, told = await store.state_digest(), await staging.codes()

        def crash(room: StagingRoom) -> None:
            room.users.add(EnrollmentUser(NEW, "u", "ann"))
            room.journal.tell("user.created", user="ann")
            raise RuntimeError("power cut")

        with pytest.raises(RuntimeError, match="power cut"):
            await staging.act(crash)
        assert (await store.state_digest(), await staging.codes()) == (before, told)

        def refuse(room: StagingRoom) -> Refusal:
            room.devices.add(IPHONE)
            room.journal.tell("lock.set", device="A", reason="REG_USER_MISMATCH")
            return Refusal("REG_USER_MISMATCH")

        assert (await staging.act(refuse)).code == "REG_USER_MISMATCH"
        (event,) = await store.journal.list(code="lock.")
        assert (event.at, event.device, event.reason, event.request_id) == (NOON, "A", "REG_USER_MISMATCH", "r1")

    async def test_the_journal_takes_no_secret(self, store: Store, staging: StagingActors) -> None:
        """A line that would hold one is a mistake of the program, and nothing of its work stands."""
        with pytest.raises(ValueError, match="password"):
            await staging.act(lambda room: room.journal.tell("login.failed", password="hunter2"))

    async def test_a_snapshot_does_not_see_what_is_written_meanwhile(
        self, store: Store, staging: StagingActors
    ) -> None:
        """And it can be taken again and again, also after one that failed."""

        def look(view: StagingView) -> int:
            return view.users.search().total

        def fail(_: StagingView) -> None:
            raise RuntimeError("nothing to see")

        assert await staging.see(look) == 0
        with pytest.raises(RuntimeError):
            await staging.see(fail)
        await staging.user("ann")
        assert await staging.see(look) == 1

    async def test_commands_are_queued_in_the_same_transaction(self, store: Store, staging: StagingActors) -> None:
        """All of the work or nothing: a claim and the profile that comes with it."""
        await staging.enrol("A", "a")

        def fail(room: StagingRoom) -> None:
            room.commands.enqueue(NewCommand("A", "one", "InstallProfile", b"<p/>"))
            raise RuntimeError("power cut")

        with pytest.raises(RuntimeError):
            await staging.act(fail)
        assert await staging.states("A") == {}
        row = await staging.act(lambda room: room.commands.enqueue(NewCommand("A", "one", "InstallProfile", b"<p/>")))
        assert row.command_uuid == "one"
        assert await staging.act(lambda room: room.commands.clear("A", "checked_in")) == 1
        with pytest.raises(Refusal, match="no such thing"):
            await staging.act(lambda room: room.commands.enqueue(NewCommand("B", "one", "InstallProfile", b"<p/>")))


def _names(room: StagingRoom, **asked: Any) -> list[str]:
    return [user.user_name for user in room.users.search(**asked)]


def _other_device(
    udid: str = "other", serial_number: str | None = None, enrollment_key: str | None = None
) -> DeviceRecord:
    identifiers = DeviceIdentifiers(udid, serial_number)
    return DeviceRecord(NEW, f"record of {udid}", Platform.IOS, identifiers, enrollment_key=enrollment_key)


def _default(field: Field[Any]) -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


_GROUP = OrganizationGroup(NEW, "g", "EU", "Europe", "Customer", ROOT_GROUP, {"mode": "RegisteredOnly"})
_USER_GROUP = UserGroup(NEW, "ug", "Team", 0, 0, 3)
_USER = EnrollmentUser(
    id=NEW,
    uuid="u",
    user_name="ann",
    first_name="Ann",
    last_name="Lee",
    email="ann@example.org",
    security_type=SecurityType.DIRECTORY,
    status=UserStatus.LOCKED,
    group=0,
    user_groups=(),
    staging_type=DeviceStagingType.MULTI_STANDARD,
    password_hash="$argon2id$",
    failed_logins=2,
    shared_passcode_hash="$argon2id$2",
    shared_passcode_expires=NOON,
)
_DEVICE = DeviceRecord(
    id=NEW,
    uuid="d",
    platform=Platform.ANDROID,
    identifiers=THIS,
    model="Pixel",
    os_version="14",
    friendly_name="Ann's",
    group=0,
    home_group=0,
    ownership=Ownership.CORPORATE_SHARED,
    status=EnrollmentStatus.ENROLLED,
    assignment=Assignment(AssignmentState.ASSIGNED, 7, 8, NOON),
    enrolling_user=8,
    staged_at=NOON,
    claimed_at=NOON + timedelta(hours=1),
    claimed_once=True,
    lock=DeviceLock(DeviceLockReason.REG_BOUND_TO_OTHER, NOON, 9),
    pending_verification=True,
    management=Management.UNMANAGED,
    enrollment_key="key",
    via=EntryChannel.BARCODE,
    work_profile=True,
    last_seen=NOON + timedelta(hours=2),
)
_REGISTRATION = Registration(
    id=NEW,
    uuid="r",
    user=0,
    group=0,
    platform=Platform.IOS,
    identifiers=THIS,
    ownership=Ownership.EMPLOYEE_OWNED,
    friendly_name="Ann's",
    state=RegistrationState.BOUND,
    token=RegistrationToken("hash", TokenType.TWO_FACTOR, NOON, TokenState.USED),
    device=0,
    created_at=NOON,
)
_ENTRY = ListEntry(NEW, ListKind.ALLOW, ListAttribute.IMEI, "1", 0, Ownership.CORPORATE_DEDICATED, 0)
_WIPE = WipeRequest(NEW, 0, 0, WipeKind.ENTERPRISE, WipeState.REJECTED, NOON, "admin", NOON, "boss")
_SESSION = HubSession(
    id="s",
    step=SessionStep.OWNERSHIP,
    device=PresentedDevice(THIS, Platform.IOS, "iPhone15,2", "17.4", EnrollmentType.WORK_PROFILE),
    expires_at=NOON,
    channel=EntryChannel.BARCODE,
    group=1,
    group_chosen=True,
    user=7,
    on_behalf=8,
    mode=StagingMode.ADVANCED,
    ownership=Ownership.CORPORATE_SHARED,
    terms_accepted=True,
    token_registration=9,
    captcha="hash",
    invitation_id="i",
    device_id=4,
)
_CHANNEL = AndroidChannel(0, "d1", "hash", "token", 3, {"battery": 80})
_OPERATION = Operation(
    NEW,
    0,
    "o1",
    "LOCK",
    {"duration": 5},
    OperationState.FAILED,
    NOON,
    NOON + timedelta(seconds=1),
    NOON + timedelta(seconds=2),
    {"error": "no"},
)
