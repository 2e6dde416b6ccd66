"""SCEP transactions in SQLite: the right is consumed in the transaction that records what will be signed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from mdm_server.domain.identity_binding import decide_renewal
from mdm_server.domain.invitation import decide_challenge
from mdm_server.domain.refusal import Refusal
from mdm_server.store.contract import RETRY_WINDOW
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import IssuanceRow, IssuanceState, NewIssuance, Occasion
from mdm_server.store.sqlite.certificates import certificate_facts, device_of_key
from mdm_server.store.sqlite.invitations import consume, find_invitation, invitation_facts
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.room import Room, page
from mdm_server.store.sqlite.values import moment, stamp

_SELECT = (
    "SELECT s.transaction_id, s.request_hash, s.request, s.state, s.serial_number, s.subject, s.not_before, "
    "s.not_after, s.device, s.invitation_id, s.renews, s.recorded_at, c.der "
    "FROM issuance s LEFT JOIN certificate c ON c.fingerprint = s.fingerprint "
)


def issuance_row(values: Any) -> IssuanceRow:
    """Return the record in a row of `_SELECT`."""
    return IssuanceRow(
        transaction_id=values[0],
        request_hash=values[1],
        request=values[2],
        state=IssuanceState(values[3]),
        serial_number=values[4],
        subject=values[5],
        not_before=moment(values[6]),
        not_after=moment(values[7]),
        device=values[8],
        invitation_id=values[9],
        renewal=values[10] is not None,
        recorded_at=moment(values[11]),
        certificate=values[12],
    )


class SqliteIssuance:
    """Implements `contract.Issuance`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def reserve(
        self, issuance: NewIssuance, occasion: Occasion, *, retry_window: timedelta = RETRY_WINDOW
    ) -> IssuanceRow:
        """Consume the right and record what will be signed."""
        return await self._room.writer.run(lambda connection: _reserve(connection, issuance, occasion, retry_window))

    async def complete(self, transaction_id: str, fingerprint: str, der: bytes, occasion: Occasion) -> IssuanceRow:
        """Record the signed certificate."""
        return await self._room.writer.run(
            lambda connection: _complete(connection, transaction_id, fingerprint, der, occasion)
        )

    async def find(self, transaction_id: str) -> IssuanceRow | None:
        """Find a transaction."""
        return _find(self._room.reader, transaction_id)

    async def approve(self, transaction_id: str, occasion: Occasion) -> IssuanceRow:
        """Make a Pending transaction Recorded."""
        return await self._room.writer.run(
            lambda connection: _judge(connection, transaction_id, IssuanceState.RECORDED, occasion)
        )

    async def deny(self, transaction_id: str, occasion: Occasion) -> IssuanceRow:
        """Make a Pending transaction Denied."""
        return await self._room.writer.run(
            lambda connection: _judge(connection, transaction_id, IssuanceState.DENIED, occasion)
        )

    async def list_pending(self, *, after: str = "", limit: int = 100) -> Sequence[IssuanceRow]:
        """List transactions that wait for an administrator."""
        query = _SELECT + "WHERE s.state = 'Pending' AND s.transaction_id > ? ORDER BY s.transaction_id LIMIT ?"
        return [issuance_row(values) for values in self._room.rows(query, after, page(limit))]


@dataclass(frozen=True, slots=True)
class _Right:
    """By what right a certificate is issued, and what follows from it."""

    device: str | None
    invitation_id: str | None
    state: IssuanceState = IssuanceState.RECORDED


def _find(connection: sqlite3.Connection, transaction_id: str) -> IssuanceRow | None:
    values = connection.execute(_SELECT + "WHERE s.transaction_id = ?", (transaction_id,)).fetchone()
    return issuance_row(values) if values else None


