"""What can be read in staging, on one connection at one moment, and the journal of what is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from mdm_server.store.records import JournalEvent, Occasion
from mdm_server.store.sqlite.abm.room import SqliteAbm
from mdm_server.store.sqlite.ledger import Plain
from mdm_server.store.sqlite.staging.android import SqliteAndroid
from mdm_server.store.sqlite.staging.attempts import SqliteAttempts
from mdm_server.store.sqlite.staging.devices import SqliteDevices
from mdm_server.store.sqlite.staging.enrollment_program import SqliteEnrollmentProgram
from mdm_server.store.sqlite.staging.groups import SqliteGroups
from mdm_server.store.sqlite.staging.lists import SqliteLists
from mdm_server.store.sqlite.staging.registrations import SqliteRegistrations
from mdm_server.store.sqlite.staging.sessions import SqliteSessions
from mdm_server.store.sqlite.staging.user_groups import SqliteTerms, SqliteUserGroups
from mdm_server.store.sqlite.staging.users import SqliteUsers
from mdm_server.store.sqlite.staging.wipes import SqliteWipes
from mdm_server.store.sqlite.stowaways import INSERT_EVENT, event_values

SECRETS = frozenset({"password", "passcode", "token", "secret", "challenge", "captcha"})
"""What no line of the journal may be said to hold."""


class SqliteView:
    """Implements `staging.StagingView`."""

    def __init__(self, connection: sqlite3.Connection, last_seen: Callable[[str], datetime | None]) -> None:
        self.groups = SqliteGroups(connection)
        self.users = SqliteUsers(connection)
        self.user_groups = SqliteUserGroups(connection)
        self.terms = SqliteTerms(connection)
        self.registrations = SqliteRegistrations(connection)
        self.lists = SqliteLists(connection)
        self.enrollment_program = SqliteEnrollmentProgram(connection)
        self.devices = SqliteDevices(connection, last_seen)
        self.attempts = SqliteAttempts(connection)
        self.sessions = SqliteSessions(connection)
        self.wipes = SqliteWipes(connection)
        self.android = SqliteAndroid(connection)
        self.abm = SqliteAbm(connection)


class SqliteLedger:
    """Implements `staging.Ledger`."""

    def __init__(self, connection: sqlite3.Connection, occasion: Occasion) -> None:
        self._connection = connection
        self._occasion = occasion

    def tell(self, code: str, *, device: str | None = None, reason: str = "", **details: Plain) -> None:
        """Journal what happened."""
        if not SECRETS.isdisjoint(details):
            raise ValueError(f"expected no secret in the journal, found {', '.join(sorted(SECRETS & set(details)))}")
        event = JournalEvent(
            at=self._occasion.at,
            code=code,
            reason=reason,
            device=device or "",
            peer=self._occasion.peer,
            request_id=self._occasion.request_id,
            detail=details,
        )
        self._connection.execute(INSERT_EVENT, event_values(event))
