"""Restrictions (`com.apple.applicationaccess`) that have an effect here: what each forbids, and on which devices.

A restriction for supervised devices changes nothing on one that is not: it is listed, and ignored. What a person may
not do is refused as `restricted`; commands of the server are not bound by what restricts the person.
https://developer.apple.com/documentation/devicemanagement/restrictions
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from device_emulator.core.features import Feature
from device_emulator.core.handheld import Handheld
from mdm_server.wire.commands.permission import version_number

OLDEST = "4.0"
"""Since when a restriction is known of which Apple's schema says nothing else."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """One restriction: what it forbids, whether only to supervised devices, and since which iOS."""

    key: str
    forbids: str
    supervised: bool = True
    introduced: str = OLDEST


def _switch(key: str, introduced: str, forbids: str, *, supervised: bool = True) -> Restriction:
    return Restriction(key, forbids, supervised, introduced)


_ROWS = (
    _switch("allowCamera", OLDEST, "taking photos", supervised=False),
    _switch("allowScreenShot", "3.1", "taking a screenshot", supervised=False),
    _switch("allowAssistant", "5.0", "asking Siri", supervised=False),
    _switch("allowSafari", OLDEST, "browsing with Safari"),
    _switch("allowAirDrop", "7.0", "sharing by AirDrop"),
    _switch("allowVideoConferencing", OLDEST, "FaceTime calls"),
    _switch("allowChat", "5.0", "iMessage"),
    _switch("allowInAppPurchases", OLDEST, "buying in applications", supervised=False),
    _switch("allowHostPairing", "7.0", "letting a computer pair with the device"),
    _switch("allowFilesUSBDriveAccess", "13.0", "opening a USB drive"),
    _switch("allowVPNCreation", "11.0", "adding a VPN configuration"),
    _switch("allowBluetoothModification", "11.0", "changing Bluetooth settings"),
    _switch("allowPersonalHotspotModification", "12.2", "changing the personal hotspot"),
    _switch("allowCellularPlanModification", "11.0", "changing the cellular plan"),
    _switch("allowNotificationsModification", "9.3", "changing notifications"),
    _switch("allowWallpaperModification", "9.0", "choosing a wallpaper"),
    _switch("allowFingerprintModification", "8.3", "adding a fingerprint or face"),
    _switch("allowFindMyDevice", "13.0", "finding the device with Find My"),
    _switch("allowCloudDocumentSync", "5.0", "keeping documents in iCloud"),
    _switch("allowCloudKeychainSync", "7.0", "keeping passwords in iCloud", supervised=False),
    _switch("allowCloudPhotoLibrary", "9.0", "keeping photos in iCloud", supervised=False),
    _switch("allowEnablingRestrictions", "8.0", "setting up Screen Time"),
    _switch("allowGameCenter", "6.0", "Game Center"),
    _switch("allowProximitySetupToNewDevice", "11.0", "setting up a device nearby"),
    _switch("allowCloudBackup", "5.0", "backing up to iCloud", supervised=False),
    _switch("allowDiagnosticSubmission", "6.0", "sending diagnostics to Apple", supervised=False),
    _switch("allowAccountModification", "7.0", "signing in to an account, or out of it"),
    _switch("allowPasscodeModification", "9.0", "setting or changing the passcode"),
    _switch("allowDeviceNameModification", "9.0", "renaming the device"),
    _switch("allowUIConfigurationProfileInstallation", "6.0", "installing a profile by hand"),
    _switch("allowEraseContentAndSettings", "8.0", "erasing all content and settings"),
    _switch("allowAppInstallation", OLDEST, "installing applications; the server still may"),
    _switch("allowUIAppInstallation", "9.0", "using the App Store; the server still may"),
    _switch("allowAppRemoval", "4.2.1", "removing applications; the server still may"),
    Restriction("blockedAppBundleIDs", "opening the applications in the list", introduced="15.0"),
    Restriction("allowListedAppBundleIDs", "opening any application that is not in the list", introduced="15.0"),
    Restriction(
        "forceDelayedSoftwareUpdates", "seeing a system update in the first days after its release", introduced="11.3"
    ),
    Restriction("enforcedSoftwareUpdateDelay", "(how many days; 30 unless it says otherwise)", introduced="11.3"),
)
RESTRICTIONS: Mapping[str, Restriction] = MappingProxyType({row.key: row for row in _ROWS})
"""Every restriction that has an effect on a device here, by its key."""

