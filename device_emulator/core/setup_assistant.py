"""Setup Assistant: the panes between switching a device on for the first time and using it."""

from __future__ import annotations

# In the order in which iOS shows them; the names are those of SkipSetupItems.
# https://developer.apple.com/documentation/devicemanagement/skipkeys
PANES: tuple[str, ...] = (
    "Language",
    "Region",
    "DeviceToDeviceMigration",
    "WiFi",
    "Biometric",
    "Passcode",
    "Restore",
    "AppleID",
    "TOS",
    "SoftwareUpdate",
    "iMessageAndFaceTime",
    "Location",
    "Payment",
    "Siri",
    "ScreenTime",
    "Diagnostics",
    "Appearance",
    "Welcome",
)


def panes_shown(skipped: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the panes its person has to go through."""
    return tuple(pane for pane in PANES if pane not in skipped)
