"""The room of one transaction: every record of staging, on one connection, at one moment."""

from __future__ import annotations

import sqlite3

from mdm_server.domain.enrollment import EnrollmentEvent
from mdm_server.store.records import CommandRow, JournalEvent, NewCommand, Occasion
from mdm_server.store.sqlite.commands import enqueue
from mdm_server.store.sqlite.ledger import Plain
from mdm_server.store.sqlite.queues import clear_queue, follow
from mdm_server.store.sqlite.staging.android import SqliteAndroid
from mdm_server.store.sqlite.staging.attempts import SqliteAttempts
from mdm_server.store.sqlite.staging.devices import SqliteDevices
from mdm_server.store.sqlite.staging.groups import SqliteGroups
from mdm_server.store.sqlite.staging.lists import SqliteLists
from mdm_server.store.sqlite.staging.registrations import SqliteRegistrations
from mdm_server.store.sqlite.staging.sessions import SqliteSessions
from mdm_server.store.sqlite.staging.storing import insert
from mdm_server.store.sqlite.staging.user_groups import SqliteTerms, SqliteUserGroups
from mdm_server.store.sqlite.staging.users import SqliteUsers
from mdm_server.store.sqlite.staging.wipes import SqliteWipes
from mdm_server.store.sqlite.stowaways import INSERT_EVENT, Waiting, event_values

SECRETS = frozenset({"password", "passcode", "token", "secret", "challenge", "captcha"})
"""What no line of the journal may be said to hold."""


class SqliteView:
    """Implements `staging.StagingView`."""

    def __init__(self, connection: sqlite3.Connection, waiting: Waiting) -> None:
        self.groups = SqliteGroups(connection)
        self.users = SqliteUsers(connection)
        self.user_groups = SqliteUserGroups(connection)
        self.terms = SqliteTerms(connection)
        self.registrations = SqliteRegistrations(connection)
        self.lists = SqliteLists(connection)
        self.devices = SqliteDevices(connection, waiting.last_seen)
        self.attempts = SqliteAttempts(connection)
        self.sessions = SqliteSessions(connection)
        self.wipes = SqliteWipes(connection)
        self.android = SqliteAndroid(connection)


class SqliteRoom(SqliteView):
    """Implements `staging.StagingRoom`."""

    def __init__(self, connection: sqlite3.Connection, waiting: Waiting, occasion: Occasion) -> None:
        super().__init__(connection, waiting)
        self.occasion = occasion
        self.journal = SqliteLedger(connection, occasion)
        self.commands = SqliteMdmCommands(connection, occasion)


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


class SqliteMdmCommands:
    """Implements `staging.MdmCommands`."""

    def __init__(self, connection: sqlite3.Connection, occasion: Occasion) -> None:
        self._connection = connection
        self._occasion = occasion

    def enqueue(self, command: NewCommand) -> CommandRow:
        """Queue a command."""
        return enqueue(self._connection, command, self._occasion)

    def enqueue_parting(self, command: NewCommand) -> CommandRow:
        """Queue the command that takes the MDM profile away."""
        queued = enqueue(self._connection, command, self._occasion)
        columns = {"enrollment": command.enrollment, "command_uuid": command.command_uuid}
        insert(self._connection, "parting_command", columns, instead=True)
        follow(self._connection, command.enrollment, EnrollmentEvent.ENTERPRISE_WIPE_REQUESTED, self._occasion)
        return queued

    def clear(self, enrollment_key: str, reason: str) -> int:
        """Clear every waiting command of a queue."""
        return clear_queue(self._connection, enrollment_key, enrollment_key, self._occasion, reason)
