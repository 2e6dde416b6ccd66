"""What can be set on a device, by its person or by the Settings command. Only departures from the default are kept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from mdm_server.wire.plist import PlistValue


class Preference(StrEnum):
    """One thing that can be set."""

    DEVICE_NAME = "DeviceName"
    LANGUAGE = "Language"
    REGION = "Region"
    BIOMETRICS = "Biometrics"
    DATA_ROAMING = "DataRoaming"
    VOICE_ROAMING = "VoiceRoaming"
    PERSONAL_HOTSPOT = "PersonalHotspot"
    BLUETOOTH = "Bluetooth"
    DIAGNOSTIC_SUBMISSION = "DiagnosticSubmission"
    APP_ANALYTICS = "AppAnalytics"
    TIME_ZONE = "TimeZone"
    WALLPAPER = "Wallpaper"
    ORGANIZATION_INFO = "OrganizationInfo"
    MDM_OPTIONS = "MDMOptions"
    PASSCODE_LOCK_GRACE_PERIOD = "PasscodeLockGracePeriod"
    ACCESSIBILITY = "AccessibilitySettings"
    SOFTWARE_UPDATE = "SoftwareUpdateSettings"


DEFAULTS: Mapping[Preference, PlistValue] = MappingProxyType(
    {
        Preference.LANGUAGE: "en",
        Preference.REGION: "DE",
        Preference.BIOMETRICS: False,
        Preference.DATA_ROAMING: False,
        Preference.VOICE_ROAMING: True,
        Preference.PERSONAL_HOTSPOT: False,
        Preference.BLUETOOTH: True,
        Preference.DIAGNOSTIC_SUBMISSION: False,
        Preference.APP_ANALYTICS: False,
        Preference.TIME_ZONE: "Europe/Berlin",
        Preference.PASSCODE_LOCK_GRACE_PERIOD: 0,
    }
)

_SINGLE: dict[tuple[Preference, bool], dict[Preference, PlistValue]] = {}
"""What is set on devices on which one thing is, and that is on or off."""


class Preferences:
    """The preferences of one device."""

    __slots__ = ("_changed",)

    def __init__(self, changed: Mapping[str, PlistValue] | None = None) -> None:
        self._changed: dict[Preference, PlistValue] | None = None
        for name, value in (changed or {}).items():
            self.change(Preference(name), value)

    def value(self, preference: Preference) -> PlistValue | None:
        """Return what a preference is set to; None where it has no default and was never set."""
        return (self._changed or {}).get(preference, DEFAULTS.get(preference))

    def change(self, preference: Preference, value: PlistValue) -> None:
        """Set a preference."""
        if value == self.value(preference):
            return
        self._changed = _one_for_all({**(self._changed or {}), preference: value})

    def changed(self) -> dict[Preference, PlistValue]:
        """Return what departs from the defaults."""
        return dict(self._changed or {})


def _one_for_all(changed: dict[Preference, PlistValue]) -> dict[Preference, PlistValue]:
    """Return one object for all devices on which the same is set: most have learned a face, and nothing else."""
    if len(changed) == 1 and all(isinstance(value, bool) for value in changed.values()):
        ((preference, value),) = changed.items()
        return _SINGLE.setdefault((preference, bool(value)), changed)
    return changed
