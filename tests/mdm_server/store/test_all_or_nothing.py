"""I-37: every verb is all or nothing. The N-th statement fails, for N from 1 until the verb succeeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mdm_server.domain.enrollment import EnrollmentEvent
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.errors import StoreUnavailable
from mdm_server.store.records import Answer, NewCommand, ProfileRow, ResetScope
from mdm_server.store.sqlite import SqliteStore, open_sqlite
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, device, hashed, user

HOUSEKEEPING = ("SAVEPOINT", "RELEASE", "ROLLBACK")


class Saboteur:
    """A connection whose N-th statement fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.countdown = -1

    def execute(self, statement: str, values: object = ()) -> sqlite3.Cursor:
        """Run a statement, unless its number is up. What undoes a failure does not fail itself."""
        if self.countdown >= 0 and not statement.startswith(HOUSEKEEPING):
            self.countdown -= 1
            if self.countdown < 0:
                raise sqlite3.OperationalError("sabotage")
        return self.connection.execute(statement, values)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


async def scene(store: SqliteStore) -> StagingActors:
    """Set the scene on which every verb below has something to do."""
    actors = StagingActors(store)
    await actors.enrol("A", "a")
    await actors.token_update(user("A", "u"), "a")
    await actors.enqueue("A", "one", "two")
    await actors.enqueue("A:u", "hers")
    await actors.idle(device("A"), "a")
    await actors.issue("renewed", renews="a")
    await actors.enrol("E", "e")
    await actors.enqueue("E", "erase", request_type="EraseDevice")
    await actors.enqueue("E", "after")
    await actors.invite("open", udid="N")
    await actors.invite("manual", manual_approval=True)
    await store.issuance.reserve(actors.issuance("pending", challenge="manual"), actors.occasion())
    await actors.invite("unbound")
    await actors.issue("unbound", challenge="unbound")
    await store.issuance.reserve(actors.issuance("half", challenge="open"), actors.occasion())
    await store.profiles.put(ProfileRow("org.test", "uuid", "Test", b"p"), actors.occasion())
    await store.credentials.put("admin", hashed("token"), actors.occasion())
    ann = await actors.user("ann")
    await actors.let_in("H", ann, certificate="h")
    await actors.authenticate(device("H"), "h")
    await actors.enrol_by_hub("W", ann, certificate="w")
    await actors.act(order_wipe)
    await actors.idle(device("W"), "w")
    return actors


def order_wipe(room: StagingRoom) -> None:
    """Order an enterprise wipe, as an administrator does."""
    record = room.devices.by_enrollment_key("W")
    assert record is not None
    room.wipes.add(WipeRequest(NEW, record.id, ROOT_GROUP, WipeKind.ENTERPRISE, WipeState.SENT, NOON))
    room.commands.enqueue_parting(NewCommand("W", "wipe", "RemoveProfile", b"<r/>"))


def register(room: StagingRoom) -> None:
    """Make a user with everything a user has, and write it down."""
    team = room.user_groups.add(UserGroup(NEW, "team", "Team", ROOT_GROUP))
    user = room.users.add(EnrollmentUser(NEW, "bob", "bob", user_groups=(team.id,), failed_logins=1))
    room.registrations.add(Registration(NEW, "r", user.id, ROOT_GROUP))
    room.attempts.fail_device(DeviceIdentifiers("A"), NOON)
    room.journal.tell("registration.created", user="bob")


