"""Configuration profiles and administrators' credentials in SQLite: what is stored by name and replaced by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mdm_server.domain.refusal import Refusal
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import CredentialRow, Occasion, ProfileRow
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.room import Room, page
from mdm_server.store.sqlite.values import moment, stamp

_SELECT_PROFILE = "SELECT identifier, uuid, display_name, raw, removal_disallowed, stored_at FROM profile "


def profile_row(values: Any) -> ProfileRow:
    """Return the record in a row of `_SELECT_PROFILE`."""
    return ProfileRow(values[0], values[1], values[2], values[3], bool(values[4]), moment(values[5]))


class SqliteProfiles:
    """Implements `contract.Profiles`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def put(self, profile: ProfileRow, occasion: Occasion) -> ProfileRow:
        """Store a profile, replacing the one of the same identifier."""
        return await self._room.writer.run(lambda connection: _put_profile(connection, profile, occasion))

    async def find(self, identifier: str) -> ProfileRow | None:
        """Find a profile."""
        values = self._room.row(_SELECT_PROFILE + "WHERE identifier = ?", identifier)
        return profile_row(values) if values else None

    async def list(self, *, after: str = "", limit: int = 100) -> Sequence[ProfileRow]:
        """List profiles by identifier."""
        query = _SELECT_PROFILE + "WHERE identifier > ? ORDER BY identifier LIMIT ?"
        return [profile_row(values) for values in self._room.rows(query, after, page(limit))]

    async def remove(self, identifier: str, occasion: Occasion) -> None:
        """Remove a profile."""
        await self._room.writer.run(lambda connection: _remove_profile(connection, identifier, occasion))


class SqliteCredentials:
    """Implements `contract.AdminCredentials`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def put(self, name: str, token_hash: str, occasion: Occasion) -> CredentialRow:
        """Store a credential, replacing the one of the same name."""
        return await self._room.writer.run(lambda connection: _put_credential(connection, name, token_hash, occasion))

    async def find(self, token_hash: str) -> CredentialRow | None:
        """Find a credential by the hash of its token."""
        values = self._room.row("SELECT name, token_hash, created_at FROM credential WHERE token_hash = ?", token_hash)
        return CredentialRow(values[0], values[1], moment(values[2])) if values else None

    async def list(self) -> Sequence[CredentialRow]:
        """List credentials by name."""
        found = self._room.rows("SELECT name, token_hash, created_at FROM credential ORDER BY name LIMIT 500")
        return [CredentialRow(values[0], values[1], moment(values[2])) for values in found]

    async def remove(self, name: str, occasion: Occasion) -> None:
        """Remove a credential."""
        await self._room.writer.run(lambda connection: _remove_credential(connection, name, occasion))


def _put_profile(connection: sqlite3.Connection, profile: ProfileRow, occasion: Occasion) -> ProfileRow:
    connection.execute(
        "INSERT INTO profile (identifier, uuid, display_name, raw, removal_disallowed, stored_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (identifier) DO UPDATE SET uuid = excluded.uuid, "
        "display_name = excluded.display_name, raw = excluded.raw, "
        "removal_disallowed = excluded.removal_disallowed, stored_at = excluded.stored_at",
        (
            profile.identifier,
            profile.uuid,
            profile.display_name,
            profile.raw,
            profile.removal_disallowed,
            stamp(occasion.at),
        ),
    )
    tell(connection, occasion, JournalCode.PROFILE_STORED, profile=profile.identifier)
    return replace(profile, stored_at=occasion.at)


def _remove_profile(connection: sqlite3.Connection, identifier: str, occasion: Occasion) -> None:
    done = connection.execute("DELETE FROM profile WHERE identifier = ?", (identifier,))
    if done.rowcount != 1:
        raise Refusal("api.not_found", reason="profile")
    tell(connection, occasion, JournalCode.PROFILE_REMOVED, profile=identifier)


def _put_credential(connection: sqlite3.Connection, name: str, token_hash: str, occasion: Occasion) -> CredentialRow:
    connection.execute(
        "INSERT INTO credential (name, token_hash, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
        "SET token_hash = excluded.token_hash, created_at = excluded.created_at",
        (name, token_hash, stamp(occasion.at)),
    )
    tell(connection, occasion, JournalCode.CREDENTIAL_STORED, name=name)
    return CredentialRow(name, token_hash, occasion.at)


def _remove_credential(connection: sqlite3.Connection, name: str, occasion: Occasion) -> None:
    done = connection.execute("DELETE FROM credential WHERE name = ?", (name,))
    if done.rowcount != 1:
        raise Refusal("api.not_found", reason="credential")
    tell(connection, occasion, JournalCode.CREDENTIAL_REMOVED, name=name)
