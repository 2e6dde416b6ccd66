"""DEP profiles in SQLite: a profile is a document, its assignments are rows, one for each serial number."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec

from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.store.sqlite.staging.storing import Columns, change, delete, insert, row, rows, update

_SELECT = "SELECT id, document FROM program_profile "
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(ProgramProfile).decode


def _profile(values: sqlite3.Row) -> ProgramProfile:
    return replace(_decode(values["document"]), id=values["id"])


def _columns(profile: ProgramProfile) -> Columns:
    return {
        "id": profile.id or None,
        "uuid": profile.uuid,
        "name": profile.name,
        "document": _encode(asdict(profile)),
    }


class SqliteEnrollmentProgram:
    """Implements `staging.EnrollmentProgram`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, profile_id: int) -> ProgramProfile | None:
        """Find a profile by number."""
        return self._one("WHERE id = ?", profile_id)

    def by_uuid(self, uuid: str) -> ProgramProfile | None:
        """Find a profile by UUID."""
        return self._one("WHERE uuid = ?", uuid)

    def all(self) -> Sequence[ProgramProfile]:
        """List all profiles."""
        return [_profile(values) for values in rows(self._connection, _SELECT + "ORDER BY id")]

    def assigned_to(self, serial_number: str) -> ProgramProfile | None:
        """Find the profile that is assigned to a serial number."""
        return self._one("WHERE id = (SELECT profile FROM program_assignment WHERE serial_number = ?)", serial_number)

    def add(self, profile: ProgramProfile) -> ProgramProfile:
        """Store a new profile."""
        return replace(profile, id=insert(self._connection, "program_profile", _columns(profile)))

    def replace(self, profile: ProgramProfile) -> None:
        """Store a profile anew."""
        update(self._connection, "program_profile", "id", _columns(profile))

    def remove(self, profile_id: int) -> None:
        """Remove a profile."""
        delete(self._connection, "program_profile", profile_id)

    def assign(self, serial_number: str, profile_id: int | None) -> None:
        """Assign a profile to a serial number in the place of another; None takes it away."""
        if profile_id is None:
            change(self._connection, "DELETE FROM program_assignment WHERE serial_number = ?", serial_number)
            return
        columns = {"serial_number": serial_number, "profile": profile_id}
        insert(self._connection, "program_assignment", columns, instead=True)

    def _one(self, where: str, *values: object) -> ProgramProfile | None:
        found = row(self._connection, _SELECT + where, *values)
        return _profile(found) if found else None