Verb = Callable[[SqliteStore, StagingActors], Awaitable[object]]
VERBS: dict[str, Verb] = {
    "create an invitation": lambda store, actors: actors.invite("new", udid="X"),
    "revoke an invitation": lambda store, actors: store.invitations.revoke("open", actors.occasion()),
    "reserve by renewal": lambda store, actors: store.issuance.reserve(
        actors.issuance("again", renews="e"), actors.occasion()
    ),
    "complete": lambda store, actors: store.issuance.complete("half", hashed("half"), b"half", actors.occasion()),
    "approve": lambda store, actors: store.issuance.approve("pending", actors.occasion()),
    "deny": lambda store, actors: store.issuance.deny("pending", actors.occasion()),
    "revoke a certificate": lambda store, actors: store.certificates.revoke(hashed("a"), actors.occasion()),
    "authenticate": lambda store, actors: actors.authenticate(device("New"), "unbound"),
    "authenticate again": lambda store, actors: actors.authenticate(device("A"), "a"),
    "first use of a renewal": lambda store, actors: actors.idle(device("A"), "renewed"),
    "token update": lambda store, actors: actors.token_update(device("A"), "a", token=b"new"),
    "token update of a user": lambda store, actors: actors.token_update(user("A", "v"), "a"),
    "check out": lambda store, actors: actors.check_out(device("A"), "a"),
    "bootstrap token": lambda store, actors: store.enrollments.set_bootstrap_token(
        device("A"), b"b", hashed("a"), actors.occasion()
    ),
    "describe": lambda store, actors: store.enrollments.describe("A", {"DeviceName": "x"}, actors.occasion()),
    "retire": lambda store, actors: store.enrollments.move("A", EnrollmentEvent.RETIRE, actors.occasion()),
    "enqueue in bulk": lambda store, actors: store.commands.enqueue(
        [NewCommand(key, "bulk", "DeviceLock", b"<l/>") for key in ("A", "E", "A:u")], actors.occasion()
    ),
    "answer and next": lambda store, actors: actors.answer(device("A"), "a", "one"),
    "answer NotNow": lambda store, actors: actors.answer(device("A"), "a", "one", "NotNow"),
    "acknowledge an erase": lambda store, actors: actors.report(
        device("E"), "e", Answer("erase", "Acknowledged", b"<ok/>")
    ),
    "cancel": lambda store, actors: store.commands.cancel("E", "erase", actors.occasion()),
    "clear": lambda store, actors: store.commands.clear("A", actors.occasion()),
    "put a profile": lambda store, actors: store.profiles.put(ProfileRow("n", "u", "N", b"p"), actors.occasion()),
    "remove a profile": lambda store, actors: store.profiles.remove("org.test", actors.occasion()),
    "put a credential": lambda store, actors: store.credentials.put("admin", hashed("new"), actors.occasion()),
    "remove a credential": lambda store, actors: store.credentials.remove("admin", actors.occasion()),
    "a unit of work of staging": lambda store, actors: actors.act(register),
    "complete an enrolment by the Hub": lambda store, actors: actors.token_update(device("H"), "h"),
    "acknowledge an enterprise wipe": lambda store, actors: actors.answer(device("W"), "w", "wipe"),
    "reset": lambda store, actors: store.reset(ResetScope.DEVICES, actors.occasion()),
}


@pytest.mark.parametrize("name", list(VERBS))
async def test_a_verb_whose_nth_statement_fails_has_done_nothing(tmp_path: Path, name: str) -> None:
    """The digest is that of before until the verb succeeds, and then it is another, journal line included."""
    store = open_sqlite(tmp_path / "state.db", inline=True, durable=False)
    actors = await scene(store)
    batches = store._room.writer._batches
    saboteur = Saboteur(batches.connection)
    batches.connection = saboteur  # type: ignore[assignment]
    before, journal = await store.state_digest(), (await store.counts()).journal
    failures = 0
    while True:
        saboteur.countdown = failures
        try:
            await VERBS[name](store, actors)
        except StoreUnavailable:
            saboteur.countdown = -1
            failures += 1
            assert await store.state_digest() == before, f"{name}: statement {failures} failed and left something"
            assert (await store.counts()).journal == journal
        else:
            break
    saboteur.countdown = -1
    assert failures >= 3
    assert await store.state_digest() != before
    assert (await store.counts()).journal > (0 if name == "reset" else journal)
    await store.close()
