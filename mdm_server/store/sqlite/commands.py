"""The queues in SQLite: what an administrator does with them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from mdm_server.domain.command_queue import CommandEvent, CommandState, is_terminal
from mdm_server.domain.enrollment import (
    MANAGED,
    Channel,
    EnrollmentStatus,
    event_of_request,
    may_queue,
)
from mdm_server.domain.refusal import Refusal
from mdm_server.store.contract import LARGEST_PAGE
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import Answer, CommandRow, NewCommand, Occasion, ReportOutcome
from mdm_server.store.sqlite.command_rows import SELECT_COMMAND, command_row
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.queues import PARTING, clear_queue, end_command, follow, follow_unanswered
from mdm_server.store.sqlite.reports import nothing_to_do, report
from mdm_server.store.sqlite.room import Room, page
from mdm_server.store.sqlite.values import optional_stamp, stamp

NOTHING = ReportOutcome()
_OF_QUEUE = (
    "WHERE enrollment = ? AND sequence > ? AND state IN (SELECT value FROM json_each(?)) ORDER BY sequence LIMIT ?"
)


class SqliteCommands:
    """Implements `contract.Commands`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def enqueue(self, commands: Sequence[NewCommand], occasion: Occasion) -> Sequence[CommandRow]:
        """Queue commands, all or none, in this order."""
        return await self._room.writer.run(
            lambda connection: [enqueue(connection, command, occasion) for command in commands]
        )

    async def report_and_next(
        self, channel: Channel, answer: Answer | None, fingerprint: str, occasion: Occasion
    ) -> ReportOutcome:
        """Take in a report and return what to deliver now.

        The common case, an Idle with nothing waiting, is answered by one query on the reader and writes nothing.
        """
        if answer is None and nothing_to_do(self._room.reader, channel, fingerprint):
            outcome = NOTHING
        else:
            outcome = await self._room.writer.run(
                lambda connection: report(connection, channel, answer, fingerprint, occasion)
            )
        self._room.waiting.saw(channel.key, occasion.at)
        return outcome

    async def find(self, enrollment: str, command_uuid: str) -> CommandRow | None:
        """Find a command."""
        values = self._room.row(SELECT_COMMAND + "WHERE enrollment = ? AND command_uuid = ?", enrollment, command_uuid)
        return command_row(values) if values else None

    async def list(
        self, enrollment: str, *, after: int = 0, limit: int = 100, states: Collection[CommandState] = ()
    ) -> Sequence[CommandRow]:
        """List commands of a queue in order."""
        query = SELECT_COMMAND + _OF_QUEUE
        chosen = json.dumps([CommandState(state) for state in states or CommandState])
        return [command_row(values) for values in self._room.rows(query, enrollment, after, chosen, page(limit))]

    async def cancel(self, enrollment: str, command_uuid: str, occasion: Occasion) -> CommandRow:
        """Clear one waiting command."""
        return await self._room.writer.run(lambda connection: _cancel(connection, enrollment, command_uuid, occasion))

    async def clear(self, enrollment: str, occasion: Occasion) -> int:
        """Clear every waiting command of a queue."""
        return await self._room.writer.run(lambda connection: _clear(connection, enrollment, occasion))

    async def waiting(self, *, after: str = "", limit: int = LARGEST_PAGE) -> Sequence[str]:
        """List the enrolments that have something to deliver."""
        query = "SELECT DISTINCT enrollment FROM command WHERE waits AND enrollment > ? ORDER BY enrollment LIMIT ?"
        return [key for (key,) in self._room.rows(query, after, page(limit))]


def enqueue(connection: sqlite3.Connection, command: NewCommand, occasion: Occasion) -> CommandRow:
    """Queue one command, unless it is there already."""
    values = connection.execute(
        "SELECT e.device, e.status, d.status FROM enrollment e JOIN enrollment d ON d.key = e.device WHERE e.key = ?",
        (command.enrollment,),
    ).fetchone()
    if values is None:
        raise Refusal("api.not_found", reason="enrollment")
    device, status, device_status = values[0], EnrollmentStatus(values[1]), EnrollmentStatus(values[2])
    is_device = device == command.enrollment
    earlier = _find(connection, command.enrollment, command.command_uuid)
    if earlier is not None:
        if earlier.raw != command.raw:
            raise Refusal("api.conflict", reason="command_uuid")
        return earlier
    if not may_queue(status) or not (is_device or device_status in MANAGED):
        raise Refusal("state.not_enrolled", reason=status.lower())
    connection.execute(
        "INSERT INTO command (enrollment, command_uuid, request_type, raw, state, queued_at, expires_at) "
        "VALUES (?, ?, ?, ?, 'Queued', ?, ?)",
        (
            command.enrollment,
            command.command_uuid,
            command.request_type,
            command.raw,
            stamp(occasion.at),
            optional_stamp(command.expires_at),
        ),
    )
    tell(
        connection,
        occasion,
        JournalCode.COMMAND_QUEUED,
        device=device,
        enrollment=command.enrollment,
        command=command.command_uuid,
        request_type=command.request_type,
    )
    meaning = event_of_request(command.request_type)
    if meaning is not None and is_device:
        follow(connection, device, meaning, occasion)
    return _recorded(connection, command.enrollment, command.command_uuid)


def _cancel(connection: sqlite3.Connection, enrollment: str, command_uuid: str, occasion: Occasion) -> CommandRow:
    row = _recorded(connection, enrollment, command_uuid)
    if is_terminal(row.state):
        raise Refusal("api.conflict", reason=row.state.lower())
    device = _device_of(connection, enrollment)
    end_command(connection, row.sequence, CommandEvent.CLEAR, occasion.at)
    tell(
        connection,
        occasion,
        JournalCode.COMMAND_CLEARED,
        device=device,
        reason="cancelled",
        enrollment=enrollment,
        command=command_uuid,
        request_type=row.request_type,
    )
    follow_unanswered(connection, device, row.request_type, CommandEvent.CLEAR, occasion)
    return _recorded(connection, enrollment, command_uuid)


def _clear(connection: sqlite3.Connection, enrollment: str, occasion: Occasion) -> int:
    device = _device_of(connection, enrollment)
    cleared = clear_queue(connection, enrollment, device, occasion, "cancelled")
    if cleared and enrollment == device:
        for wipe in ("EraseDevice", PARTING):
            follow_unanswered(connection, device, wipe, CommandEvent.CLEAR, occasion)
    return cleared


def _device_of(connection: sqlite3.Connection, enrollment: str) -> str:
    found = connection.execute("SELECT device FROM enrollment WHERE key = ?", (enrollment,)).fetchone()
    if found is None:
        raise Refusal("api.not_found", reason="enrollment")
    device: str = found[0]
    return device


def _find(connection: sqlite3.Connection, enrollment: str, command_uuid: str) -> CommandRow | None:
    values: Any = connection.execute(
        SELECT_COMMAND + "WHERE enrollment = ? AND command_uuid = ?", (enrollment, command_uuid)
    ).fetchone()
    return command_row(values) if values else None


def _recorded(connection: sqlite3.Connection, enrollment: str, command_uuid: str) -> CommandRow:
    row = _find(connection, enrollment, command_uuid)
    if row is None:
        raise Refusal("api.not_found", reason="command")
    return row
