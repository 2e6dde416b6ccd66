"""DeviceInformation: every query that Apple's schema has for iOS and iPadOS, answered from the device's state.

A query without an answer, or one the server has no right to, is left out of the answer, not refused (archived MDM
Protocol Reference, “DeviceInformation Commands”).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from device_emulator.core import activation_locking, gauges, restrictions
from device_emulator.core.answers import radio
from device_emulator.core.answers.answerer import Answer, Fidelity, answerer
from device_emulator.core.answers.habits import (
    backs_up_to_cloud,
    can_be_located,
    do_not_disturb,
    exchange_identifier,
    last_backup,
    store_account_hash,
)
from device_emulator.core.handheld import Handheld
from device_emulator.core.preferences import Preference
from device_emulator.core.states import LockState
from mdm_server.wire.command import Command
from mdm_server.wire.commands import COMMANDS, Field, Platform, PlatformSupport, Situation
from mdm_server.wire.commands.permission import check_support
from mdm_server.wire.plist import PlistValue

Query = Callable[[Handheld], "PlistValue | None"]


@answerer("DeviceInformation", Fidelity.REAL, "every query of iOS and iPadOS, save attestation (Apple's CA is needed)")
def device_information(handheld: Handheld, command: Command) -> Answer:
    """Answer what was asked, as far as the device knows it and the server may."""
    allowed = allowed_queries(handheld.situation)
    answered = ((name, QUERIES[name](handheld)) for name in command.fields["Queries"] if name in allowed)
    return Answer(values={"QueryResponses": {name: value for name, value in answered if value is not None}})


@lru_cache(maxsize=256)
def allowed_queries(situation: Situation) -> frozenset[str]:
    """Return the queries that a device in this situation answers; a fleet has few different ones."""
    return frozenset(name for name in QUERIES if check_support(name, SUPPORT[name], situation) is None)


def _support() -> Mapping[str, Mapping[Platform, PlatformSupport]]:
    spec = COMMANDS["DeviceInformation"]
    return MappingProxyType(
        {name: known.availability.within(spec.support) for name, known in spec.named("Queries").item.known.items()}
    )


SUPPORT = _support()
"""What each query demands of the device and of the server's rights."""


def _preference(preference: Preference) -> Query:
    return lambda handheld: handheld.preferences.value(preference)


def _organization_info(handheld: Handheld) -> PlistValue | None:
    given = handheld.preferences.value(Preference.ORGANIZATION_INFO)
    return _known_keys("OrganizationInfo", given)


def _mdm_options(handheld: Handheld) -> PlistValue | None:
    return _known_keys("MDMOptions", handheld.preferences.value(Preference.MDM_OPTIONS) or {})


def _known_keys(query: str, given: PlistValue | None) -> PlistValue | None:
    """Leave out what was set but cannot be asked for, such as OrganizationShortName, or a key nobody knows."""
    if not isinstance(given, dict):
        return None
    keys = {field.name for field in _answer(query).fields}
    return {key: value for key, value in given.items() if key in keys}


def _answer(query: str) -> Field:
    return COMMANDS["DeviceInformation"].answers[0].named(query)


def _available_capacity(handheld: Handheld) -> PlistValue:
    used = handheld.applications.size / 1_000_000_000
    return gauges.available_capacity(handheld.hardware, handheld.randomness, used)


def _software_update_settings(handheld: Handheld) -> PlistValue:
    return {"RecommendationsCadence": handheld.preferences.value(Preference.SOFTWARE_UPDATE) or 0}


def _sends_diagnostics(handheld: Handheld) -> PlistValue:
    wanted = handheld.preferences.value(Preference.DIAGNOSTIC_SUBMISSION)
    return wanted is True and restrictions.allows(handheld, "allowDiagnosticSubmission")


def _accessibility(handheld: Handheld) -> PlistValue:
    switches = ("BoldText", "IncreaseContrast", "ReduceMotion", "ReduceTransparency", "TouchAccommodations")
    state: dict[str, PlistValue] = {f"{switch}Enabled": False for switch in (*switches, "VoiceOver", "Zoom")}
    changed = _known_keys("AccessibilitySettings", handheld.preferences.value(Preference.ACCESSIBILITY))
    return state | {"TextSize": -1} | (changed if isinstance(changed, dict) else {})


QUERIES: Mapping[str, Query] = MappingProxyType(
    {
        "UDID": lambda handheld: handheld.hardware.udid,
        "OrganizationInfo": _organization_info,
        "MDMOptions": _mdm_options,
        "LastCloudBackupDate": last_backup,
        "AwaitingConfiguration": lambda handheld: bool(
            handheld.management and handheld.management.awaiting_configuration
        ),
        "iTunesStoreAccountIsActive": lambda handheld: store_account_hash(handheld) is not None,
        "iTunesStoreAccountHash": store_account_hash,
        "DeviceName": lambda handheld: handheld.name,
        "OSVersion": lambda handheld: handheld.system.version,
        "BuildVersion": lambda handheld: handheld.system.build,
        "SupplementalBuildVersion": lambda handheld: handheld.system.build,
        "ModelName": lambda handheld: handheld.hardware.model.model_name,
        "Model": lambda handheld: handheld.hardware.model.part_number + "LL",
        "ModelNumber": lambda handheld: handheld.hardware.model.part_number + "LL/A",
        "ProductName": lambda handheld: handheld.hardware.model.product_name,
        "SerialNumber": lambda handheld: handheld.hardware.serial_number,
        "DeviceCapacity": lambda handheld: float(handheld.hardware.capacity),
        "AvailableDeviceCapacity": _available_capacity,
        "BatteryLevel": lambda handheld: gauges.battery_level(handheld.randomness, handheld.clock()),
        "IsSupervised": lambda handheld: handheld.is_supervised,
        "IsMultiUser": lambda handheld: handheld.situation.shared_ipad,
        "IsDeviceLocatorServiceEnabled": can_be_located,
        "IsActivationLockEnabled": activation_locking.is_locked,
        "IsDoNotDisturbInEffect": do_not_disturb,
        "EASDeviceIdentifier": exchange_identifier,
        "IsCloudBackupEnabled": backs_up_to_cloud,
        "IsMDMLostModeEnabled": lambda handheld: handheld.lock is LockState.LOST,
        "DiagnosticSubmissionEnabled": _sends_diagnostics,
        "AppAnalyticsEnabled": _preference(Preference.APP_ANALYTICS),
        "TimeZone": _preference(Preference.TIME_ZONE),
        "SoftwareUpdateDeviceID": lambda handheld: handheld.hardware.model.product_name,
        "SoftwareUpdateSettings": _software_update_settings,
        "AccessibilitySettings": _accessibility,
        "BluetoothMAC": lambda handheld: handheld.hardware.address(handheld.randomness, "bluetooth"),
        "WiFiMAC": lambda handheld: handheld.hardware.address(handheld.randomness, "wifi"),
        **radio.QUERIES,
    }
)
"""How each query is answered; None stands for “no answer”."""
