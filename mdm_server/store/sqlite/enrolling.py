"""The check-in messages in SQLite: each one transaction, with the domain's decisions taken inside it."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace

from mdm_server.domain.enrollment import (
    MANAGED,
    TRANSITIONS,
    Channel,
    EnrollmentEvent,
    EnrollmentStatus,
    advance,
)
from mdm_server.domain.refusal import Refusal
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import AuthenticateFacts, EnrollmentRow, Occasion, TokenUpdateFacts
from mdm_server.store.sqlite.certificates import admit_authenticate, admit_use
from mdm_server.store.sqlite.configured import let_go_on
from mdm_server.store.sqlite.enrollment_rows import find_enrollment, recorded_enrollment
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.queues import clear_queue, clear_queues_of, end_enrollment, status_of
from mdm_server.store.sqlite.staging import following
from mdm_server.store.sqlite.staging.following import Arrival
from mdm_server.store.sqlite.values import optional_stamp, pack, stamp

REMEMBERED_TOKENS = 16
"""How many replaced push tokens of an enrolment are recognized when they come again."""


def authenticate(
    connection: sqlite3.Connection, *, facts: AuthenticateFacts, fingerprint: str, occasion: Occasion
) -> EnrollmentRow:
    """Begin an enrolment: whatever was queued for the device and its users is cleared, and their channels close."""
    channel = facts.channel
    if not channel.is_device:
        raise Refusal("state.order", reason="user_channel")
    invitation_id = admit_authenticate(connection, fingerprint, channel.device, facts.serial_number, occasion)
    arrival = Arrival(channel.device, facts.serial_number, facts.details, invitation_id)
    following.authenticated(connection, arrival, occasion)
    status = advance(status_of(connection, channel.key), EnrollmentEvent.AUTHENTICATE)
    clear_queues_of(connection, channel.device, occasion, "authenticate")
    connection.execute(
        "UPDATE enrollment SET status = ?, push_token = NULL, push_magic = NULL WHERE device = ? AND key <> device",
        (EnrollmentStatus.UNENROLLED, channel.device),
    )
    connection.execute(
        "DELETE FROM replaced_token WHERE enrollment IN (SELECT key FROM enrollment WHERE device = ?)",
        (channel.device,),
    )
    _begin(connection, facts, status, invitation_id, occasion)
    tell(
        connection,
        occasion,
        JournalCode.AUTHENTICATED,
        device=channel.device,
        certificate=fingerprint,
        serial_number=facts.serial_number,
    )
    return recorded_enrollment(connection, channel.key)


def token_update(
    connection: sqlite3.Connection, *, facts: TokenUpdateFacts, fingerprint: str, occasion: Occasion
) -> EnrollmentRow:
    """Record how to push; the first one enrols the device, or opens the user channel."""
    channel = facts.channel
    admit_use(connection, fingerprint, channel.device, occasion)
    before = find_enrollment(connection, channel.key)
    if channel.is_device:
        known = before.status if before else TRANSITIONS.initial
        status = advance(known, EnrollmentEvent.TOKEN_UPDATE)
    else:
        # A user channel opens on an enrolled device only.
        advance(status_of(connection, channel.device), EnrollmentEvent.CHECK_IN)
        status = EnrollmentStatus.ENROLLED
    if before is None:
        before = _open_user_channel(connection, channel, occasion)
    if _is_stale(connection, before, facts):
        tell(connection, occasion, JournalCode.TOKEN_STALE, device=channel.device, enrollment=channel.key)
        return before
    if channel.is_device and before.status not in MANAGED:
        arrival = Arrival(channel.device, before.serial_number, before.details, before.invitation_id)
        following.enrolled(connection, arrival, occasion)
    after = replace(
        before,
        status=status,
        topic=facts.topic,
        push_token=facts.push_token,
        push_magic=facts.push_magic,
        unlock_token=facts.unlock_token or before.unlock_token,
        awaiting_configuration=facts.awaiting_configuration,
        token_updates=before.token_updates + 1,
        details={**before.details, **facts.details},
        enrolled_at=before.enrolled_at or occasion.at,
        unenrolled_at=None,
    )
    _update_token(connection, after, facts.raw)
    code = JournalCode.TOKEN_UPDATED if before.status in MANAGED else JournalCode.ENROLLED
    tell(connection, occasion, code, device=channel.device, certificate=fingerprint, enrollment=channel.key)
    let_go_on(connection, after, occasion)
    return after


def check_out(
    connection: sqlite3.Connection, *, channel: Channel, fingerprint: str, occasion: Occasion
) -> EnrollmentRow:
    """End an enrolment: on the device channel for its users too, on a user channel for that user."""
    admit_use(connection, fingerprint, channel.device, occasion)
    before = find_enrollment(connection, channel.key)
    known = before.status if before else status_of(connection, channel.key)
    status = advance(known, EnrollmentEvent.CHECK_OUT)
    if status is not known:
        if channel.is_device:
            end_enrollment(connection, channel.device, status, occasion, "check_out")
        else:
            _close_user_channel(connection, channel, occasion)
    tell(connection, occasion, JournalCode.CHECKED_OUT, device=channel.device, enrollment=channel.key)
    return recorded_enrollment(connection, channel.key)


def admit(connection: sqlite3.Connection, *, channel: Channel, fingerprint: str, occasion: Occasion) -> EnrollmentRow:
    """Let a check-in message pass that changes nothing by itself."""
    admit_use(connection, fingerprint, channel.device, occasion)
    advance(status_of(connection, channel.device), EnrollmentEvent.CHECK_IN)
    row = find_enrollment(connection, channel.key)
    # A user may speak before its channel is open (UserAuthenticate): then the device answers for it.
    return row or recorded_enrollment(connection, channel.device)


def set_bootstrap_token(
    connection: sqlite3.Connection, *, channel: Channel, token: bytes | None, fingerprint: str, occasion: Occasion
) -> EnrollmentRow:
    """Keep a bootstrap token, or forget it; it belongs to the device, whoever brings it."""
    admit(connection, channel=channel, fingerprint=fingerprint, occasion=occasion)
    connection.execute("UPDATE enrollment SET bootstrap_token = ? WHERE key = ?", (token or None, channel.device))
    tell(connection, occasion, JournalCode.BOOTSTRAP_TOKEN_SET, device=channel.device, present=bool(token))
    return recorded_enrollment(connection, channel.device)


def _begin(
    connection: sqlite3.Connection,
    facts: AuthenticateFacts,
    status: EnrollmentStatus,
    invitation_id: str | None,
    occasion: Occasion,
) -> None:
    invitation = connection.execute(
        "SELECT access_rights, supervised FROM invitation WHERE invitation_id = ?", (invitation_id,)
    ).fetchone()
    access_rights, supervised = invitation or (0, None)
    now = stamp(occasion.at)
    connection.execute(
        "INSERT INTO enrollment (key, device, kind, status, topic, serial_number, supervised, access_rights, details, "
        "invitation_id, created_at, authenticated_at, authenticate_raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, status = excluded.status, topic = excluded.topic, "
        "push_token = NULL, push_magic = NULL, unlock_token = NULL, bootstrap_token = NULL, "
        "serial_number = coalesce(excluded.serial_number, serial_number), "
        "supervised = coalesce(excluded.supervised, supervised), access_rights = excluded.access_rights, "
        "awaiting_configuration = 0, token_updates = 0, details = excluded.details, "
        "invitation_id = excluded.invitation_id, authenticated_at = excluded.authenticated_at, enrolled_at = NULL, "
        "unenrolled_at = NULL, authenticate_raw = excluded.authenticate_raw, token_update_raw = NULL",
        (
            facts.channel.key,
            facts.channel.device,
            facts.channel.kind,
            status,
            facts.topic,
            facts.serial_number,
            supervised,
            access_rights,
            pack(facts.details),
            invitation_id,
            now,
            now,
            facts.raw,
        ),
    )


def _update_token(connection: sqlite3.Connection, after: EnrollmentRow, raw: bytes) -> None:
    connection.execute(
        "UPDATE enrollment SET status = ?, topic = ?, push_token = ?, push_magic = ?, unlock_token = ?, "
        "awaiting_configuration = ?, token_updates = ?, details = ?, enrolled_at = ?, unenrolled_at = NULL, "
        "token_update_raw = ? WHERE key = ?",
        (
            after.status,
            after.topic,
            after.push_token,
            after.push_magic,
            after.unlock_token,
            after.awaiting_configuration,
            after.token_updates,
            pack(after.details),
            optional_stamp(after.enrolled_at),
            raw,
            after.channel.key,
        ),
    )


def _open_user_channel(connection: sqlite3.Connection, channel: Channel, occasion: Occasion) -> EnrollmentRow:
    connection.execute(
        "INSERT INTO enrollment (key, device, kind, status, access_rights, created_at) "
        "SELECT ?, key, ?, ?, access_rights, ? FROM enrollment WHERE key = ?",
        (channel.key, channel.kind, TRANSITIONS.initial, stamp(occasion.at), channel.device),
    )
    return recorded_enrollment(connection, channel.key)


def _close_user_channel(connection: sqlite3.Connection, channel: Channel, occasion: Occasion) -> None:
    connection.execute(
        "UPDATE enrollment SET status = ?, unenrolled_at = ? WHERE key = ?",
        (EnrollmentStatus.UNENROLLED, stamp(occasion.at), channel.key),
    )
    clear_queue(connection, channel.key, channel.device, occasion, "check_out")


def _is_stale(connection: sqlite3.Connection, before: EnrollmentRow, facts: TokenUpdateFacts) -> bool:
    """Say whether this token was replaced before: then it is a late duplicate (I-47). Remember what it replaces."""
    if before.push_token is None or before.push_magic is None:
        return False
    current = _token_digest(before.topic or "", before.push_token, before.push_magic)
    offered = _token_digest(facts.topic, facts.push_token, facts.push_magic)
    if current == offered:
        return False
    key = before.channel.key
    seen = connection.execute("SELECT 1 FROM replaced_token WHERE enrollment = ? AND digest = ?", (key, offered))
    if seen.fetchone():
        return True
    connection.execute("INSERT OR IGNORE INTO replaced_token (enrollment, digest) VALUES (?, ?)", (key, current))
    connection.execute(
        "DELETE FROM replaced_token WHERE enrollment = ? AND sequence <= (SELECT sequence FROM replaced_token "
        "WHERE enrollment = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
        (key, key, REMEMBERED_TOKENS),
    )
    return False


def _token_digest(topic: str, push_token: bytes, push_magic: str) -> str:
    return hashlib.sha256(b"\0".join((topic.encode(), push_magic.encode(), push_token))).hexdigest()
