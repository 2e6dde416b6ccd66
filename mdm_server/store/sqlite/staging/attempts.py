"""Failed logins of devices in SQLite: counted under every identifier, so that a new UDID does not start afresh."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.store.sqlite.checks import normal
from mdm_server.store.sqlite.staging.storing import change, identifier_values, number, row
from mdm_server.store.sqlite.values import stamp

_ATTRIBUTES = ("UDID", "SERIAL_NUMBER", "IMEI")
_OF_DEVICE = "(" + " OR ".join(f"(attribute = '{name}' AND value = {normal('?')})" for name in _ATTRIBUTES) + ")"


class SqliteAttempts:
    """Implements `staging.Attempts`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def device_count(self, identifiers: DeviceIdentifiers) -> int:
        """Return how many logins failed on a device, by the identifier under which most did."""
        query = f"SELECT coalesce(max(failures), 0) FROM failed_device_login WHERE {_OF_DEVICE}"  # noqa: S608
        return number(self._connection, query, *identifier_values(identifiers))

    def any_older(self, before: datetime) -> bool:
        """Say whether there is a device on which nothing failed since."""
        query = "SELECT 1 FROM failed_device_login WHERE last_at < ? LIMIT 1"
        return row(self._connection, query, stamp(before)) is not None

    def fail_device(self, identifiers: DeviceIdentifiers, at: datetime) -> int:
        """Count one more under every identifier."""
        failures = self.device_count(identifiers) + 1
        for attribute, value in zip(_ATTRIBUTES, identifier_values(identifiers), strict=True):
            if value is not None:
                change(
                    self._connection,
                    "INSERT OR REPLACE INTO failed_device_login (attribute, value, failures, last_at) "  # noqa: S608
                    f"VALUES (?, {normal('?')}, ?, ?)",
                    attribute,
                    value,
                    failures,
                    stamp(at),
                )
        return failures

    def reset_device(self, identifiers: DeviceIdentifiers) -> None:
        """Start again from none."""
        statement = f"DELETE FROM failed_device_login WHERE {_OF_DEVICE}"  # noqa: S608 - our own words
        change(self._connection, statement, *identifier_values(identifiers))

    def purge(self, before: datetime) -> int:
        """Forget devices on which nothing failed since."""
        return change(self._connection, "DELETE FROM failed_device_login WHERE last_at < ?", stamp(before)).rowcount
