"""Where Apple Business Manager keeps its records: SQLite, in a file or in memory, used in-line by one process."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from mdm_server.clouds.apple.business_manager.errors import BusinessManagerError
from mdm_server.clouds.apple.business_manager.schema import APPLICATION_ID, TABLES, VERSION

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Ledger:
    """The records, and one transaction at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # A server runs in one thread and its test in another: what one begins, the other waits for.
        self._turn = threading.RLock()

    @classmethod
    def open(cls, path: Path | None = None) -> Ledger:
        """Open the ledger of a file, or one in memory that is gone when it is closed.

        Raises:
            BusinessManagerError: `abm.ledger`, where the file is something else; `abm.ledger_in_use`, where somebody
                else has it open: what one of two would remember, the other would not know.

        """
        connection = sqlite3.connect(
            ":memory:" if path is None else path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Change all of it or nothing; a transaction inside another is part of that one."""
        with self._turn:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Look at it."""
        with self._turn:
            yield self._connection

    def secret(self, name: str, fresh: bytes) -> bytes:
        """Return a secret of this ledger, which is `fresh` if it had none of that name."""
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, fresh))
            (value,) = connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return bytes(value)


def _prepare(connection: sqlite3.Connection, path: Path | None) -> None:
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            text = f"expected {path} to be nobody else's, found that another Apple has it open"
            raise BusinessManagerError("abm.ledger_in_use", text) from error
        raise BusinessManagerError("abm.ledger", f"expected a database at {path}, found none: {error}") from error
    if tables and (application, version) != (APPLICATION_ID, VERSION):
        raise BusinessManagerError(
            "abm.ledger", f"expected an Apple Business Manager of version {VERSION} at {path}, found another database"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing; a power failure may take the last moments, never the rest. Waiting for the disk at
    # every change would stop the loop that everybody's calls are answered in.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if not tables:
        connection.executescript(
            f"BEGIN; {TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
        )


def stamp(moment: datetime) -> int:
    """Return a moment as the tables keep it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Return a moment of the tables."""
    return _EPOCH + timedelta(microseconds=value)


def whole_second(value: int | None) -> datetime | None:
    """Return a moment as it is told: Apple's times have no fractions."""
    return None if value is None else _second(value // 1_000_000)


@lru_cache(maxsize=4096)
def _second(value: int) -> datetime:
    """Remember moments: thousands of devices came, or changed, in the same second."""
    return datetime.fromtimestamp(value, UTC)
