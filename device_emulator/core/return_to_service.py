"""Return to Service: a device that is erased and sets itself up again, without a person.

What the server sends along is looked at before anything is erased. Afterwards the device has the Wi-Fi that it is to
use, and goes through Setup Assistant by itself: it is activated, and enrols with the profile it was given, or with the
one that its organization's server gives to every device of its kind.
https://developer.apple.com/documentation/devicemanagement/returning-a-managed-device-to-service
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from device_emulator.core import effects, installing, leaving
from device_emulator.core.activation import SettingUp
from device_emulator.core.errors import ProfileRefusedError
from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up.answers import Guide
from device_emulator.core.setting_up.finishing import greet
from mdm_server.wire.enrollment_profile import read_enrollment_profile
from mdm_server.wire.errors import WireError
from mdm_server.wire.mobileconfig import OpenedProfile

WIFI = "com.apple.wifi.managed"
MISSING = "return_to_service.missing"


@dataclass(frozen=True, slots=True)
class Return:
    """A way back into service: the network to use, and the profile to enrol with where one was sent."""

    wifi: OpenedProfile
    enrollment: bytes | None = field(default=None, repr=False)


def plan(handheld: Handheld, wanted: Mapping[str, Any]) -> Return:
    """Look at what came with the command (`ReturnToService` of EraseDevice).

    Raises:
        ProfileRefusedError: something is missing (`return_to_service.missing`), or is not the profile it should be.

    """
    wifi, enrollment = wanted.get("WiFiProfileData"), wanted.get("MDMProfileData")
    if not wifi:
        raise ProfileRefusedError(MISSING, "expected WiFiProfileData, for this device has no cable; found none")
    if not enrollment and needs_profile(handheld):
        raise ProfileRefusedError(MISSING, "expected MDMProfileData, for nobody else says where to enrol; found none")
    opened = installing.open_configuration(handheld, wifi)
    if all(payload.type != WIFI for payload in opened.profile.payloads):
        raise ProfileRefusedError("profile.malformed", f"expected a profile with {WIFI}, found one without")
    if enrollment:
        _check_enrollment(handheld, enrollment)
    return Return(opened, enrollment or None)


def needs_profile(handheld: Handheld) -> bool:
    """Say whether the device cannot ask by itself for the profile to enrol with (schema, EraseDevice).

    Only a supervised one of Apple Business Manager can, and only where no person has to sign in on a web page.
    """
    profile = None if handheld.activation is None else handheld.activation.profile
    return not handheld.is_supervised or profile is None or profile.configuration_web_url is not None


def begin(handheld: Handheld, way_back: Return) -> None:
    """Erase the device, and have it begin Setup Assistant by itself."""
    leaving.erase(handheld)
    installing.put_on_device(handheld, way_back.wifi, managed=False)
    greet(handheld, SettingUp(guide=Guide.RETURN_TO_SERVICE, profile=way_back.enrollment))


def _check_enrollment(handheld: Handheld, document: bytes) -> None:
    opened = installing.open_configuration(handheld, document)
    if not effects.enrolls(opened.profile):
        raise ProfileRefusedError("profile.malformed", "expected a profile that enrols, found another")
    try:
        read_enrollment_profile(opened.profile)
    except WireError as error:
        raise ProfileRefusedError(error.code, error.detail) from error
