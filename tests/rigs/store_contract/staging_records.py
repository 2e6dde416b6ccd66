"""The records of staging, in every store: what is kept, and what there is one of."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, replace
from typing import Any

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import (
    DeviceLock,
    DeviceRecord,
)
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.registration import Registration, RegistrationToken
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    DeviceLockReason,
    ListAttribute,
    ListKind,
    Platform,
    TokenType,
)
from mdm_server.domain.staging.wipe_protection import WipeState
from mdm_server.store.contract import Store
from mdm_server.store.staging import (
    NEW,
    ROOT_GROUP,
    StagingRoom,
)
from rigs.staging_actors import StagingActors
from rigs.staging_samples import (
    CHANNEL,
    DEVICE,
    ENTRY,
    GROUP,
    IPHONE,
    OPERATION,
    PROGRAM,
    REGISTRATION,
    SESSION,
    THIS,
    USER,
    USER_GROUP,
    WIPE,
    other_device,
)
from rigs.store_actors import NOON, refused


class StagingRecordsContract:
    """Storing and uniqueness."""

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
            group = room.groups.add(GROUP)
            kept.append((group, room.groups.get(group.id)))
            user_group = room.user_groups.add(replace(USER_GROUP, group=group.id, enrollment_group=group.id))
            kept.append((user_group, room.user_groups.get(user_group.id)))
            user = room.users.add(replace(USER, group=group.id, user_groups=(user_group.id,)))
            kept.append((user, room.users.get(user.id)))
            record = room.devices.add(replace(DEVICE, group=group.id, home_group=group.id))
            kept.append((record, room.devices.get(record.id)))
            registration = room.registrations.add(replace(REGISTRATION, user=user.id, group=group.id, device=record.id))
            kept.append((registration, room.registrations.get(registration.id)))
            entry = room.lists.add(replace(ENTRY, group=group.id, enrollment_group=group.id))
            kept.append((entry, room.lists.get(entry.id)))
            wipe = room.wipes.add(replace(WIPE, device=record.id, group=group.id))
            kept.append((wipe, room.wipes.get(wipe.id)))
            program = room.enrollment_program.add(replace(PROGRAM, default_user=user.id))
            room.enrollment_program.assign("C39", program.id)
            kept.append((program, room.enrollment_program.assigned_to("c39")))
            kept.append((room.sessions.add(SESSION), room.sessions.get(SESSION.id)))
            channel = replace(CHANNEL, device=record.id)
            room.android.open_channel(channel)
            kept.append((channel, room.android.channel_of(record.id)))
            operation = room.android.add_operation(replace(OPERATION, device=record.id))
            kept.append((operation, room.android.operation(record.id, operation.name)))
            for change, stored in (
                (room.groups.replace, group),
                (room.user_groups.replace, user_group),
                (room.users.replace, user),
                (room.devices.replace, record),
                (room.registrations.replace, registration),
                (room.wipes.replace, wipe),
                (room.sessions.replace, SESSION),
                (room.enrollment_program.replace, program),
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
            lambda room: room.users.replace(replace(USER, id=99, group=ROOT_GROUP, user_groups=())),
            lambda room: room.users.remove(99),
            lambda room: room.devices.remove(99),
            lambda room: room.sessions.replace(SESSION),
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
                room.wipes.add(replace(WIPE, device=record.id, group=ROOT_GROUP, state=state))

        def furnish(room: StagingRoom) -> DeviceRecord:
            room.users.add(user)
            room.registrations.add(registration)
            room.lists.add(entry)
            room.sessions.add(SESSION)
            return room.devices.add(replace(IPHONE, enrollment_key="key"))

        record = await staging.act(furnish)
        for taken, work in (
            ("group_id", lambda room: room.groups.add(OrganizationGroup(NEW, "g2", "mdmsim", "again"))),
            ("user_name", lambda room: room.users.add(replace(user, uuid="u2", user_name="ANN"))),
            ("token_hash", lambda room: room.registrations.add(replace(registration, uuid="r2"))),
            ("list_entry", lambda room: room.lists.add(replace(entry, value="c02-x"))),
            ("invitation_id", lambda room: room.sessions.add(replace(SESSION, id="other"))),
            ("serial_number", lambda room: room.devices.add(other_device(serial_number=" c02x"))),
            ("enrollment_key", lambda room: room.devices.add(other_device(enrollment_key="key"))),
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

    async def test_counters_and_conversations_are_no_state(self, store: Store, staging: StagingActors) -> None:
        """R0: the digest is the same after failed logins and with a Hub session open; a lock changes it."""
        user = await staging.user("ann")
        number = (await staging.act(lambda room: room.devices.add(IPHONE))).id
        before = await store.state_digest()

        def refuse(room: StagingRoom) -> None:
            room.users.replace(replace(user, failed_logins=3))
            room.attempts.fail_device(THIS, NOON)
            room.sessions.add(SESSION)

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


def _default(field: Field[Any]) -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
