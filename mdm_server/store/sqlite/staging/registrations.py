"""Registrations in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.registration import Registration, RegistrationToken
from mdm_server.domain.staging.vocabulary import Ownership, Platform, RegistrationState, TokenState, TokenType
from mdm_server.store.sqlite.checks import IDENTIFIED
from mdm_server.store.sqlite.staging.schema import NOT_BOUND
from mdm_server.store.sqlite.staging.storing import (
    Columns,
    Conditions,
    delete,
    found,
    identifier_columns,
    identifier_values,
    identifiers_of,
    insert,
    rows,
    update,
)
from mdm_server.store.sqlite.values import moment, optional_moment, optional_stamp, stamp
from mdm_server.store.staging.records import LARGEST_PAGE, Found

_SELECT = "SELECT * FROM registration "


def _registration(values: sqlite3.Row) -> Registration:
    return Registration(
        id=values["id"],
        uuid=values["uuid"],
        user=values["user"],
        group=values["organization_group"],
        platform=Platform(values["platform"]) if values["platform"] else None,
        identifiers=identifiers_of(values),
        ownership=Ownership(values["ownership"]),
        friendly_name=values["friendly_name"],
        state=RegistrationState(values["state"]),
        token=_token(values),
        device=values["device"],
        created_at=optional_moment(values["created_at"]),
    )


def _token(values: sqlite3.Row) -> RegistrationToken | None:
    if values["token_hash"] is None:
        return None
    return RegistrationToken(
        hash=values["token_hash"],
        type=TokenType(values["token_type"]),
        expires_at=moment(values["token_expires_at"]),
        state=TokenState(values["token_state"]),
    )


def _columns(registration: Registration) -> Columns:
    token = registration.token
    return {
        "id": registration.id or None,
        "uuid": registration.uuid,
        "user": registration.user,
        "organization_group": registration.group,
        "platform": registration.platform,
        **identifier_columns(registration.identifiers),
        "ownership": registration.ownership,
        "friendly_name": registration.friendly_name,
        "state": registration.state,
        "token_hash": token.hash if token else None,
        "token_type": token.type if token else None,
        "token_expires_at": stamp(token.expires_at) if token else None,
        "token_state": token.state if token else None,
        "device": registration.device,
        "created_at": optional_stamp(registration.created_at),
    }


class SqliteRegistrations:
    """Implements `staging.Registrations`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, registration_id: int) -> Registration | None:
        """Find a registration by number."""
        return self._one("WHERE id = ?", registration_id)

    def by_uuid(self, uuid: str) -> Registration | None:
        """Find a registration by UUID."""
        return self._one("WHERE uuid = ?", uuid)

    def by_token_hash(self, token_hash: str) -> Registration | None:
        """Find the registration whose token has this hash."""
        return self._one("WHERE token_hash = ?", token_hash)

    def of_device(self, device: int) -> Sequence[Registration]:
        """List the registrations bound to a device."""
        return self._all("WHERE device = ? ORDER BY id", device)

    def for_identifiers(self, identifiers: DeviceIdentifiers) -> Sequence[Registration]:
        """List registrations that share an identifier."""
        return self._all(f"WHERE {IDENTIFIED} ORDER BY id", *identifier_values(identifiers))

    def for_user(self, user: int) -> Sequence[Registration]:
        """List a user's registrations."""
        return self._all("WHERE user = ? ORDER BY id", user)

    def waiting_for_any(self, user: int) -> Sequence[Registration]:
        """List the registrations of a user that no device is bound to yet."""
        return self._all(f"WHERE user = ? AND {NOT_BOUND} ORDER BY id", user)

    def search(
        self,
        *,
        text: str | None = None,
        user: int | None = None,
        groups: Collection[int] | None = None,
        states: Collection[RegistrationState] = (),
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[Registration]:
        """Find registrations by number."""
        conditions = Conditions().contains(("friendly_name", "udid", "serial_number", "imei"), text)
        conditions.equal("user", user).among("organization_group", groups).among("state", states or None)
        return found(self._connection, _SELECT, conditions, _registration, offset=offset, limit=limit)

    def add(self, registration: Registration) -> Registration:
        """Store a new registration."""
        return replace(registration, id=insert(self._connection, "registration", _columns(registration)))

    def replace(self, registration: Registration) -> None:
        """Store a registration anew."""
        update(self._connection, "registration", "id", _columns(registration))

    def remove(self, registration_id: int) -> None:
        """Forget a registration."""
        delete(self._connection, "registration", registration_id)

    def _one(self, condition: str, *values: object) -> Registration | None:
        return next(iter(self._all(condition, *values)), None)

    def _all(self, condition: str, *values: object) -> list[Registration]:
        return [_registration(each) for each in rows(self._connection, _SELECT + condition, *values)]
