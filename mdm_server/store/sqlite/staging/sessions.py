"""Hub sessions in SQLite: a document each, with the columns by which one is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

import msgspec

from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.hub_session import HubSession
from mdm_server.store.sqlite.checks import IDENTIFIED
from mdm_server.store.sqlite.staging.storing import (
    Columns,
    change,
    identifier_columns,
    identifier_values,
    insert,
    row,
    rows,
    update,
)
from mdm_server.store.sqlite.values import stamp

_SELECT = "SELECT document FROM hub_session "
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(HubSession).decode


def _columns(session: HubSession) -> Columns:
    return {
        "id": session.id,
        "step": session.step,
        **identifier_columns(session.device.identifiers),
        "invitation_id": session.invitation_id,
        "expires_at": stamp(session.expires_at),
        "document": _encode(session),
    }


class SqliteSessions:
    """Implements `staging.Sessions`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, session_id: str) -> HubSession | None:
        """Find a session."""
        return next(iter(self._all("WHERE id = ?", session_id)), None)

    def by_invitation(self, invitation_id: str) -> HubSession | None:
        """Find the session that led to an invitation."""
        return next(iter(self._all("WHERE invitation_id = ?", invitation_id)), None)

    def of_device(self, identifiers: DeviceIdentifiers) -> Sequence[HubSession]:
        """List the sessions of a device, newest first."""
        return self._all(f"WHERE {IDENTIFIED} ORDER BY sequence DESC", *identifier_values(identifiers))

    def any_expired(self, before: datetime) -> bool:
        """Say whether a session expired before."""
        return (
            row(self._connection, "SELECT 1 FROM hub_session WHERE expires_at < ? LIMIT 1", stamp(before)) is not None
        )

    def add(self, session: HubSession) -> HubSession:
        """Store a new session."""
        insert(self._connection, "hub_session", _columns(session))
        return session

    def replace(self, session: HubSession) -> None:
        """Store a session anew."""
        update(self._connection, "hub_session", "id", _columns(session))

    def purge(self, before: datetime) -> int:
        """Forget sessions that expired before."""
        return change(self._connection, "DELETE FROM hub_session WHERE expires_at < ?", stamp(before)).rowcount

    def remove_of_device(self, identifiers: DeviceIdentifiers) -> int:
        """Forget the sessions of a device."""
        statement = f"DELETE FROM hub_session WHERE {IDENTIFIED}"  # noqa: S608 - our own words
        return change(self._connection, statement, *identifier_values(identifiers)).rowcount

    def _all(self, condition: str, *values: object) -> list[HubSession]:
        return [_decode(each["document"]) for each in rows(self._connection, _SELECT + condition, *values)]