FEATURES: Mapping[Feature, str] = MappingProxyType(
    {
        Feature.CAMERA: "allowCamera",
        Feature.SCREENSHOT: "allowScreenShot",
        Feature.SIRI: "allowAssistant",
        Feature.SAFARI: "allowSafari",
        Feature.AIRDROP: "allowAirDrop",
        Feature.VIDEO_CALL: "allowVideoConferencing",
        Feature.IMESSAGE: "allowChat",
        Feature.IN_APP_PURCHASE: "allowInAppPurchases",
        Feature.HOST_PAIRING: "allowHostPairing",
        Feature.USB_DRIVE: "allowFilesUSBDriveAccess",
        Feature.VPN_CONFIGURATION: "allowVPNCreation",
        Feature.BLUETOOTH_SETTINGS: "allowBluetoothModification",
        Feature.PERSONAL_HOTSPOT_SETTINGS: "allowPersonalHotspotModification",
        Feature.CELLULAR_PLAN_SETTINGS: "allowCellularPlanModification",
        Feature.NOTIFICATION_SETTINGS: "allowNotificationsModification",
        Feature.WALLPAPER: "allowWallpaperModification",
        Feature.FINGERPRINTS: "allowFingerprintModification",
        Feature.FIND_MY_DEVICE: "allowFindMyDevice",
        Feature.CLOUD_DOCUMENTS: "allowCloudDocumentSync",
        Feature.CLOUD_KEYCHAIN: "allowCloudKeychainSync",
        Feature.CLOUD_PHOTOS: "allowCloudPhotoLibrary",
        Feature.SCREEN_TIME: "allowEnablingRestrictions",
        Feature.GAME_CENTER: "allowGameCenter",
        Feature.PROXIMITY_SETUP: "allowProximitySetupToNewDevice",
    }
)
"""The restriction that forbids each feature."""

SHORTEST_DELAY, USUAL_DELAY, LONGEST_DELAY = 1, 30, 90


def in_force(handheld: Handheld) -> dict[str, Any]:
    """Return the restrictions that this device obeys, out of those that its profiles bring."""
    return {
        key: value
        for key, value in handheld.profiles.restrictions().items()
        if key in RESTRICTIONS and _obeys(handheld, RESTRICTIONS[key])
    }


def allows(handheld: Handheld, key: str) -> bool:
    """Say whether the device lets its person do what the switch `key` can forbid."""
    row = RESTRICTIONS[key]
    return not _obeys(handheld, row) or handheld.profiles.restrictions().get(row.key, True) is not False


def opens(handheld: Handheld, identifier: str) -> bool:
    """Say whether an application may be opened."""
    obeyed = in_force(handheld)
    listed = obeyed.get("allowListedAppBundleIDs")
    return identifier not in obeyed.get("blockedAppBundleIDs", ()) and (listed is None or identifier in listed)


def update_delay(handheld: Handheld) -> timedelta:
    """Return how long after its release a system update stays out of its person's sight."""
    obeyed = in_force(handheld)
    if obeyed.get("forceDelayedSoftwareUpdates") is not True:
        return timedelta(0)
    days = obeyed.get("enforcedSoftwareUpdateDelay", USUAL_DELAY)
    return timedelta(days=min(LONGEST_DELAY, max(SHORTEST_DELAY, days)) if isinstance(days, int) else USUAL_DELAY)


def _obeys(handheld: Handheld, row: Restriction) -> bool:
    if row.supervised and not handheld.is_supervised:
        return False
    return version_number(handheld.system.version) >= version_number(row.introduced)
