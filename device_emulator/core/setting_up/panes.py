"""The panes of Setup Assistant on iPhones and iPads: which there are, in which order, and what a person does at each.

The names are those of SkipSetupItems; three panes that nobody can leave out have names of ours in the same style.
https://developer.apple.com/documentation/devicemanagement/skipkeys
A pane is shown if the device's system knows it, if it makes sense on this device, and if its organization did not skip
it. What comes before the device has asked Apple cannot be skipped: only then does it learn whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up.passage import Passage
from mdm_server.wire.commands.permission import version_number

Condition = Callable[[Handheld, Passage], bool]
FIRST_SYSTEM = "7.0"
"""The first with a Setup Assistant that an organization could shorten."""
INTELLIGENT = ("iPhone16,", "iPhone17,", "iPad14,5")
WITH_ACTION_BUTTON = ("iPhone16,", "iPhone17,")
WITH_CAMERA_BUTTON = ("iPhone17,",)
WIFI, REMOTE_MANAGEMENT = "WiFi", "RemoteManagement"


def _always(_: Handheld, __: Passage) -> bool:
    return True


def _phones(handheld: Handheld, _: Passage) -> bool:
    return handheld.hardware.model.is_phone


def _cellular(handheld: Handheld, _: Passage) -> bool:
    return handheld.hardware.model.has_cellular


def _signed_in(handheld: Handheld, _: Passage) -> bool:
    return handheld.apple_account is not None


def _updated(_: Handheld, passage: Passage) -> bool:
    return passage.updated


def _restored(_: Handheld, passage: Passage) -> bool:
    return passage.restored


def _models(*products: str) -> Condition:
    def fits(handheld: Handheld, _: Passage) -> bool:
        return handheld.hardware.model.product_name.startswith(products)

    return fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """One pane.

    Attributes:
        name: its key in SkipSetupItems.
        deed: what a person does there.
        introduced, ended: the first system that shows it, and the first that does no more.
        fits: whether it makes sense on a device, at this point.
        can_be_skipped: whether the organization can leave it out.

    """

    name: str
    deed: str
    introduced: str = FIRST_SYSTEM
    ended: str | None = None
    fits: Condition = _always
    can_be_skipped: bool = True

    def is_known_to(self, version: str) -> bool:
        """Say whether a system shows this pane."""
        number = version_number(version)
        return version_number(self.introduced) <= number and (self.ended is None or number < version_number(self.ended))


def _pane(name: str, deed: str, introduced: str = FIRST_SYSTEM, fits: Condition = _always) -> Pane:
    return Pane(name=name, deed=deed, introduced=introduced, fits=fits)


def _greeting(name: str, deed: str, introduced: str = FIRST_SYSTEM) -> Pane:
    return Pane(name=name, deed=deed, introduced=introduced, can_be_skipped=False)


def _bygone(name: str, deed: str, introduced: str, ended: str) -> Pane:
    return Pane(name=name, deed=deed, introduced=introduced, ended=ended)


GREETING: tuple[Pane, ...] = (
    _greeting("Language", "chooses a language"),
    _greeting("Region", "chooses a country or region"),
    _greeting("Keyboard", "keeps the keyboards that go with the language", "13.0"),
    _greeting("SpokenLanguage", "keeps the language to dictate in", "13.0"),
    _greeting("TermsOfAddress", "says how to be addressed, or not now", "16.0"),
    _greeting(WIFI, "joins a network, or waits until there is one"),
)
"""Before the device has asked Apple."""

AFTERWARDS: tuple[Pane, ...] = (
    _pane("UpdateCompleted", "reads that the update is complete", "14.0", _updated),
    _pane("Privacy", "reads about data and privacy", "11.3"),
    _pane("DeviceToDeviceMigration", "transfers nothing from another device", "12.4"),
    _pane("Biometric", "lets the device learn a face or a finger, or sets that up later", "8.1"),
    _pane("Passcode", "chooses a passcode, or uses none"),
    _pane("Restore", "restores from a backup, or transfers nothing"),
    _pane("RestoreCompleted", "reads that the transfer is complete", "14.0", _restored),
    _pane("AppleID", "signs in with an Apple Account, or sets that up later"),
    _pane("TOS", "agrees to the terms and conditions"),
    _pane("EnableLockdownMode", "leaves lockdown mode off", "17.1", _signed_in),
    _pane("AppStore", "reads about the App Store", "14.3", _signed_in),
    _pane("SoftwareUpdate", "lets the device keep itself up to date", "12.0"),
    _pane("iMessageAndFaceTime", "keeps the suggested addresses", "12.0"),
    _pane("MessagingActivationUsingPhoneNumber", "lets iMessage use the number", "10.0", _phones),
    _pane("Location", "allows location services"),
    _pane("SIMSetup", "adds no cellular plan", "12.0", _cellular),
    _pane("Payment", "sets Apple Pay up later", "8.1"),
    _pane("Siri", "sets Siri up later"),
    _pane("Intelligence", "sets Apple Intelligence up later", "18.0", _models(*INTELLIGENT)),
    _pane("ScreenTime", "sets Screen Time up later", "12.0"),
    _pane("Diagnostics", "shares no analytics"),
    _pane("WatchMigration", "migrates no watch", "11.0", _phones),
    _pane("ActionButton", "keeps the action button as it is", "17.0", _models(*WITH_ACTION_BUTTON)),
    _pane("CameraButton", "keeps the camera control as it is", "18.0", _models(*WITH_CAMERA_BUTTON)),
    _pane("Safety", "reads about emergency calls", "16.0", _phones),
    _pane("Appearance", "keeps the light appearance", "13.0"),
    _bygone("DisplayTone", "keeps True Tone", "9.3.2", "15.0"),
    _bygone("Zoom", "keeps the standard view", "8.3", "17.0"),
    _bygone("HomeButtonSensitivity", "chooses how the home button clicks", "10.0", "15.0"),
    _bygone("OnBoarding", "reads how to get around", "11.0", "14.0"),
    _pane("Welcome", "swipes up to get started", "13.0"),
)
"""When the device knows whose it is, and is enrolled if it is to be."""

OPTIONS: Mapping[str, str] = MappingProxyType({"Android": "Restore"})
"""What SkipSetupItems can take out of a pane, and out of which."""

PANES: tuple[Pane, ...] = GREETING + AFTERWARDS


def known_keys() -> frozenset[str]:
    """Return every key of SkipSetupItems that means something to an iPhone or iPad."""
    own = {WIFI, "Language", "Region"}
    return frozenset({pane.name for pane in PANES} - own | OPTIONS.keys())
