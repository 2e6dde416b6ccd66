"""Apple Business Manager in SQLite: tokens, devices, rules and errands."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mdm_server.domain.abm.devices import AbmDevice, Errand
from mdm_server.domain.abm.rules import AssignmentRule
from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.store.sqlite.abm.tokens import columns_of, token_of
from mdm_server.store.sqlite.checks import normal
from mdm_server.store.sqlite.staging.storing import Conditions, change, delete, found, insert, row, rows, update
from mdm_server.store.sqlite.values import moment, stamp
from mdm_server.store.staging.records import LARGEST_PAGE, Found
from mdm_server.wire.dep import DepDevice, decode, encode

_THIS_DEVICE = f"token = ? AND serial_key = {normal('?')}"
_NEXT = "(SELECT coalesce(max(sequence), 0) + 1 FROM abm_errand)"
_ERRAND = f"""
    INSERT INTO abm_errand (sequence, token, serial_number, arrived, due_at) VALUES ({_NEXT}, ?, ?, ?, ?)
    ON CONFLICT (token, serial_key) DO UPDATE SET sequence = {_NEXT}, arrived = max(arrived, excluded.arrived)
"""  # noqa: S608 - our own words
_ASSIGNED = "SELECT profile FROM program_assignment a WHERE a.serial_number = d.serial_number COLLATE NOCASE"


def _device(values: sqlite3.Row) -> AbmDevice:
    return AbmDevice(values["token"], decode(values["document"], DepDevice), values["generation"])


def _rule(values: sqlite3.Row) -> AssignmentRule:
    return AssignmentRule(**{name: values[name] for name in values.keys()})  # noqa: SIM118 - a Row is no mapping


def _errand(values: sqlite3.Row) -> Errand:
    return Errand(
        values["sequence"],
        values["token"],
        values["serial_number"],
        bool(values["arrived"]),
        values["attempts"],
        moment(values["due_at"]),
    )


class SqliteAbm:
    """Implements `staging.Abm`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # Tokens

    def token(self, token_id: int) -> AbmToken | None:
        """Find a token by number."""
        values = row(self._connection, "SELECT * FROM abm_token WHERE id = ?", token_id)
        return token_of(values) if values else None

    def tokens(self) -> Sequence[AbmToken]:
        """List the tokens by number."""
        return [token_of(values) for values in rows(self._connection, "SELECT * FROM abm_token ORDER BY id")]

    def add_token(self, token: AbmToken) -> AbmToken:
        """Store a new token."""
        return replace(token, id=insert(self._connection, "abm_token", columns_of(token)))

    def replace_token(self, token: AbmToken) -> None:
        """Store a token anew."""
        update(self._connection, "abm_token", "id", columns_of(token))

    def remove_token(self, token_id: int) -> None:
        """Forget a token with all that is its own."""
        delete(self._connection, "abm_token", token_id)

    # Devices

    def device(self, token: int, serial_number: str) -> AbmDevice | None:
        """Find a device of a token."""
        values = row(self._connection, f"SELECT * FROM abm_device WHERE {_THIS_DEVICE}", token, serial_number)  # noqa: S608
        return _device(values) if values else None

    def holding(self, serial_number: str) -> Sequence[int]:
        """List the tokens that have a device."""
        query = f"SELECT token FROM abm_device WHERE serial_key = {normal('?')} ORDER BY token"  # noqa: S608
        return [values["token"] for values in rows(self._connection, query, serial_number)]

    def devices(
        self,
        *,
        token: int | None = None,
        text: str | None = None,
        profile_status: str | None = None,
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[AbmDevice]:
        """Find devices by serial number."""
        conditions = Conditions().equal("token", token).equal("profile_status", profile_status)
        conditions.contains(("serial_number", "model"), text)
        order = ("serial_key", "token")
        return found(
            self._connection, "SELECT * FROM abm_device", conditions, _device, offset=offset, limit=limit, order=order
        )

    def put(self, device: AbmDevice) -> None:
        """Store a device in the place of what is known of it."""
        columns = {
            "token": device.token,
            "serial_number": device.serial_number,
            "model": device.listed.model,
            "device_family": device.listed.device_family,
            "profile_status": device.listed.profile_status,
            "generation": device.generation,
            "document": encode(device.listed),
        }
        insert(self._connection, "abm_device", columns, instead=True)

    def remove(self, token: int, serial_number: str) -> bool:
        """Forget a device, with its errand."""
        for table in ("abm_errand", "abm_device"):
            done = change(self._connection, f"DELETE FROM {table} WHERE {_THIS_DEVICE}", token, serial_number)  # noqa: S608
        return done.rowcount > 0

    def remove_older(self, token: int, generation: int) -> Sequence[str]:
        """Forget the devices that were last seen before a generation."""
        query = "SELECT serial_number FROM abm_device WHERE token = ? AND generation < ? ORDER BY serial_key"
        gone = [values["serial_number"] for values in rows(self._connection, query, token, generation)]
        for serial_number in gone:
            self.remove(token, serial_number)
        return gone

    # Rules

    def rules(self, token: int | None = None) -> Sequence[AssignmentRule]:
        """List the rules in the order in which they are asked."""
        conditions = Conditions().equal("token", token)
        query = f"SELECT * FROM abm_rule WHERE {conditions} ORDER BY token, id"  # noqa: S608 - our own words
        return [_rule(values) for values in rows(self._connection, query, *conditions.values)]

    def add_rule(self, rule: AssignmentRule) -> AssignmentRule:
        """Store a new rule."""
        columns = {
            "id": rule.id or None,
            "token": rule.token,
            "profile": rule.profile,
            "device_family": rule.device_family,
            "serial_prefix": rule.serial_prefix,
            "model": rule.model,
        }
        return replace(rule, id=insert(self._connection, "abm_rule", columns))

    def remove_rule(self, rule_id: int) -> None:
        """Remove a rule."""
        delete(self._connection, "abm_rule", rule_id)

    # Errands

    def errands(self, token: int, due: datetime, limit: int) -> Sequence[Errand]:
        """List the errands that are due, the oldest first."""
        query = "SELECT * FROM abm_errand WHERE token = ? AND due_at <= ? ORDER BY due_at, sequence LIMIT ?"
        return [_errand(values) for values in rows(self._connection, query, token, stamp(due), limit)]

    def look_at(self, token: int, serial_number: str, now: datetime, *, arrived: bool = False) -> None:
        """Have a device looked at."""
        change(self._connection, _ERRAND, token, serial_number, arrived, stamp(now))

    def look_at_unassigned(self, token: int, now: datetime) -> int:
        """Have every device of a token looked at that has no profile."""
        return self._look_at_all(f"token = ? AND NOT EXISTS ({_ASSIGNED})", token, now, arrived=True)

    def look_at_profile(self, profile: int, now: datetime) -> int:
        """Have every device looked at that has a profile."""
        return self._look_at_all(f"({_ASSIGNED}) = ?", profile, now, arrived=False)

    def settled(self, errand: Errand) -> None:
        """Forget an errand, unless there is a newer one for its device."""
        change(self._connection, "DELETE FROM abm_errand WHERE sequence = ?", errand.sequence)

    def postpone(self, errand: Errand, due_at: datetime) -> None:
        """Put an errand off, and count that it was tried."""
        changed = "UPDATE abm_errand SET due_at = ?, attempts = attempts + 1 WHERE sequence = ?"
        change(self._connection, changed, stamp(due_at), errand.sequence)

    def _look_at_all(self, which: str, value: int, now: datetime, *, arrived: bool) -> int:
        query = f"SELECT token, serial_number FROM abm_device d WHERE {which} ORDER BY serial_key"  # noqa: S608
        meant = rows(self._connection, query, value)
        for values in meant:
            self.look_at(values["token"], values["serial_number"], now, arrived=arrived)
        return len(meant)
