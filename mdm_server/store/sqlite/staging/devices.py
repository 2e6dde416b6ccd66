"""Device records in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mdm_server.domain.enrollment import MANAGED, EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.vocabulary import AssignmentState, Ownership, Platform
from mdm_server.store.sqlite.checks import IDENTIFIED, normal, quoted
from mdm_server.store.sqlite.staging.device_rows import device_columns, device_record
from mdm_server.store.sqlite.staging.storing import (
    Conditions,
    delete,
    found,
    identifier_values,
    insert,
    number,
    rows,
    update,
)
from mdm_server.store.sqlite.values import stamp
from mdm_server.store.staging.records import LARGEST_PAGE, Found

# An iOS device is seen by its reports, which are counted in `activity`; an Android's own syncs are in its row.
_SEEN = "max(coalesce(d.last_seen, 0), coalesce((SELECT last_seen FROM activity WHERE enrollment = enrollment_key), 0))"
_SELECT = f"SELECT d.*, {_SEEN} AS seen FROM device d "  # noqa: S608 - our own words

_COUNTED = f"status IN ({quoted([*MANAGED, EnrollmentStatus.ENROLLMENT_IN_PROGRESS])}) AND id IS NOT ?"
# As `Assignment.counted_for` has it; one that is about to be enrolled counts against whoever enrols it.
_COUNTED_FOR = (
    f"(user = ? OR (user IS NULL AND stager = ?) OR (user IS NULL AND stager IS NULL AND enrolling_user = ?)) "
    f"AND {_COUNTED}"
)


class SqliteDevices:
    """Implements `staging.Devices`. `last_seen` tells what the counters that are not written yet know."""

    def __init__(self, connection: sqlite3.Connection, last_seen: Callable[[str], datetime | None]) -> None:
        self._connection = connection
        self._last_seen = last_seen

    def get(self, device: int) -> DeviceRecord | None:
        """Find a device by number."""
        return self._one("WHERE id = ?", device)

    def by_uuid(self, uuid: str) -> DeviceRecord | None:
        """Find a device by UUID."""
        return self._one("WHERE uuid = ?", uuid)

    def by_identifiers(
        self, identifiers: DeviceIdentifiers, platform: Platform | None = None
    ) -> Sequence[DeviceRecord]:
        """List the devices that share an identifier, locked ones first."""
        conditions = Conditions().holds(IDENTIFIED, *identifier_values(identifiers)).equal("platform", platform)
        return self._all(f"WHERE {conditions} ORDER BY lock_reason IS NULL, id DESC", *conditions.values)

    def by_enrollment_key(self, key: str) -> DeviceRecord | None:
        """Find the device of an enrolment."""
        return self._one("WHERE enrollment_key = ?", key)

    def of_user(self, user: int) -> Sequence[DeviceRecord]:
        """List the devices that a user has or has staged."""
        return self._all("WHERE user = ? OR stager = ? ORDER BY id", user, user)

    def search(
        self,
        *,
        text: str | None = None,
        serial_number: str | None = None,
        udid: str | None = None,
        imei: str | None = None,
        user: int | None = None,
        groups: Collection[int] | None = None,
        statuses: Collection[EnrollmentStatus] = (),
        assignments: Collection[AssignmentState] = (),
        platform: Platform | None = None,
        ownership: Ownership | None = None,
        model: str | None = None,
        locked: bool | None = None,
        seen_since: datetime | None = None,
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[DeviceRecord]:
        """Find devices by number that match all that is given."""
        conditions = Conditions().contains(("friendly_name", "udid", "serial_number", "imei"), text)
        conditions.contains(("model",), model)
        for column, value in (("udid_key", udid), ("serial_key", serial_number), ("imei_key", imei)):
            if value is not None:
                conditions.holds(f"{column} = {normal('?')}", value)
        conditions.equal("user", user).equal("platform", platform).equal("ownership", ownership)
        conditions.among("organization_group", groups)
        conditions.among("status", statuses or None).among("assignment", assignments or None)
        if locked is not None:
            conditions.holds("(lock_reason IS NOT NULL) = ?", locked)
        if seen_since is not None:
            conditions.holds("seen >= ?", stamp(seen_since))
        return found(self._connection, _SELECT, conditions, self._record, offset=offset, limit=limit)

    def count_for_user(self, user: int, *, other_than: int | None = None) -> int:
        """Count the devices that count against a user's limit."""
        query = f"SELECT count(*) FROM device WHERE {_COUNTED_FOR}"  # noqa: S608 - our own words
        return number(self._connection, query, user, user, user, other_than)

    def count_by_ownership(self, user: int, *, other_than: int | None = None) -> Mapping[Ownership, int]:
        """Count the same by ownership."""
        query = f"SELECT ownership, count(*) AS devices FROM device WHERE {_COUNTED_FOR} GROUP BY ownership"  # noqa: S608
        counted = rows(self._connection, query, user, user, user, other_than)
        return {**dict.fromkeys(Ownership, 0), **{Ownership(each["ownership"]): each["devices"] for each in counted}}

    def count_in(self, groups: Collection[int], *, other_than: int | None = None) -> int:
        """Count the devices of groups that are enrolled or about to be."""
        conditions = Conditions().among("organization_group", groups).holds(_COUNTED, other_than)
        query = f"SELECT count(*) FROM device WHERE {conditions}"  # noqa: S608 - our own words
        return number(self._connection, query, *conditions.values)

    def add(self, device: DeviceRecord) -> DeviceRecord:
        """Store a new device."""
        return replace(device, id=insert(self._connection, "device", device_columns(device)))

    def replace(self, device: DeviceRecord) -> None:
        """Store a device anew."""
        update(self._connection, "device", "id", device_columns(device))

    def remove(self, device: int) -> None:
        """Forget a device, with what the schema ties to it."""
        delete(self._connection, "device", device)

    def _one(self, condition: str, *values: object) -> DeviceRecord | None:
        return next(iter(self._all(condition, *values)), None)

    def _all(self, condition: str, *values: object) -> list[DeviceRecord]:
        return [self._record(each) for each in rows(self._connection, _SELECT + condition, *values)]

    def _record(self, values: sqlite3.Row) -> DeviceRecord:
        key = values["enrollment_key"]
        return device_record(values, self._last_seen(key) if key else None)
