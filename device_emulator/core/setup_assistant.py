"""Setup Assistant: the panes between switching a device on for the first time and using it."""

from __future__ import annotations

from device_emulator.core import holding
from device_emulator.core.events import SetupAssistantFinished
from device_emulator.core.handheld import Handheld

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


def finish_setup_assistant(handheld: Handheld) -> None:
    """Go through the panes that are shown; at one of them the person chooses a passcode."""
    panes = panes_shown(handheld.skipped_panes)
    if "Passcode" in panes:
        holding.choose_passcode(handheld, holding.usual_passcode(handheld))
    handheld.emit(SetupAssistantFinished(panes))
