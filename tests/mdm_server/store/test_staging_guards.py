"""What the database itself refuses of staging, and what staging costs those it does not concern."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.registration import Registration, RegistrationToken
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    ListAttribute,
    ListKind,
    Platform,
    TokenType,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.records import ResetScope
from mdm_server.store.sqlite import SqliteStore, open_sqlite
from mdm_server.store.sqlite.staging import following
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom, StagingView
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, device, refused

STAGED = Assignment(AssignmentState.STAGED_UNCLAIMED, None, 2, NOON)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Return a store whose connection the test may use."""
    store = open_sqlite(tmp_path / "state.db", inline=True, durable=False)
    yield store
    await store.close()


def furnish(room: StagingRoom) -> None:
    """Put one of everything on record, and a second device."""
    for name in ("ann", "bob"):
        room.users.add(EnrollmentUser(NEW, name, name))
    for number, key in ((1, "A"), (2, "B")):
        identifiers = DeviceIdentifiers(f"udid {number}", f"serial {number}")
        room.devices.add(
            DeviceRecord(NEW, f"d{number}", Platform.IOS, identifiers, assignment=STAGED, enrollment_key=key)
        )
        token = RegistrationToken(f"hash {number}", TokenType.SINGLE_FACTOR, NOON)
        room.registrations.add(Registration(NEW, f"r{number}", number, ROOT_GROUP, token=token))
    room.lists.add(ListEntry(NEW, ListKind.DENY, ListAttribute.UDID, "C02X", ROOT_GROUP))
    room.wipes.add(WipeRequest(NEW, 1, ROOT_GROUP, WipeKind.DEVICE, WipeState.SENT, NOON))


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE device SET serial_number = 'SERIAL-1' WHERE id = 2",
        "UPDATE device SET enrollment_key = 'A' WHERE id = 2",
        "UPDATE device SET assignment = 'Assigned' WHERE id = 1",
        "UPDATE device SET assignment = 'Nobody''s' WHERE id = 1",
        "UPDATE device SET user = 1 WHERE id = 1",
        "UPDATE device SET stager = NULL WHERE id = 1",
        "UPDATE device SET lock_reason = 'DEVICE_DENYLISTED' WHERE id = 1",
        "UPDATE device SET lock_reason = 'A_WHIM', lock_set_at = 1 WHERE id = 1",
        "UPDATE device SET status = 'Lost' WHERE id = 1",
        "UPDATE device SET organization_group = 99 WHERE id = 1",
        "UPDATE registration SET token_hash = 'hash 1' WHERE id = 2",
        "UPDATE registration SET token_hash = NULL WHERE id = 1",
        "UPDATE registration SET state = 'None' WHERE id = 1",
        "UPDATE registration SET user = 99 WHERE id = 1",
        "UPDATE enrollment_user SET user_name = 'ANN' WHERE id = 2",
        "UPDATE enrollment_user SET staging_type = 'Everything' WHERE id = 2",
        "UPDATE organization_group SET parent = id",
        "DELETE FROM organization_group WHERE id = 1",
        "INSERT INTO user_group (uuid, name, organization_group, rank) VALUES ('u', 'team', 1, 0), ('v', 'TEAM', 1, 0)",
        "INSERT INTO list_entry (kind, attribute, value, organization_group) VALUES ('Deny', 'UDID', 'c02-x', 1)",
        "INSERT INTO wipe SELECT 2, device, organization_group, kind, 'OnHold', 0, '', NULL, '' FROM wipe",
        "INSERT INTO membership (user, user_group) VALUES (1, 99)",
        "INSERT INTO parting_command (enrollment, command_uuid) VALUES ('A', 'nothing')",
    ],
)
async def test_the_database_itself_guards_staging(store: SqliteStore, staging: StagingActors, forbidden: str) -> None:
    """Whatever the code believes, these statements fail."""
    await staging.act(furnish)
    with pytest.raises(sqlite3.IntegrityError):
        store._room.connection.execute(forbidden)


async def test_a_device_is_claimed_once_whoever_writes(store: SqliteStore, staging: StagingActors) -> None:
    """From staged only, and then by nobody else until it is enrolled anew; an administrator may give it away."""
    await staging.act(furnish)
    execute = store._room.connection.execute
    claimed = "UPDATE device SET assignment = 'Assigned', user = ?, claimed_once = 1, claimed_at = ? WHERE id = 1"
    execute("UPDATE device SET assignment = 'Assigned', user = 1 WHERE id = 2")
    with pytest.raises(sqlite3.IntegrityError, match="claimed once"):
        execute("UPDATE device SET claimed_once = 1, claimed_at = 1 WHERE id = 2")
    execute(claimed, (1, 10))
    with pytest.raises(sqlite3.IntegrityError, match="claimed once"):
        execute(claimed, (2, 20))
    execute("UPDATE device SET user = 2 WHERE id = 1")
    staged_anew = "assignment = 'StagedUnclaimed', user = NULL, claimed_once = 0, claimed_at = NULL"
    execute(f"UPDATE device SET {staged_anew} WHERE id = 1")
    execute(claimed, (2, 30))


