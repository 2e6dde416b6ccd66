"""The Settings command: each item stands for itself, and is acknowledged or refused on its own.

The table says what each item demands (platform, version, supervision, access right, Shared iPad). The answer is an
array, as the archived MDM Protocol Reference has it (“Managed Settings”); Apple's schema calls it a dictionary.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from device_emulator.core.answers.answerer import SEALED, Answer, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, link
from device_emulator.core.answers.sightings import SettingChanged
from device_emulator.core.applications import Application
from device_emulator.core.handheld import Handheld
from device_emulator.core.preferences import Preference
from mdm_server.wire.command import Command
from mdm_server.wire.commands import COMMANDS, Reason
from mdm_server.wire.commands.permission import check_support
from mdm_server.wire.plist import PlistDict
from mdm_server.wire.results import ErrorChainItem, Status

Setting = Callable[[Handheld, Mapping[str, Any]], ErrorChainItem | None]
"""Changes a setting, or returns why not."""

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
IANA_ZONE = re.compile(r"[A-Za-z]+(/[A-Za-z0-9_+-]+)*")

_SPEC = COMMANDS["Settings"]
SUPPORT = {item.name: item.availability.within(_SPEC.support) for item in _SPEC.named("Settings").fields}
"""What each item demands."""


@answerer(
    "Settings",
    Fidelity.SIMPLIFIED,
    "every item of an iPhone or unshared iPad is set and can be asked for; the wallpaper is remembered by its hash",
    not_now=SEALED,
)
def settings(handheld: Handheld, command: Command) -> Answer:
    """Change the settings one by one."""
    results = [_result(handheld, item) for item in command.fields["Settings"]]
    return Answer(values={"Settings": results})


def _result(handheld: Handheld, item: Mapping[str, Any]) -> PlistDict:
    problem = _refusal(handheld, item) or SETTINGS[item["Item"]](handheld, item)
    if problem is None:
        handheld.emit(SettingChanged(item["Item"]))
        result: PlistDict = {"Status": Status.ACKNOWLEDGED.value}
    else:
        result = {"Status": Status.ERROR.value, "ErrorChain": [problem.to_plist()]}
    return result | ({"Identifier": item["Identifier"]} if item["Item"] in OF_APPLICATIONS else {})


def _refusal(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
    """Return why the device does not set an item at all: it does not know it, or the server may not."""
    name = item["Item"]
    refused = check_support(name, SUPPORT[name], handheld.situation) if name in SUPPORT else None
    if refused is not None and refused.reason not in {Reason.PLATFORM, Reason.VERSION}:
        return link(ErrorCode.NOT_AUTHORIZED, refused.text)
    if refused is not None or name not in SETTINGS:
        return link(ErrorCode.UNKNOWN_SETTING, f"There is no setting “{name}”.")
    return None


def _switch(preference: Preference) -> Setting:
    return _kept(preference, "Enabled")


def _kept(preference: Preference, key: str) -> Setting:
    def change(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
        handheld.preferences.change(preference, item[key])
        return None

    return change


def _data_roaming(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
    """Set data roaming, which brings voice roaming with it."""
    handheld.preferences.change(Preference.DATA_ROAMING, item["Enabled"])
    if item["Enabled"]:
        handheld.preferences.change(Preference.VOICE_ROAMING, True)
    return None


def _voice_roaming(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
    """Set voice roaming, without which there is no data roaming."""
    handheld.preferences.change(Preference.VOICE_ROAMING, item["Enabled"])
    if not item["Enabled"]:
        handheld.preferences.change(Preference.DATA_ROAMING, False)
    return None


def _wallpaper(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
    image: bytes = item["Image"]
    if not image.startswith((PNG, JPEG)):
        return link(ErrorCode.BAD_WALLPAPER_IMAGE, "The wallpaper is neither PNG nor JPEG.")
    digest = hashlib.sha256(image).hexdigest()
    handheld.preferences.change(Preference.WALLPAPER, {"Where": item["Where"], "SHA256": digest})
    return None


def _time_zone(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
    if not IANA_ZONE.fullmatch(item["TimeZone"]):
        return link(ErrorCode.MALFORMED_REQUEST, "The time zone is not one of the IANA's names, such as Europe/Berlin.")
    handheld.preferences.change(Preference.TIME_ZONE, item["TimeZone"])
    return None


def _organization_info(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
    """Set what is known of the organization; an item without the dictionary takes it away."""
    handheld.preferences.change(Preference.ORGANIZATION_INFO, dict(item.get("OrganizationInfo", {})))
    return None


def _merged(preference: Preference, key: str | None = None) -> Setting:
    """Return a setting whose keys are set one by one: what an item does not mention stays as it was."""

    def change(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
        before = handheld.preferences.value(preference)
        given = item if key is None else item[key]
        after = {name: value for name, value in given.items() if name != "Item"}
        handheld.preferences.change(preference, (before if isinstance(before, dict) else {}) | after)
        return None

    return change


def _of_application(change: Callable[[Application, Mapping[str, Any]], Application]) -> Setting:
    def apply(handheld: Handheld, item: Mapping[str, Any]) -> ErrorChainItem | None:
        application = handheld.applications.find(item["Identifier"])
        if application is None or not application.is_managed:
            return link(ErrorCode.APP_NOT_MANAGED, f"“{item['Identifier']}” is not managed.")
        handheld.applications.install(change(application, item))
        return None

    return apply


# An item without the dictionary takes away what was there.
OF_APPLICATIONS: Mapping[str, Setting] = {
    "ApplicationConfiguration": _of_application(
        lambda before, item: replace(before, configuration=item.get("Configuration"))
    ),
    "ApplicationAttributes": _of_application(lambda before, item: replace(before, attributes=item.get("Attributes"))),
}
SETTINGS: Mapping[str, Setting] = {
    "Wallpaper": _wallpaper,
    "DataRoaming": _data_roaming,
    "VoiceRoaming": _voice_roaming,
    "PersonalHotspot": _switch(Preference.PERSONAL_HOTSPOT),
    "Bluetooth": _switch(Preference.BLUETOOTH),
    "DeviceName": _kept(Preference.DEVICE_NAME, "DeviceName"),
    "OrganizationInfo": _organization_info,
    "MDMOptions": _merged(Preference.MDM_OPTIONS, "MDMOptions"),
    "DiagnosticSubmission": _switch(Preference.DIAGNOSTIC_SUBMISSION),
    "AppAnalytics": _switch(Preference.APP_ANALYTICS),
    "PasscodeLockGracePeriod": _kept(Preference.PASSCODE_LOCK_GRACE_PERIOD, "PasscodeLockGracePeriod"),
    "TimeZone": _time_zone,
    "SoftwareUpdateSettings": _kept(Preference.SOFTWARE_UPDATE, "RecommendationCadence"),
    "AccessibilitySettings": _merged(Preference.ACCESSIBILITY),
    **OF_APPLICATIONS,
}
"""How each item is set; those of a Shared iPad alone (MaximumResidentUsers, SharedDeviceConfiguration) are missing."""
