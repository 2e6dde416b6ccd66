"""The locks of devices, as administrators meet them: what releases one is written once, and told.

All functions here run inside one transaction of `Staging`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.staging.device_lock import LockEvent, released
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.registration import Registration
from mdm_server.service.staging.admission import journal_name
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import StagingRoom, StagingView


def release_devices(room: StagingRoom, devices: Iterable[DeviceRecord], event: LockEvent) -> list[DeviceRecord]:
    """Release the locks that something ends; return the managed devices that are free now and were not before.

    Commands may have been withheld from those (I-21): whoever calls wakes them.
    """
    return [device for device in devices if release(room, device, event) and device.status in MANAGED]


def release(room: StagingRoom, device: DeviceRecord, event: LockEvent) -> bool:
    """Release a device's lock if something ends it; say whether it did."""
    if device.lock is None or released(device.lock, event) is not None:
        return False
    room.devices.replace(replace(device, lock=None))
    room.journal.tell(JournalCode.LOCK_RELEASED, device=journal_name(device), reason=device.lock.reason, by=event)
    return True


def devices_of(view: StagingView | StagingRoom, registration: Registration) -> list[DeviceRecord]:
    """Return the devices a registration is about: those that share an identifier, and the one it is bound to."""
    found = {device.id: device for device in view.devices.by_identifiers(registration.identifiers)}
    if registration.device is not None and (bound := view.devices.get(registration.device)) is not None:
        found[bound.id] = bound
    return list(found.values())
