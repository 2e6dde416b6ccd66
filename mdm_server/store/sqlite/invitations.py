"""Invitations in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mdm_server.domain.enrollment import TRANSITIONS, ChannelKind, EnrollmentEvent, EnrollmentStatus
from mdm_server.domain.invitation import InvitationFacts
from mdm_server.domain.refusal import Refusal
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import InvitationRow, NewInvitation, Occasion
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.room import Room, page
from mdm_server.store.sqlite.values import moment, optional_flag, pack, stamp, unpack

_SELECT = (
    "SELECT invitation_id, challenge_hash, created_at, expires_at, max_uses, uses, revoked, udid, serial_number, "
    "access_rights, supervised, manual_approval, details FROM invitation "
)


def invitation_row(values: Any) -> InvitationRow:
    """Return the record in a row of `_SELECT`."""
    return InvitationRow(
        invitation_id=values[0],
        challenge_hash=values[1],
        created_at=moment(values[2]),
        expires_at=moment(values[3]),
        max_uses=values[4],
        uses=values[5],
        revoked=bool(values[6]),
        udid=values[7],
        serial_number=values[8],
        access_rights=values[9],
        supervised=optional_flag(values[10]),
        manual_approval=bool(values[11]),
        details=unpack(values[12]),
    )


def find_invitation(connection: sqlite3.Connection, challenge_hash: str) -> InvitationRow | None:
    """Find an invitation by its challenge."""
    values = connection.execute(_SELECT + "WHERE challenge_hash = ?", (challenge_hash,)).fetchone()
    return invitation_row(values) if values else None


def invitation_facts(row: InvitationRow) -> InvitationFacts:
    """Return what the rules need to know of an invitation."""
    return InvitationFacts(row.uses, row.max_uses, row.expires_at, row.revoked)


def consume(connection: sqlite3.Connection, invitation_id: str) -> None:
    """Use an invitation once; the statement itself refuses one use too many, whatever was read before (I-09)."""
    used = connection.execute(
        "UPDATE invitation SET uses = uses + 1 WHERE invitation_id = ? AND uses < max_uses AND NOT revoked",
        (invitation_id,),
    )
    if used.rowcount != 1:
        raise Refusal("scep.challenge_used")


class SqliteInvitations:
    """Implements `contract.Invitations`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def create(self, invitation: NewInvitation, occasion: Occasion) -> InvitationRow:
        """Record an invitation."""
        return await self._room.writer.run(lambda connection: _create(connection, invitation, occasion))

    async def find(self, challenge_hash: str) -> InvitationRow | None:
        """Find an invitation by its challenge."""
        return find_invitation(self._room.reader, challenge_hash)

    async def get(self, invitation_id: str) -> InvitationRow | None:
        """Find an invitation by its identifier."""
        return _get(self._room.reader, invitation_id)

    async def list(self, *, after: str = "", limit: int = 100) -> Sequence[InvitationRow]:
        """List invitations by identifier."""
        query = _SELECT + "WHERE invitation_id > ? ORDER BY invitation_id LIMIT ?"
        return [invitation_row(values) for values in self._room.rows(query, after, page(limit))]

    async def revoke(self, invitation_id: str, occasion: Occasion) -> InvitationRow:
        """Revoke an invitation."""
        return await self._room.writer.run(lambda connection: _revoke(connection, invitation_id, occasion))

    async def count_half_open(self, since: datetime, occasion: Occasion) -> int:
        """Count open invitations, and devices that have authenticated since, and sent no token yet."""
        query = (
            "SELECT (SELECT count(*) FROM invitation WHERE NOT revoked AND uses < max_uses AND expires_at > ?)"
            " + (SELECT count(*) FROM enrollment WHERE status = 'EnrollmentInProgress' AND authenticated_at > ?)"
        )
        count: int = self._room.row(query, stamp(occasion.at), stamp(since))[0]
        return count


def _create(connection: sqlite3.Connection, invitation: NewInvitation, occasion: Occasion) -> InvitationRow:
    taken = connection.execute(
        "SELECT 1 FROM invitation WHERE invitation_id = ? OR challenge_hash = ?",
        (invitation.invitation_id, invitation.challenge_hash),
    ).fetchone()
    if taken:
        raise Refusal("api.conflict", reason="invitation")
    connection.execute(
        "INSERT INTO invitation (invitation_id, challenge_hash, created_at, expires_at, max_uses, udid, serial_number, "
        "access_rights, supervised, manual_approval, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            invitation.invitation_id,
            invitation.challenge_hash,
            stamp(occasion.at),
            stamp(invitation.expires_at),
            invitation.max_uses,
            invitation.udid,
            invitation.serial_number,
            invitation.access_rights,
            invitation.supervised,
            invitation.manual_approval,
            pack(invitation.details),
        ),
    )
    if invitation.udid is not None:
        _register(connection, invitation.udid, invitation.serial_number, occasion)
    tell(
        connection,
        occasion,
        JournalCode.INVITATION_CREATED,
        device=invitation.udid or "",
        invitation=invitation.invitation_id,
        max_uses=invitation.max_uses,
    )
    return _recorded(connection, invitation.invitation_id)


def _register(connection: sqlite3.Connection, udid: str, serial_number: str | None, occasion: Occasion) -> None:
    found = connection.execute("SELECT status FROM enrollment WHERE key = ?", (udid,)).fetchone()
    status = EnrollmentStatus(found[0]) if found else TRANSITIONS.initial
    following = TRANSITIONS.after(status, EnrollmentEvent.REGISTER)
    if following is None:
        return  # it is beyond that already
    connection.execute(
        "INSERT INTO enrollment (key, device, kind, status, serial_number, created_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET status = excluded.status, "
        "serial_number = coalesce(excluded.serial_number, serial_number)",
        (udid, udid, ChannelKind.DEVICE, following, serial_number, stamp(occasion.at)),
    )


def _revoke(connection: sqlite3.Connection, invitation_id: str, occasion: Occasion) -> InvitationRow:
    done = connection.execute("UPDATE invitation SET revoked = 1 WHERE invitation_id = ?", (invitation_id,))
    if done.rowcount != 1:
        raise Refusal("api.not_found", reason="invitation")
    tell(connection, occasion, JournalCode.INVITATION_REVOKED, invitation=invitation_id)
    return _recorded(connection, invitation_id)


def _get(connection: sqlite3.Connection, invitation_id: str) -> InvitationRow | None:
    values = connection.execute(_SELECT + "WHERE invitation_id = ?", (invitation_id,)).fetchone()
    return invitation_row(values) if values else None


def _recorded(connection: sqlite3.Connection, invitation_id: str) -> InvitationRow:
    row = _get(connection, invitation_id)
    assert row is not None
    return row
