"""What a lost device still does for its server: a table over every request type.

Apple says that a lost device answers an invalid command with error 12078, and nowhere which commands are valid. What it
does say is here as its word: the commands of lost mode itself; DeviceInformation, which reports lost mode, DeviceLock,
which answers `DeviceInLostMode`, and EraseDevice, which ends it. The rest is our reading: what Apple guarantees to run
in every state runs in this one, asking costs nothing, and nothing new comes to a device that is in strange hands.
https://developer.apple.com/documentation/devicemanagement/enable-lost-mode-command
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from device_emulator.core.answers import elsewhere


class WhenLost(StrEnum):
    """Why a lost device runs a command, or why it does not."""

    DOCUMENTED = "Apple says so, command by command"
    GUARANTEED = "Apple guarantees that it runs in every state"
    ONLY_ASKS = "it changes nothing"
    SWITCHES = "it changes whether the device runs, and not what is on it"
    REFUSED = "it would change what the finder holds"
    ELSEWHERE = "no device here runs it, lost or not"

    @property
    def runs(self) -> bool:
        """Say whether the device runs it."""
        return self not in {WhenLost.REFUSED, WhenLost.ELSEWHERE}


_ROWS: Mapping[WhenLost, tuple[str, ...]] = {
    WhenLost.DOCUMENTED: (
        "EnableLostMode",
        "DisableLostMode",
        "DeviceLocation",
        "PlayLostModeSound",
        "DeviceInformation",
        "DeviceLock",
        "EraseDevice",
    ),
    # Archived MDM Protocol Reference, “Error Handling”: never NotNow.
    WhenLost.GUARANTEED: (
        "ClearPasscode",
        "InstalledApplicationList",
        "ProfileList",
        "ProvisioningProfileList",
        "Restrictions",
    ),
    WhenLost.ONLY_ASKS: (
        "ActivationLockBypassCode",
        "AvailableOSUpdates",
        "CertificateList",
        "ManagedApplicationAttributes",
        "ManagedApplicationConfiguration",
        "ManagedApplicationFeedback",
        "ManagedApplicationList",
        "ManagedMediaList",
        "OSUpdateStatus",
        "RequestUnlockToken",
        "SecurityInfo",
    ),
    WhenLost.SWITCHES: ("RestartDevice", "ShutDownDevice"),
    WhenLost.REFUSED: (
        "ApplyRedemptionCode",
        "ClearActivationLockBypassCode",
        "ClearRestrictionsPassword",
        "DeclarativeManagement",
        "DeviceConfigured",
        "InstallApplication",
        "InstallMedia",
        "InstallProfile",
        "InstallProvisioningProfile",
        "InviteToProgram",
        "RefreshCellularPlans",
        "RemoveApplication",
        "RemoveMedia",
        "RemoveProfile",
        "RemoveProvisioningProfile",
        "RequestMirroring",
        "ScheduleOSUpdate",
        "Settings",
        "StopMirroring",
        "ValidateApplications",
    ),
    WhenLost.ELSEWHERE: tuple(row.request_type for row in elsewhere.ANSWERERS),
}
WHEN_LOST: Mapping[str, WhenLost] = MappingProxyType(
    {request_type: reason for reason, request_types in _ROWS.items() for request_type in request_types}
)
"""What becomes of each request type on a lost device."""
