"""SQLite behind the contract: one writer that groups commits, one read-only connection for point queries."""

from __future__ import annotations

from pathlib import Path

from mdm_server.store.sqlite.opening import StateLock, open_reader, open_writer
from mdm_server.store.sqlite.room import Room
from mdm_server.store.sqlite.store import SqliteStore
from mdm_server.store.sqlite.stowaways import Waiting
from mdm_server.store.sqlite.writer import Batches, GroupCommitWriter, InlineWriter


def open_sqlite(path: Path, *, inline: bool = False, durable: bool = True) -> SqliteStore:
    """Open (or make) the state in the file `path`; raises StoreError with what to do when that is impossible.

    `inline` runs every verb where it is called, without a thread: for the virtual clock and for tests. `durable=False`
    drops the wait for the disk; it is for a state that nobody will miss.
    """
    lock = StateLock(path.with_name(path.name + ".lock"))
    try:
        connection = open_writer(path, durable=durable)
        reader = connection if inline else open_reader(path)
    except BaseException:
        lock.release()
        raise
    waiting = Waiting()
    batches = Batches(connection, waiting)
    writer = InlineWriter(batches) if inline else GroupCommitWriter(batches)
    return SqliteStore(Room(writer, reader, connection, waiting), lock, durable=durable)


__all__ = ["SqliteStore", "open_sqlite"]