def _reserve(
    connection: sqlite3.Connection, issuance: NewIssuance, occasion: Occasion, retry_window: timedelta
) -> IssuanceRow:
    earlier = _find(connection, issuance.transaction_id)
    if earlier is not None:
        over = earlier.state is not IssuanceState.PENDING and (
            occasion.at - earlier.recorded_at >= retry_window or _was_answered(connection, issuance)
        )
        if not over and earlier.request_hash == issuance.request_hash:
            return replace(earlier, replayed=True)
        if not over:
            raise Refusal("scep.replay")
        connection.execute("DELETE FROM issuance WHERE transaction_id = ?", (issuance.transaction_id,))
    right = (
        _by_renewal(connection, issuance.renews) if issuance.renews else _by_challenge(connection, issuance, occasion)
    )
    if right.device is not None and device_of_key(connection, issuance.public_key, right.device) is not None:
        raise Refusal("scep.key", reason="in_use")
    connection.execute(
        "INSERT INTO issuance (transaction_id, request_hash, request, state, serial_number, subject, not_before, "
        "not_after, public_key, device, invitation_id, renews, recorded_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            issuance.transaction_id,
            issuance.request_hash,
            issuance.request,
            right.state,
            issuance.serial_number,
            issuance.subject,
            stamp(issuance.not_before),
            stamp(issuance.not_after),
            issuance.public_key,
            right.device,
            right.invitation_id,
            issuance.renews,
            stamp(occasion.at),
        ),
    )
    waits = right.state is IssuanceState.PENDING
    code = JournalCode.ISSUANCE_PENDING if waits else JournalCode.ISSUANCE_RECORDED
    tell(
        connection,
        occasion,
        code,
        device=right.device or "",
        transaction=issuance.transaction_id,
        serial_number=issuance.serial_number,
        renewal=issuance.renews is not None,
    )
    return _recorded(connection, issuance.transaction_id)


def _was_answered(connection: sqlite3.Connection, issuance: NewIssuance) -> bool:
    """Say whether the client has the answer to its earlier transaction: it renews the certificate that was in it."""
    query = "SELECT 1 FROM issuance WHERE transaction_id = ? AND fingerprint = ?"
    return connection.execute(query, (issuance.transaction_id, issuance.renews)).fetchone() is not None


def _by_challenge(connection: sqlite3.Connection, issuance: NewIssuance, occasion: Occasion) -> _Right:
    if issuance.challenge_hash is None:
        raise Refusal("scep.challenge", reason="missing")
    invitation = find_invitation(connection, issuance.challenge_hash)
    decide_challenge(invitation_facts(invitation) if invitation else None, occasion.at)
    assert invitation is not None
    consume(connection, invitation.invitation_id)
    state = IssuanceState.PENDING if invitation.manual_approval else IssuanceState.RECORDED
    return _Right(invitation.udid, invitation.invitation_id, state)


def _by_renewal(connection: sqlite3.Connection, fingerprint: str) -> _Right:
    device = decide_renewal(certificate_facts(connection, fingerprint))
    (invitation_id,) = connection.execute(
        "SELECT invitation_id FROM certificate WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return _Right(device, invitation_id)


def _complete(
    connection: sqlite3.Connection, transaction_id: str, fingerprint: str, der: bytes, occasion: Occasion
) -> IssuanceRow:
    row = _recorded(connection, transaction_id)
    if row.state is IssuanceState.ISSUED:
        return replace(row, replayed=True)
    if row.state is not IssuanceState.RECORDED:
        raise Refusal("scep.denied", reason=row.state.lower())
    now = stamp(occasion.at)
    connection.execute(
        "INSERT INTO certificate (fingerprint, serial_number, subject, not_before, not_after, state, device, renewal, "
        "invitation_id, public_key, issued_at, bound_at, der) "
        "SELECT ?, serial_number, subject, not_before, not_after, 'Issued', device, renews IS NOT NULL, invitation_id, "
        "public_key, ?, CASE WHEN device IS NULL THEN NULL ELSE ? END, ? FROM issuance WHERE transaction_id = ?",
        (fingerprint, now, now, der, transaction_id),
    )
    # The request has served its purpose: its hash recognizes a retry.
    connection.execute(
        "UPDATE issuance SET state = 'Issued', fingerprint = ?, request = x'' WHERE transaction_id = ?",
        (fingerprint, transaction_id),
    )
    tell(
        connection,
        occasion,
        JournalCode.ISSUANCE_COMPLETED,
        device=row.device or "",
        certificate=fingerprint,
        transaction=transaction_id,
        serial_number=row.serial_number,
    )
    return _recorded(connection, transaction_id)


def _judge(
    connection: sqlite3.Connection, transaction_id: str, verdict: IssuanceState, occasion: Occasion
) -> IssuanceRow:
    row = _recorded(connection, transaction_id)
    if row.state is not IssuanceState.PENDING:
        raise Refusal("api.conflict", reason=row.state.lower())
    connection.execute("UPDATE issuance SET state = ? WHERE transaction_id = ?", (verdict, transaction_id))
    approved = verdict is IssuanceState.RECORDED
    code = JournalCode.ISSUANCE_APPROVED if approved else JournalCode.ISSUANCE_DENIED
    tell(connection, occasion, code, device=row.device or "", transaction=transaction_id)
    return replace(row, state=verdict)


def _recorded(connection: sqlite3.Connection, transaction_id: str) -> IssuanceRow:
    row = _find(connection, transaction_id)
    if row is None:
        raise Refusal("api.not_found", reason="transaction")
    return row
