"""What a locked device is not given: no profile, no app, no secret, until an administrator frees it (I-21)."""

from __future__ import annotations

from collections.abc import Iterable

from mdm_server.domain.staging.device_lock import keeps_out
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.registration import Registration, find_registration
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.wire.android_channel import CommandType

GIVEN_TO_LOCKED_DEVICES = frozenset(
    {
        # What locks it, finds it, or takes something away…
        "DeviceLock",
        "EnableLostMode",
        "DisableLostMode",
        "PlayLostModeSound",
        "DeviceLocation",
        "EraseDevice",
        "LogOutUser",
        "RemoveApplication",
        "RemoveMedia",
        "RemoveProfile",
        "RemoveProvisioningProfile",
        "RestartDevice",
        "ShutDownDevice",
        # …and what only asks.
        "AvailableOSUpdates",
        "CertificateList",
        "DeviceInformation",
        "InstalledApplicationList",
        "ManagedApplicationList",
        "ManagedMediaList",
        "OSUpdateStatus",
        "ProfileList",
        "ProvisioningProfileList",
        "Restrictions",
        "SecurityInfo",
        "UserList",
    }
)
"""The requests that a locked device is still sent; whatever else is queued for it waits."""

GIVEN_TO_LOCKED_ANDROIDS = frozenset(
    {
        CommandType.LOCK,
        CommandType.REBOOT,
        CommandType.WIPE,
        CommandType.ENTERPRISE_WIPE,
        CommandType.CLEAR_APP_DATA,
        CommandType.STOP_KIOSK,
    }
)
"""The commands that a locked Android is still sent: what locks it, or takes something away."""


def withholds(record: DeviceRecord, registrations: Iterable[Registration], settings: EnrollmentSettings) -> bool:
    """Say whether a device is given no more than that: it is locked, and not by a lock that spares who has it."""
    if record.lock is None:
        return False
    named = find_registration(registrations, record.identifiers)
    return keeps_out(record.lock, record.assignment.user, named, settings)
