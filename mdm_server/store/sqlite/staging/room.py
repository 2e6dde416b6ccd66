"""The room of one transaction: every record of staging, to read and to change."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from mdm_server.domain.enrollment import EnrollmentEvent
from mdm_server.store.records import CommandRow, NewCommand, Occasion
from mdm_server.store.sqlite.commands import enqueue
from mdm_server.store.sqlite.queues import clear_queue, follow
from mdm_server.store.sqlite.staging.completing import SqliteCompletion
from mdm_server.store.sqlite.staging.storing import insert
from mdm_server.store.sqlite.staging.view import SqliteLedger, SqliteView


class SqliteRoom(SqliteView):
    """Implements `staging.StagingRoom`."""

    def __init__(
        self, connection: sqlite3.Connection, last_seen: Callable[[str], datetime | None], occasion: Occasion
    ) -> None:
        super().__init__(connection, last_seen)
        self.occasion = occasion
        self.journal = SqliteLedger(connection, occasion)
        self.commands = SqliteMdmCommands(connection, occasion)
        self.completion = SqliteCompletion(self, self.journal, occasion)


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
