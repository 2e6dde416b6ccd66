"""The writer: grouping, isolation, and what happens when the disk does not cooperate."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.store.errors import StoreUnavailable
from mdm_server.store.sqlite import open_sqlite
from mdm_server.store.sqlite.writer import LARGEST_BATCH, Batches, GroupCommitWriter
from rigs.store_actors import Actors


class Wrapped:
    """A connection whose statements can be counted and made to fail."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.statements: list[str] = []
        self.failures: dict[str, sqlite3.Error] = {}

    def execute(self, statement: str, values: object = ()) -> sqlite3.Cursor:
        """Run a statement, or fail as planned."""
        self.statements.append(statement)
        for start, error in self.failures.items():
            if statement.startswith(start):
                raise error
        return self.connection.execute(statement, values)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


class NoStowaways:
    """Nothing travels along."""

    def write(self, connection: sqlite3.Connection) -> None:
        """Write nothing."""

    def written(self) -> None:
        """Forget nothing."""


@pytest.fixture
def wrapped(tmp_path: Path) -> Iterator[Wrapped]:
    """Return a wrapped connection with a table to write to."""
    connection = sqlite3.connect(tmp_path / "w.db", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE thing (name TEXT UNIQUE)")
    yield Wrapped(connection)
    connection.close()


def io_error(name: str) -> sqlite3.OperationalError:
    """Return the error that SQLite raises for a failing disk."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


def add(name: str) -> Any:
    """Return an operation that adds a row."""

    def operation(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO thing VALUES (?)", (name,))
        return name

    return operation


def names(wrapped: Wrapped) -> list[str]:
    """Return what is in the table."""
    return [name for (name,) in wrapped.connection.execute("SELECT name FROM thing ORDER BY name")]


def batches(wrapped: Wrapped) -> Batches:
    """Return batches over a wrapped connection."""
    return Batches(wrapped, NoStowaways())  # type: ignore[arg-type]


def test_an_operation_that_fails_poisons_nobody_else(wrapped: Wrapped) -> None:
    """It is undone alone, even what it had written already."""

    def refuses(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO thing VALUES ('half')")
        raise Refusal("state.order")

    outcomes = batches(wrapped).run([add("a"), refuses, add("a"), add("b")])
    assert [value for value, _ in outcomes] == ["a", None, None, "b"]
    assert [type(error) for _, error in outcomes] == [type(None), Refusal, sqlite3.IntegrityError, type(None)]
    assert names(wrapped) == ["a", "b"]


def test_a_commit_that_fails_is_nobodys_success(wrapped: Wrapped) -> None:
    """I-40: disk full: no acknowledgement for anybody, and service again when there is space."""
    runner = batches(wrapped)
    wrapped.failures["COMMIT"] = io_error("SQLITE_FULL")
    outcomes = runner.run([add("a"), add("b")])
    assert all(isinstance(error, StoreUnavailable) for _, error in outcomes)
    wrapped.failures.clear()
    assert names(wrapped) == []
    assert runner.run([add("c")]) == [("c", None)]


def test_an_error_that_undoes_the_whole_transaction_fails_the_whole_batch(wrapped: Wrapped) -> None:
    """SQLite itself rolls back when a disk is full in mid-statement; nothing before it may be acknowledged."""

    def fills_the_disk(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise io_error("SQLITE_FULL")

    outcomes = batches(wrapped).run([add("a"), fills_the_disk, add("b")])
    assert all(isinstance(error, StoreUnavailable) for _, error in outcomes)
    assert names(wrapped) == []


@pytest.mark.parametrize("statement", ["COMMIT", "PRAGMA wal_checkpoint"])
def test_after_a_failed_fsync_nothing_is_written_until_a_restart(
    wrapped: Wrapped, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second fsync would succeed and prove nothing: the kernel has dropped the pages."""
    monkeypatch.setattr("mdm_server.store.sqlite.writer.CHECKPOINT_AFTER", 0)
    runner = batches(wrapped)
    wrapped.failures[statement] = io_error("SQLITE_IOERR_FSYNC")
    runner.run([add("a")])
    runner.checkpoint_when_due()
    wrapped.failures.clear()
    ((_, error),) = runner.run([add("b")])
    assert isinstance(error, StoreUnavailable)
    assert "restart" in str(error)
    assert "b" not in names(wrapped)


async def test_what_queues_up_becomes_one_transaction(wrapped: Wrapped) -> None:
    """Many callers share one wait for the disk; a batch is bounded."""
    writer = GroupCommitWriter(batches(wrapped))
    results = await asyncio.gather(*(writer.run(add(f"{number:05}")) for number in range(2000)))
    assert results == [f"{number:05}" for number in range(2000)]
    commits = wrapped.statements.count("COMMIT")
    assert 2000 / LARGEST_BATCH <= commits < 200
    writer.close()


async def test_a_caller_that_is_cancelled_stops_nobody(wrapped: Wrapped) -> None:
    """Its operation takes place, and the others hear of theirs."""
    writer = GroupCommitWriter(batches(wrapped))
    gone = asyncio.ensure_future(writer.run(add("gone")))
    stays = asyncio.ensure_future(writer.run(add("stays")))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == "stays"
    assert gone.cancelled()
    assert names(wrapped) == ["gone", "stays"]
    writer.close()


async def test_closing_finishes_what_is_queued_and_then_refuses(wrapped: Wrapped) -> None:
    """Stopping loses nothing, and says no to what comes later."""
    writer = GroupCommitWriter(batches(wrapped))
    tasks = [asyncio.ensure_future(writer.run(add(str(number)))) for number in range(50)]
    await asyncio.sleep(0)
    writer.close()
    writer.close()
    assert len(await asyncio.gather(*tasks)) == 50
    with pytest.raises(StoreUnavailable, match="closed"):
        await writer.run(add("late"))


async def test_a_full_disk_is_service_unavailable_and_passes(tmp_path: Path) -> None:
    """I-40, with SQLite's own SQLITE_FULL: no acknowledgement, the state intact, service when there is space again."""
    store = open_sqlite(tmp_path / "state.db", inline=True)
    actors = Actors(store)
    await actors.enrol("A")
    digest = await store.state_digest()
    connection = store._room.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="full"):
        await actors.enqueue("A", *(f"{number:0900}" for number in range(200)))
    assert await store.state_digest() == digest
    connection.execute("PRAGMA max_page_count = 1000000")
    await actors.enqueue("A", "small")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    await store.close()
