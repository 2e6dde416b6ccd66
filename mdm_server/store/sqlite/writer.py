"""The one writer: whatever is queued becomes one transaction, and nobody hears "done" before the disk has it.

A commit costs a wait for the disk, and that wait is the capacity limit of a durable server; shared by everything that
queued up meanwhile it costs next to nothing. Each operation runs in a savepoint of its own: one that fails, or that the
rules refuse, is undone alone and poisons nothing.

After a failed fsync the kernel may have dropped the very pages it could not write, so that a second try would succeed
and prove nothing: the writer refuses everything from then on, until a restart reads what really is on disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

import structlog

from mdm_server.store.errors import StoreUnavailable

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]
Outcome = tuple[Any, BaseException | None]

LARGEST_BATCH = 512
CHECKPOINT_AFTER = 20_000
"""Changed rows between two checkpoints: rare enough to cost little, often enough to bound the log file."""
FATAL = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB")

_log = structlog.get_logger("mdm_server.store")


class Stowaways(Protocol):
    """Rows that wait for somebody else's transaction: notes for the journal, and the counters."""

    def write(self, connection: sqlite3.Connection) -> None:
        """Write what is waiting, inside the transaction of a batch."""

    def written(self) -> None:
        """Forget what was written: the transaction is durable."""


class Batches:
    """Runs operations as one transaction and tells each what became of it. Not thread-safe: one thread uses it."""

    def __init__(self, connection: sqlite3.Connection, stowaways: Stowaways) -> None:
        self.connection = connection
        self._stowaways = stowaways
        self._checkpointed_at = 0
        self._broken = ""

    def run(self, operations: Sequence[Operation[Any]]) -> list[Outcome]:
        """Run operations in one transaction, durable when this returns."""
        if self._broken:
            return self._nothing(operations, sqlite3.OperationalError(self._broken))
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(operation) for operation in operations]
            self._stowaways.write(self.connection)
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._notice(error)
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            return self._nothing(operations, error)
        self._stowaways.written()
        return outcomes

    def checkpoint_when_due(self) -> None:
        """Carry the log over into the database file once enough has changed."""
        if self.connection.total_changes - self._checkpointed_at < CHECKPOINT_AFTER:
            return
        self._checkpointed_at = self.connection.total_changes
        try:
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._notice(error)

    def close(self) -> None:
        """Carry everything over and close the connection."""
        if not self._broken:
            with suppress(sqlite3.Error):
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self.connection.close()

    def _attempt(self, operation: Operation[Any]) -> Outcome:
        execute = self.connection.execute
        execute("SAVEPOINT operation")
        try:
            value = operation(self.connection)
        except Exception as error:  # whatever it is belongs to the caller, who gets it
            if isinstance(error, sqlite3.Error) and self._concerns_all(error):
                raise
            execute("ROLLBACK TO operation")
            execute("RELEASE operation")
            return None, self._unavailable(error) if isinstance(error, sqlite3.OperationalError) else error
        execute("RELEASE operation")
        return value, None

    def _concerns_all(self, error: sqlite3.Error) -> bool:
        """Say whether an error is not the operation's alone: SQLite has undone everything (disk full), or is broken."""
        return not self.connection.in_transaction or getattr(error, "sqlite_errorname", "") in FATAL

    def _nothing(self, operations: Sequence[Operation[Any]], error: sqlite3.Error) -> list[Outcome]:
        return [(None, self._unavailable(error)) for _ in operations]

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        unavailable = StoreUnavailable(f"the state cannot be written ({error}): free space or repair the disk")
        unavailable.__cause__ = error
        return unavailable

    def _notice(self, error: sqlite3.Error) -> None:
        name = getattr(error, "sqlite_errorname", "")
        if name in FATAL:
            self._broken = f"{name}: the disk failed, so nothing is written until the server is restarted"
        _log.error("store.unavailable", error=str(error), name=name, until_restart=bool(self._broken))


class InlineWriter:
    """Runs every operation at once, where it is called: nothing is left that could reorder."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def run(self, operation: Operation[T]) -> T:
        """Run one operation as one transaction."""
        return self.run_now(operation)

    def run_now(self, operation: Operation[T]) -> T:
        """Run one operation as one transaction, without a loop."""
        ((value, error),) = self._batches.run([operation])
        self._batches.checkpoint_when_due()
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the connection."""
        self._batches.close()


@dataclass(frozen=True, slots=True)
class _Queued:
    operation: Operation[Any]
    future: asyncio.Future[Any]


class GroupCommitWriter:
    """Runs operations on a thread of its own, grouped, and resolves their futures after the commit."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._queue: SimpleQueue[_Queued | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="mdm-server-writer", daemon=True)
        self._thread.start()

    async def run(self, operation: Operation[T]) -> T:
        """Run one operation; return when the transaction it was grouped into is durable.

        A caller that is cancelled stops waiting; the operation takes place all the same.
        """
        if self._closed:
            raise StoreUnavailable("the state is closed: the server is stopping")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Queued(operation, future))
        return await future

    def close(self) -> None:
        """Finish what is queued, stop the thread, close the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            self._batches.close()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            stopping = False
            with suppress(Empty):
                while len(batch) < LARGEST_BATCH and not stopping:
                    another = self._queue.get_nowait()
                    if another is None:
                        stopping = True
                    else:
                        batch.append(another)
            outcomes = self._batches.run([queued.operation for queued in batch])
            self._tell(batch, outcomes)
            if stopping:
                return
            self._batches.checkpoint_when_due()

    @staticmethod
    def _tell(batch: Sequence[_Queued], outcomes: Sequence[Outcome]) -> None:
        told = list(zip((queued.future for queued in batch), outcomes, strict=True))
        loops = {future.get_loop() for future, _ in told}
        for loop in loops:
            ours = told if len(loops) == 1 else [pair for pair in told if pair[0].get_loop() is loop]
            with suppress(RuntimeError):  # a loop that is closed has nobody left to tell
                loop.call_soon_threadsafe(_resolve, ours)


def _resolve(told: Sequence[tuple[asyncio.Future[Any], Outcome]]) -> None:
    for future, (value, error) in told:
        if future.done():
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)


Writer = InlineWriter | GroupCommitWriter
