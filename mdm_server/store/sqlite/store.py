"""The store over one SQLite state: all roles, and what concerns all of them."""

from __future__ import annotations

import hashlib
import sqlite3

from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import Counts, Occasion, ResetScope
from mdm_server.store.sqlite.abm.schema import ABM_FORGOTTEN
from mdm_server.store.sqlite.certificates import SqliteCertificates
from mdm_server.store.sqlite.commands import SqliteCommands
from mdm_server.store.sqlite.enrollments import SqliteEnrollments
from mdm_server.store.sqlite.invitations import SqliteInvitations
from mdm_server.store.sqlite.issuance import SqliteIssuance
from mdm_server.store.sqlite.journal import SqliteJournal
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.library import SqliteCredentials, SqliteProfiles
from mdm_server.store.sqlite.opening import StateLock
from mdm_server.store.sqlite.room import Room
from mdm_server.store.sqlite.schema import DIGESTED
from mdm_server.store.sqlite.staging.schema import ROOT, STAGING_DEVICES, STAGING_ORGANIZATION
from mdm_server.store.sqlite.staging.unit import SqliteStaging

_COMMANDS = ("command",)
# In the order in which foreign keys let go.
_DEVICES = (
    *STAGING_DEVICES,
    "command",
    "replaced_token",
    "activity",
    "enrollment",
    "issuance",
    "certificate",
    "invitation",
)
_FORGOTTEN = {
    ResetScope.EVERYTHING: (*_DEVICES, *ABM_FORGOTTEN, *STAGING_ORGANIZATION, "profile", "journal"),
    ResetScope.DEVICES: _DEVICES,
    ResetScope.COMMANDS: _COMMANDS,
    ResetScope.PROFILES: ("profile",),
    ResetScope.JOURNAL: ("journal",),
}


class SqliteStore:
    """Implements `contract.Store`."""

    def __init__(self, room: Room, lock: StateLock, *, durable: bool) -> None:
        self._room = room
        self._durable = durable
        self._lock = lock
        self._closed = False
        self.invitations = SqliteInvitations(room)
        self.issuance = SqliteIssuance(room)
        self.certificates = SqliteCertificates(room)
        self.enrollments = SqliteEnrollments(room)
        self.commands = SqliteCommands(room)
        self.profiles = SqliteProfiles(room)
        self.credentials = SqliteCredentials(room)
        self.journal = SqliteJournal(room)
        self.staging = SqliteStaging(room)

    @property
    def description(self) -> str:
        """What keeps the state, for the line the server prints at its start."""
        durable = "an answer leaves after its write is durable" if self._durable else "nothing waits for the disk"
        return f"SQLite {sqlite3.sqlite_version} (one writer, {durable})"

    async def counts(self) -> Counts:
        """Count everything."""
        return await self._room.writer.run(_counts)

    async def state_digest(self) -> str:
        """Return a hash over all state but the journal and the counters."""
        return await self._room.writer.run(_digest)

    async def reset(self, scope: ResetScope, occasion: Occasion) -> None:
        """Forget everything in `scope`, in one transaction."""
        await self._room.writer.run(lambda connection: _reset(connection, scope, occasion))
        if scope in (ResetScope.EVERYTHING, ResetScope.DEVICES):
            self._room.waiting.forget()

    async def close(self) -> None:
        """Write what is noted, and close."""
        if self._closed:
            return
        self._closed = True
        await self.journal.close()
        # The reader first: the last connection to go carries the log over and removes it.
        if self._room.reader is not self._room.connection:
            self._room.reader.close()
        self._room.writer.close()
        self._lock.release()


def _counts(connection: sqlite3.Connection) -> Counts:
    def one(query: str) -> int:
        count: int = connection.execute(query).fetchone()[0]
        return count

    def by(query: str) -> dict[str, int]:
        return dict(connection.execute(query).fetchall())

    return Counts(
        invitations=one("SELECT count(*) FROM invitation"),
        certificates=one("SELECT count(*) FROM certificate"),
        enrollments=by("SELECT status, count(*) FROM enrollment WHERE key = device GROUP BY status"),
        commands=by("SELECT state, count(*) FROM command GROUP BY state"),
        profiles=one("SELECT count(*) FROM profile"),
        journal=one("SELECT count(*) FROM journal"),
    )


def _digest(connection: sqlite3.Connection) -> str:
    digest = hashlib.sha256()
    for table, order in DIGESTED:
        digest.update(table.encode())
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608 - our own words
            digest.update(repr(row).encode())
    return digest.hexdigest()


def _reset(connection: sqlite3.Connection, scope: ResetScope, occasion: Occasion) -> None:
    for table in _FORGOTTEN[scope]:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words
    if "organization_group" in _FORGOTTEN[scope]:
        connection.execute(ROOT)
    tell(connection, occasion, JournalCode.STORE_RESET, reason=scope)
