"""Issued certificates in SQLite, and the decisions on whom each may speak for, taken where the record is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.identity_binding import (
    Binding,
    CertificateFacts,
    CertificateState,
    DeviceFacts,
    decide_authenticate,
    decide_use,
)
from mdm_server.domain.refusal import Refusal
from mdm_server.store.contract import LARGEST_PAGE
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import CertificateRow, Occasion
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.room import Room
from mdm_server.store.sqlite.values import moment, optional_moment, stamp

_SELECT = (
    "SELECT fingerprint, serial_number, subject, not_before, not_after, state, device, renewal, invitation_id, "
    "issued_at, bound_at, der FROM certificate "
)


def certificate_row(values: Any) -> CertificateRow:
    """Return the record in a row of `_SELECT`."""
    return CertificateRow(
        fingerprint=values[0],
        serial_number=values[1],
        subject=values[2],
        not_before=moment(values[3]),
        not_after=moment(values[4]),
        state=CertificateState(values[5]),
        device=values[6],
        renewal=bool(values[7]),
        invitation_id=values[8],
        issued_at=moment(values[9]),
        bound_at=optional_moment(values[10]),
        der=values[11],
    )


def certificate_facts(connection: sqlite3.Connection, fingerprint: str) -> CertificateFacts | None:
    """Return what the rules need to know of a certificate that is used."""
    values = connection.execute(
        "SELECT state, device, renewal FROM certificate WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return CertificateFacts(CertificateState(values[0]), values[1], renewal=bool(values[2])) if values else None


def device_of_key(connection: sqlite3.Connection, public_key: str | None, other_than: str) -> str | None:
    """Return another device whose certificate holds this key, if there is one (T-16)."""
    found = connection.execute(
        "SELECT device FROM certificate WHERE public_key = ? AND device IS NOT NULL AND device <> ? LIMIT 1",
        (public_key, other_than),
    ).fetchone()
    return found[0] if found else None


def admit_authenticate(
    connection: sqlite3.Connection, fingerprint: str, device: str, serial_number: str | None, occasion: Occasion
) -> str | None:
    """Let a certificate begin an enrolment, or raise Refusal; return the invitation it came from."""
    values = connection.execute(
        "SELECT c.state, c.device, c.renewal, c.public_key, c.invitation_id, i.serial_number "
        "FROM certificate c LEFT JOIN invitation i ON i.invitation_id = c.invitation_id WHERE c.fingerprint = ?",
        (fingerprint,),
    ).fetchone()
    facts = None
    if values:
        key_device = device_of_key(connection, values[3], device)
        facts = CertificateFacts(CertificateState(values[0]), values[1], bool(values[2]), values[5], key_device)
    known = connection.execute("SELECT status, serial_number FROM enrollment WHERE key = ?", (device,)).fetchone()
    known_facts = DeviceFacts(EnrollmentStatus(known[0]), known[1]) if known else None
    binding = decide_authenticate(facts, device, serial_number, known_facts)
    if binding is Binding.BIND:
        _bind(connection, fingerprint, device, occasion)
    if binding is not Binding.KEEP:
        _promote(connection, fingerprint, device, occasion)
    invitation_id: str | None = values[4]
    return invitation_id


def admit_use(
    connection: sqlite3.Connection, fingerprint: str, device: str, occasion: Occasion, *, gone: bool = False
) -> None:
    """Let a certificate speak for its device, or raise Refusal; a renewed one becomes current by that."""
    if decide_use(certificate_facts(connection, fingerprint), device, gone=gone) is Binding.PROMOTE:
        _promote(connection, fingerprint, device, occasion)


def supersede_all(connection: sqlite3.Connection, device: str, occasion: Occasion) -> None:
    """Supersede whatever certificates an erased device used: its keys are gone with it (T-04)."""
    done = connection.execute(
        "UPDATE certificate SET state = 'Superseded' WHERE device = ? AND state = 'Current'", (device,)
    )
    if done.rowcount:
        tell(connection, occasion, JournalCode.CERTIFICATE_SUPERSEDED, device=device, reason="erased")


class SqliteCertificates:
    """Implements `contract.Certificates`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def find(self, fingerprint: str) -> CertificateRow | None:
        """Find a certificate by the whole SHA-256 of its DER."""
        values = self._room.row(_SELECT + "WHERE fingerprint = ?", fingerprint)
        return certificate_row(values) if values else None

    async def list(self, device: str) -> Sequence[CertificateRow]:
        """List the certificates of a device, newest first."""
        query = _SELECT + "WHERE device = ? ORDER BY sequence DESC LIMIT ?"
        return [certificate_row(values) for values in self._room.rows(query, device, LARGEST_PAGE)]

    async def revoke(self, fingerprint: str, occasion: Occasion) -> CertificateRow:
        """Revoke a certificate."""
        return await self._room.writer.run(lambda connection: _revoke(connection, fingerprint, occasion))


def _bind(connection: sqlite3.Connection, fingerprint: str, device: str, occasion: Occasion) -> None:
    # Once and only once (I-01): the statement refuses, and a trigger behind it, whatever the decision was made from.
    bound = connection.execute(
        "UPDATE certificate SET device = ?, bound_at = ? WHERE fingerprint = ? AND device IS NULL",
        (device, stamp(occasion.at), fingerprint),
    )
    if bound.rowcount != 1:
        raise Refusal("enroll.cert_reuse", reason="bound_elsewhere")
    tell(connection, occasion, JournalCode.CERTIFICATE_BOUND, device=device, certificate=fingerprint)


def _promote(connection: sqlite3.Connection, fingerprint: str, device: str, occasion: Occasion) -> None:
    # The older ones first: at no moment are there two current certificates, which an index would refuse (I-04).
    connection.execute(
        "UPDATE certificate SET state = 'Superseded' WHERE device = ? AND (state = 'Current' OR (state = 'Issued' "
        "AND sequence < (SELECT sequence FROM certificate WHERE fingerprint = ?)))",
        (device, fingerprint),
    )
    connection.execute("UPDATE certificate SET state = 'Current' WHERE fingerprint = ?", (fingerprint,))
    tell(connection, occasion, JournalCode.CERTIFICATE_CURRENT, device=device, certificate=fingerprint)


def _revoke(connection: sqlite3.Connection, fingerprint: str, occasion: Occasion) -> CertificateRow:
    done = connection.execute("UPDATE certificate SET state = 'Revoked' WHERE fingerprint = ?", (fingerprint,))
    if done.rowcount != 1:
        raise Refusal("api.not_found", reason="certificate")
    row = certificate_row(connection.execute(_SELECT + "WHERE fingerprint = ?", (fingerprint,)).fetchone())
    tell(connection, occasion, JournalCode.CERTIFICATE_REVOKED, device=row.device or "", certificate=fingerprint)
    return row