async def test_a_lock_outlives_the_server(tmp_path: Path) -> None:
    """It is there when the file is opened again, and still refuses; so are failed logins and Hub sessions."""
    path = tmp_path / "lasting.db"
    first = open_sqlite(path)
    staging = StagingActors(first)
    ann = await staging.user("ann")
    certificate = await staging.let_in("A", ann, serial_number="C02X")
    lock = DeviceLock(DeviceLockReason.REG_USER_MISMATCH, NOON, ann.id)
    locked = DeviceRecord(NEW, "d", Platform.IOS, DeviceIdentifiers("old udid", "C02X"), lock=lock)
    await staging.act(lambda room: room.devices.add(locked))
    await staging.act(lambda room: room.attempts.fail_device(locked.identifiers, NOON))
    await first.close()
    second = open_sqlite(path)
    again = replace(staging, store=second)
    async with refused(second, "REG_USER_MISMATCH"):
        await again.install("A", certificate, serial_number="C02X")
    (found,) = await again.see(lambda view: view.devices.by_identifiers(locked.identifiers))
    assert found.lock == lock
    assert await again.see(lambda view: view.attempts.device_count(locked.identifiers)) == 1
    await second.close()


class Counting:
    """A connection that keeps the statements it ran."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str, values: object = ()) -> sqlite3.Cursor:
        """Run a statement and keep it."""
        self.statements.append(statement)
        return self.connection.execute(statement, values)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


ABOUT_STAGING = re.compile(r"(FROM|UPDATE|INTO) (device|registration|list_entry|hub_session|wipe|enrollment_user)\b")


async def test_a_device_that_staging_does_not_know_costs_one_query_a_message(
    store: SqliteStore, staging: StagingActors
) -> None:
    """However many devices it does know; and a poll for which nothing waits costs none."""
    await staging.act(furnish)
    await staging.invite("mine", udid="new")
    await staging.issue("mine", challenge="mine")
    batches = store._room.writer._batches
    counting = Counting(batches.connection)
    batches.connection = counting  # type: ignore[assignment]
    new = device("new")
    for expected, say in (
        (1, lambda: staging.authenticate(new, "mine", serial_number="C03")),
        (1, lambda: staging.token_update(new, "mine")),
        (0, lambda: staging.token_update(new, "mine", token=b"another")),
        (0, lambda: staging.enqueue("new", "one")),
        (1, lambda: staging.idle(new, "mine")),
        (1, lambda: staging.answer(new, "mine", "one")),
        (0, lambda: staging.idle(new, "mine")),
        (1, lambda: staging.check_out(new, "mine")),
    ):
        counting.statements.clear()
        await say()
        asked = [each for each in counting.statements if ABOUT_STAGING.search(each)]
        assert len(asked) == expected, asked


async def test_the_query_that_every_device_costs_is_answered_from_indexes(store: SqliteStore) -> None:
    """No table is read through for it, whatever is asked."""
    asked = [None] * following._CONCERNS.count("?")
    plan = store._room.connection.execute(f"EXPLAIN QUERY PLAN {following._CONCERNS}", asked).fetchall()
    steps = [step for *_, step in plan]
    assert any("SEARCH list_entry" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN") and "CONSTANT ROW" not in step] == []


@pytest.mark.parametrize("scope", list(ResetScope))
async def test_a_reset_forgets_devices_with_what_was_expected_of_them(
    store: SqliteStore, staging: StagingActors, scope: ResetScope
) -> None:
    """The organization stays with a reset of the devices; of everything, the root group is what is left."""
    await staging.act(furnish)
    await staging.enrol_by_hub("C", await staging.user("eve"))
    await store.reset(scope, staging.occasion())
    counted = await staging.see(
        lambda view: (
            view.devices.search().total,
            view.registrations.search().total,
            view.users.search().total,
            len(view.lists.all()),
            len(view.groups.all()),
        )
    )
    expected = {ResetScope.EVERYTHING: (0, 0, 0, 0, 1), ResetScope.DEVICES: (0, 0, 3, 1, 1)}
    assert counted == expected.get(scope, (3, 3, 3, 1, 1))
    await staging.enrol_by_hub("D", await staging.user("new"))


@pytest.mark.parametrize("inline", [True, False])
async def test_a_reader_sees_one_moment_whoever_writes_meanwhile(tmp_path: Path, inline: bool) -> None:
    """What is committed while it reads is there for the next one."""
    path = tmp_path / "read.db"
    store = open_sqlite(path, inline=inline, durable=False)

    def number_of_groups(view: StagingView) -> int:
        return len(view.groups.all())

    def look(view: StagingView) -> tuple[int, int]:
        before = number_of_groups(view)
        with sqlite3.connect(path) as somebody_else:
            columns = "uuid, group_id, name, type, overrides"
            somebody_else.execute(f"INSERT INTO organization_group ({columns}) VALUES ('u', 'g', '', '', x'7B7D')")
        somebody_else.close()
        return before, number_of_groups(view)

    staging = StagingActors(store)
    assert await staging.see(look) == (1, 1)
    assert await staging.see(number_of_groups) == 2
    await store.close()
