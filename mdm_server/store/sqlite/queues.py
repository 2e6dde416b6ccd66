"""Changes to queues and enrolments that several verbs share, inside their transactions."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from mdm_server.domain.command_queue import CommandEvent
from mdm_server.domain.enrollment import (
    TRANSITIONS,
    EnrollmentEvent,
    EnrollmentStatus,
    event_of_answer,
    event_of_parting,
)
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import Occasion
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.staging import following
from mdm_server.store.sqlite.values import stamp

PARTING = "RemoveProfile"
"""The request that takes the MDM profile away, when it is marked as a parting command."""
WIPES = ("erased", "enterprise_wipe")
"""The reasons for which an enrolment ends by a wipe."""


def status_of(connection: sqlite3.Connection, key: str) -> EnrollmentStatus:
    """Return the status of an enrolment; one nobody has heard of is where the table starts."""
    found = connection.execute("SELECT status FROM enrollment WHERE key = ?", (key,)).fetchone()
    return EnrollmentStatus(found[0]) if found else TRANSITIONS.initial


def end_enrollment(
    connection: sqlite3.Connection, device: str, status: EnrollmentStatus, occasion: Occasion, reason: str
) -> None:
    """Put a device and its user channels out of management, and clear their queues."""
    connection.execute(
        "UPDATE enrollment SET status = CASE WHEN key = device THEN ? ELSE ? END, unenrolled_at = ?, "
        "bootstrap_token = NULL WHERE device = ?",
        (status, EnrollmentStatus.UNENROLLED, stamp(occasion.at), device),
    )
    clear_queues_of(connection, device, occasion, reason)
    following.ended(connection, device, status, occasion, wiped=reason in WIPES)


def clear_queues_of(connection: sqlite3.Connection, device: str, occasion: Occasion, reason: str) -> None:
    """Clear the queues of a device and of its user channels."""
    channels = connection.execute("SELECT key FROM enrollment WHERE device = ?", (device,)).fetchall()
    for (key,) in channels:
        clear_queue(connection, key, device, occasion, reason)


def clear_queue(connection: sqlite3.Connection, key: str, device: str, occasion: Occasion, reason: str) -> int:
    """Clear every waiting command of one queue, each with its line in the journal (I-31); return how many."""
    waiting = connection.execute(
        "SELECT sequence, command_uuid, request_type FROM command WHERE enrollment = ? AND waits ORDER BY sequence",
        (key,),
    ).fetchall()
    for sequence, command_uuid, request_type in waiting:
        end_command(connection, sequence, CommandEvent.CLEAR, occasion.at)
        tell(
            connection,
            occasion,
            JournalCode.COMMAND_CLEARED,
            device=device,
            reason=reason,
            enrollment=key,
            command=command_uuid,
            request_type=request_type,
        )
    return len(waiting)


def end_command(connection: sqlite3.Connection, sequence: int, event: CommandEvent, at: datetime) -> None:
    """End a waiting command without an answer."""
    state = {CommandEvent.CLEAR: "Cleared", CommandEvent.EXPIRE: "Expired"}[event]
    connection.execute(
        "UPDATE command SET state = ?, answered_at = ? WHERE sequence = ? AND waits", (state, stamp(at), sequence)
    )


def follow_unanswered(
    connection: sqlite3.Connection, device: str, request_type: str, event: CommandEvent, occasion: Occasion
) -> None:
    """Tell the enrolment that a command ended without an answer: a wipe that will not happen is no longer pending."""
    meaning = event_of_parting(event) if request_type == PARTING else event_of_answer(request_type, event)
    if meaning is None:
        return
    others = connection.execute(
        "SELECT 1 FROM command WHERE enrollment = ? AND request_type = ? AND waits LIMIT 1", (device, request_type)
    ).fetchone()
    if not others:
        follow(connection, device, meaning, occasion)


def is_parting(connection: sqlite3.Connection, device: str, command_uuid: str) -> bool:
    """Say whether a command is the one that takes the MDM profile away."""
    query = "SELECT 1 FROM parting_command WHERE enrollment = ? AND command_uuid = ?"
    return connection.execute(query, (device, command_uuid)).fetchone() is not None


def follow(connection: sqlite3.Connection, device: str, event: EnrollmentEvent, occasion: Occasion) -> None:
    """Move an enrolment where the table allows it, and leave it where it does not."""
    status = status_of(connection, device)
    next_status = TRANSITIONS.after(status, event)
    if next_status is not None and next_status is not status:
        set_status(connection, device, next_status)
        tell(connection, occasion, JournalCode.MOVED, device=device, reason=event, before=status, after=next_status)


def set_status(connection: sqlite3.Connection, device: str, status: EnrollmentStatus) -> None:
    """Put a device's enrolment into a status that is not its end, and its record with it."""
    connection.execute("UPDATE enrollment SET status = ? WHERE key = ?", (status, device))
    following.moved(connection, device, status)
