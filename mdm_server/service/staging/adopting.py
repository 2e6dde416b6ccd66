"""Devices that enrolled with an enrolment profile alone: unknown to staging until an administrator names one.

Whoever denies or registers such a device means it all the same. So it is put on staging's record then, as it stands:
managed, and nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.vocabulary import EntryChannel, Platform
from mdm_server.service.staging.identifiers import new_uuid
from mdm_server.store.contract import Store
from mdm_server.store.records import EnrollmentRow
from mdm_server.store.staging import NEW, ROOT_GROUP, StagingRoom


class Adoption:
    """Finds managed devices by what an administrator calls them."""

    def __init__(self, store: Store, random_bytes: Callable[[int], bytes]) -> None:
        self._store = store
        self._random_bytes = random_bytes

    async def find(self, named: Iterable[DeviceIdentifiers]) -> list[DeviceRecord]:
        """Return a record for each managed device that is named, for `adopt` to store where there is none."""
        rows: dict[str, EnrollmentRow] = {}
        for identifiers in named:
            if identifiers.udid and (row := await self._store.enrollments.find(identifiers.udid)) is not None:
                rows[row.channel.key] = row
            if identifiers.serial_number:
                found = await self._store.enrollments.find_by_serial_number(identifiers.serial_number)
                rows |= {row.channel.key: row for row in found}
        return [self._record(row) for row in rows.values() if row.channel.is_device and row.status in MANAGED]

    def _record(self, row: EnrollmentRow) -> DeviceRecord:
        said = {name: str(value) for name, value in row.details.items() if value is not None}
        return DeviceRecord(
            NEW,
            new_uuid(self._random_bytes),
            Platform.IOS,
            DeviceIdentifiers(row.channel.key, row.serial_number, said.get("IMEI")),
            model=said.get("ProductName") or said.get("Model", ""),
            os_version=said.get("OSVersion", ""),
            friendly_name=said.get("DeviceName", ""),
            group=ROOT_GROUP,
            status=row.status,
            enrollment_key=row.channel.key,
            via=EntryChannel.ADMIN_API,
            last_seen=row.last_seen,
        )


def adopt(room: StagingRoom, records: Iterable[DeviceRecord]) -> None:
    """Put devices on record that are on none yet."""
    for record in records:
        assert record.enrollment_key is not None
        known = room.devices.by_enrollment_key(record.enrollment_key)
        if known is None and not room.devices.by_identifiers(record.identifiers, record.platform):
            room.devices.add(record)
