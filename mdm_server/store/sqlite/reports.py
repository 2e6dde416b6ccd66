"""What a device's report does to its queue, and which command it is given: the hot path of the whole server."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from mdm_server.domain.command_queue import (
    ANSWERS,
    TRANSITIONS,
    CommandEvent,
    CommandState,
    is_expired,
    is_terminal,
)
from mdm_server.domain.enrollment import (
    GONE,
    MANAGED,
    Channel,
    EnrollmentEvent,
    advance,
    event_of_answer,
    event_of_parting,
    may_receive,
)
from mdm_server.domain.identity_binding import CertificateState
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.withholding import GIVEN_TO_LOCKED_DEVICES
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import Answer, AnswerEffect, CommandRow, Occasion, ReportOutcome
from mdm_server.store.sqlite.certificates import admit_use, supersede_all
from mdm_server.store.sqlite.checks import quoted
from mdm_server.store.sqlite.command_rows import SELECT_COMMAND, command_row
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.queues import (
    PARTING,
    end_command,
    end_enrollment,
    follow,
    follow_unanswered,
    is_parting,
    status_of,
)
from mdm_server.store.sqlite.staging.following import withholds
from mdm_server.store.sqlite.values import stamp

_NOTHING_TO_DO = (
    "SELECT c.state, c.device, d.status, e.status, "
    "EXISTS (SELECT 1 FROM command WHERE enrollment = e.key AND waits) "
    "FROM certificate c JOIN enrollment d ON d.key = ? JOIN enrollment e ON e.key = ? WHERE c.fingerprint = ?"
)
_HEAD = SELECT_COMMAND + "WHERE enrollment = ? AND waits AND deliverable ORDER BY sequence LIMIT 1"
_HEAD_OF_LOCKED = _HEAD.replace("ORDER", f"AND request_type IN ({quoted(GIVEN_TO_LOCKED_DEVICES)}) ORDER")
_ANSWERS = {str(event): event for event in ANSWERS}


def nothing_to_do(reader: sqlite3.Connection, channel: Channel, fingerprint: str) -> bool:
    """Say whether an Idle is from an enrolled device with its current certificate and an empty queue.

    A no is no verdict: whatever is unusual goes the long way, where it is decided inside a transaction.
    """
    values = reader.execute(_NOTHING_TO_DO, (channel.device, channel.key, fingerprint)).fetchone()
    if values is None:
        return False
    state, device, device_status, status, waits = values
    return (
        state == CertificateState.CURRENT
        and device == channel.device
        and device_status in MANAGED
        and status in MANAGED
        and not waits
    )


def report(
    connection: sqlite3.Connection, channel: Channel, answer: Answer | None, fingerprint: str, occasion: Occasion
) -> ReportOutcome:
    """Take in a report and return what to deliver now."""
    device_status = status_of(connection, channel.device)
    gone = device_status in GONE
    admit_use(connection, fingerprint, channel.device, occasion, gone=gone)
    status = device_status if channel.is_device or gone else status_of(connection, channel.key)
    if not may_receive(status) or not may_receive(device_status):
        said = answer.status if answer else "Idle"
        tell(connection, occasion, JournalCode.REPORT_NOT_ENROLLED, device=channel.device, reason=said)
        return ReportOutcome(effect=AnswerEffect.NOT_ENROLLED)
    outcome = _new_session(connection, channel) if answer is None else _take(connection, channel, answer, occasion)
    if outcome.unenrolled:
        return outcome
    return replace(outcome, command=_head_of_line(connection, channel, occasion))


def _new_session(connection: sqlite3.Connection, channel: Channel) -> ReportOutcome:
    offered_again = TRANSITIONS.moves[CommandState.NOT_NOW, CommandEvent.IDLE]
    connection.execute(
        "UPDATE command SET state = ? WHERE enrollment = ? AND state = 'NotNow' AND waits",
        (offered_again, channel.key),
    )
    return ReportOutcome()


def _take(connection: sqlite3.Connection, channel: Channel, answer: Answer, occasion: Occasion) -> ReportOutcome:
    event = _ANSWERS.get(answer.status)
    if event is None:
        raise Refusal("parse.schema", reason="status")
    values = connection.execute(
        SELECT_COMMAND + "WHERE enrollment = ? AND command_uuid = ?", (channel.key, answer.command_uuid)
    ).fetchone()
    if values is None:
        tell(connection, occasion, JournalCode.COMMAND_UNKNOWN, device=channel.device, command=answer.command_uuid[:64])
        return ReportOutcome(effect=AnswerEffect.UNKNOWN)
    row = command_row(values)
    following = TRANSITIONS.after(row.state, event)
    ended = following is not None and is_terminal(following)
    code = JournalCode.COMMAND_LATE if following is None else JournalCode.COMMAND_ANSWERED
    tell(
        connection,
        occasion,
        code,
        device=channel.device,
        reason=answer.status,
        enrollment=channel.key,
        command=row.command_uuid,
        request_type=row.request_type,
    )
    if following is None:
        return ReportOutcome(effect=AnswerEffect.LATE, answered=row)
    # NotNow is no result, so it leaves none behind.
    answered_at, result = (stamp(occasion.at), answer.raw) if ended else (None, None)
    connection.execute(
        "UPDATE command SET state = ?, answered_at = ?, result = ? WHERE sequence = ? AND waits",
        (following, answered_at, result, row.sequence),
    )
    answered = replace(row, state=following, answered_at=occasion.at if ended else None, result=result)
    ended_it = _follow_answer(connection, channel, row, event, occasion)
    return ReportOutcome(effect=AnswerEffect.RECORDED, answered=answered, unenrolled=ended_it)


def _follow_answer(
    connection: sqlite3.Connection, channel: Channel, row: CommandRow, event: CommandEvent, occasion: Occasion
) -> bool:
    """Do to the enrolment what the answer means; return whether that was its end."""
    if not channel.is_device:
        return False
    parting = row.request_type == PARTING and is_parting(connection, channel.device, row.command_uuid)
    meaning = event_of_parting(event) if parting else event_of_answer(row.request_type, event)
    if meaning not in (EnrollmentEvent.ERASE_ACKNOWLEDGED, EnrollmentEvent.ENTERPRISE_WIPE_ACKNOWLEDGED):
        if meaning is not None:
            follow(connection, channel.device, meaning, occasion)
        return False
    following = advance(status_of(connection, channel.device), meaning)
    if parting:
        end_enrollment(connection, channel.device, following, occasion, "enterprise_wipe")
        tell(connection, occasion, JournalCode.ENTERPRISE_WIPED, device=channel.device)
        return True
    end_enrollment(connection, channel.device, following, occasion, "erased")
    supersede_all(connection, channel.device, occasion)
    tell(connection, occasion, JournalCode.ERASED, device=channel.device)
    return True


def _head_of_line(connection: sqlite3.Connection, channel: Channel, occasion: Occasion) -> CommandRow | None:
    # What is withheld from a locked device keeps its place, and what comes after it is not kept waiting (I-21).
    head = _HEAD_OF_LOCKED if withholds(connection, channel.device) else _HEAD
    while (values := connection.execute(head, (channel.key,)).fetchone()) is not None:
        row = command_row(values)
        about = {"enrollment": channel.key, "command": row.command_uuid, "request_type": row.request_type}
        if is_expired(row.state, row.expires_at, occasion.at):
            end_command(connection, row.sequence, CommandEvent.EXPIRE, occasion.at)
            tell(connection, occasion, JournalCode.COMMAND_EXPIRED, device=channel.device, **about)
            follow_unanswered(connection, channel.device, row.request_type, CommandEvent.EXPIRE, occasion)
            continue
        following = TRANSITIONS.moves[row.state, CommandEvent.SEND]
        if following is row.state:
            return row  # delivered before and still not answered: again, and nothing to write
        connection.execute(
            "UPDATE command SET state = ?, sent_at = ? WHERE sequence = ? AND waits",
            (following, stamp(occasion.at), row.sequence),
        )
        tell(connection, occasion, JournalCode.COMMAND_SENT, device=channel.device, **about)
        return replace(row, state=following, sent_at=occasion.at)
    return None
