"""Opening a state: alone, ours, whole, and private."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from mdm_server.store.errors import StateInUse, StateTooNew, StateUnreadable, StoreError
from mdm_server.store.records import JournalEvent
from mdm_server.store.sqlite import open_sqlite
from rigs.store_actors import Actors, device, hashed


async def test_a_second_server_on_the_same_state_is_refused(tmp_path: Path) -> None:
    """I-38: it says which process holds it; once that one stops, the state is free."""
    first = open_sqlite(tmp_path / "state.db")
    with pytest.raises(StateInUse, match=f"in use by process {os.getpid()}"):
        open_sqlite(tmp_path / "state.db")
    await first.close()
    second = open_sqlite(tmp_path / "state.db")
    await second.close()
    await second.close()


@pytest.mark.parametrize("inline", [True, False])
async def test_what_was_there_is_there_again(tmp_path: Path, inline: bool) -> None:
    """State, journal notes and counters, after an orderly stop."""
    first = open_sqlite(tmp_path / "state.db", inline=inline)
    actors = Actors(first)
    certificate = await actors.enrol("A")
    await actors.idle(device("A"), certificate)
    first.journal.note(JournalEvent(actors.now, "note.last"))
    digest = await first.state_digest()
    await first.close()
    second = open_sqlite(tmp_path / "state.db", inline=inline)
    row = await second.enrollments.find("A")
    assert row is not None
    assert row.last_seen == actors.now
    assert [event.code for event in await second.journal.list(newest_first=True, limit=1)] == ["note.last"]
    assert await second.state_digest() == digest
    await second.close()


def test_the_files_are_private(tmp_path: Path) -> None:
    """T-19: nobody else can read them, whatever the umask says."""
    mask = os.umask(0)
    try:
        store = open_sqlite(tmp_path / "state.db", inline=True)
    finally:
        os.umask(mask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    store._room.writer.close()
    store._lock.release()
    assert set(modes.values()) == {0o600}, modes


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The text names the file and the way out."""
    path = tmp_path / "state.db"
    path.write_bytes(b"this is not a database, and was never one\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StateUnreadable, match=r"state\.db.*another state directory"):
        open_sqlite(path)
    assert path.read_bytes() == before


async def test_a_corrupt_state_is_refused(tmp_path: Path) -> None:
    """A page full of junk is found before anything is served from it."""
    path = tmp_path / "state.db"
    store = open_sqlite(path)
    actors = Actors(store)
    for number in range(20):
        await actors.enrol(f"device {number}")
    await store.close()
    with path.open("r+b") as file:
        for page in range(2, 12):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    with pytest.raises(StateUnreadable, match="restore a backup"):
        open_sqlite(path)


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Not even its journal mode is changed."""
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StateUnreadable, match="another program"):
        open_sqlite(path)
    assert path.read_bytes() == before


async def test_a_state_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """It says which schema was expected and which was found."""
    path = tmp_path / "state.db"
    await open_sqlite(path).close()
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(StateTooNew, match="found 99"):
        open_sqlite(path)


@pytest.mark.parametrize("path", ["missing/state.db", "a-file/state.db"])
def test_a_directory_that_is_not_there_is_named(tmp_path: Path, path: str) -> None:
    """With what to do about it."""
    (tmp_path / "a-file").write_text("not a directory")
    with pytest.raises(StoreError, match=r"expected a directory .* use another state directory"):
        open_sqlite(tmp_path / path)


async def test_the_database_itself_guards_what_must_be_unique(tmp_path: Path) -> None:
    """I-01, I-04, I-09, I-11, I-32: whatever the code believes, these statements fail."""
    store = open_sqlite(tmp_path / "state.db", inline=True, durable=False)
    actors = Actors(store)
    await actors.enrol("A", "a")
    await actors.enrol("B", "b")
    await actors.invite("again", udid="A")
    await actors.issue("second", challenge="again")
    await actors.enqueue("A", "one")
    connection = store._room.connection
    copied = "serial_number, subject, not_before, not_after, state, device, renewal, issued_at, der FROM certificate"
    columns = "fingerprint, serial_number, subject, not_before, not_after, state, device, renewal, issued_at, der"
    queue = "INSERT INTO command (enrollment, command_uuid, request_type, raw, state, queued_at)"
    for forbidden, values in (
        ("UPDATE certificate SET device = 'B' WHERE fingerprint = ?", (hashed("a"),)),
        ("UPDATE certificate SET device = NULL WHERE fingerprint = ?", (hashed("a"),)),
        ("UPDATE certificate SET state = 'Current' WHERE fingerprint = ?", (hashed("second"),)),
        ("UPDATE invitation SET uses = uses + 1 WHERE invitation_id = 'again'", ()),
        (f"INSERT INTO certificate ({columns}) SELECT fingerprint, 'x', {copied.partition(', ')[2]}", ()),
        (f"INSERT INTO certificate ({columns}) SELECT ?, {copied}", (hashed("x"),)),
        (f"{queue} VALUES ('A', 'one', 'x', x'', 'Queued', 0)", ()),
        (f"{queue} VALUES ('nobody', 'two', 'x', x'', 'Queued', 0)", ()),
        ("UPDATE command SET state = 'Lost'", ()),
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(forbidden, values)
    await store.close()
