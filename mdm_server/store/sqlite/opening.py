"""Opening a state: the lock that keeps a second server out, the connections, and clear words when it cannot be done."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from mdm_server.store.errors import StateInUse, StateUnreadable, StoreError
from mdm_server.store.sqlite.schema import OLDEST_SQLITE, SCHEMA_VERSION, recognize, upgrade

CHECKED_AT_OPEN = 64 * 1024 * 1024
"""A file up to this size is checked whole when it is opened; a larger one would delay the start for seconds."""


class StateLock:
    """Holds a state for one server: a lock of the operating system, gone with the process that held it."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"expected a directory to keep the state in at {path.parent}, found: {error.strerror}; "
                "make it, or use another state directory"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise StateInUse(
                f"expected to be alone on {path.parent}, found it in use by process {holder}: "
                "stop that server, or use another state directory"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let another server have the state. Harmless when repeated."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def open_writer(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open the one connection that writes, make or check the schema, and return it."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(f"expected SQLite {oldest} or newer, found {sqlite3.sqlite_version}: use a newer Python")
    # The file is made before SQLite sees it, so that nobody else can ever read it (T-19).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        connection.execute("PRAGMA busy_timeout = 5000")
        version = recognize(connection)  # before anything that would change a file that is not ours
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"expected write-ahead logging, found {mode}: keep the state on a local file system")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys = ON")
        # The writer checkpoints itself, so that a failing fsync is noticed and not passed over (see writer.py).
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        if version and path.stat().st_size <= CHECKED_AT_OPEN:
            _check(connection)
        if version < SCHEMA_VERSION:
            upgrade(connection, version)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StateUnreadable(_unreadable(path, str(error))) from error
    except StoreError:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the connection for point queries: it cannot write, and it never waits for the writer (WAL)."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def _check(connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _unreadable(path: Path, found: str) -> str:
    return (
        f"expected the state of mdm-server in {path}, found: {found}. Nothing was changed; "
        "restore a backup, or start with another state directory"
    )
