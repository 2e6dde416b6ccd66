"""Setup Assistant of a device that Apple Business Manager has assigned to a server.

When it is activated, Apple tells it who manages it and how Setup Assistant is to be. It then says to that server who it
is, in a MachineInfo signed with the key it was born with, updates its system if it is told to, and asks its person
for credentials if the server wants to know. Only then come the other panes.
https://developer.apple.com/documentation/devicemanagement/machineinfo
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta

from certs import signed_data
from certs.names import name_of
from device_emulator.core.activation import SettingUp
from device_emulator.core.conversation import OK, USER_AGENT, Conversation, Draft, Pause, patiently, said_by
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import SystemUpdated
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS, SystemVersion
from device_emulator.core.hub.typist import typist
from device_emulator.core.messages import RequestKind, ResponseArrived
from mdm_server.wire import plist
from mdm_server.wire.commands.permission import version_number
from mdm_server.wire.device_errors import DeviceErrorCode, parse_device_error
from mdm_server.wire.machine_info import MachineInfo

UNAUTHORIZED, FORBIDDEN = 401, 403
UPDATE_TAKES = timedelta(minutes=15)
FIRST_TO_UPDATE = (17,)
"""The first system that can be told to update before it enrols (iOS 17)."""
UNKNOWN_BUILD = "00A000"
ORGANIZATION = "mdmsim TEST devices"


def fetch_profile(handheld: Handheld, setting_up: SettingUp) -> Conversation[bytes]:
    """Ask for the enrolment profile, as often as it takes: after an update, and with credentials.

    Raises:
        ExchangeError: the server gives none, or takes nobody's word for it.

    """
    authorization: dict[str, str] = {}
    while True:
        response = yield from patiently(handheld, _question(handheld, _url(setting_up), authorization))
        if response.status == OK:
            return response.body
        version = _wanted_version(response)
        if version is not None:
            yield from _update(handheld, version)
        elif response.status == UNAUTHORIZED and setting_up.user_name is not None and not authorization:
            authorization = _basic(setting_up.user_name, typist(handheld)(setting_up.password or ""))
        elif response.status == UNAUTHORIZED:
            raise ExchangeError("setup.credentials", "expected to be let in, found that the server knows no such user")
        else:
            found = f"{response.status} {said_by(response)}"
            raise ExchangeError("profile.unavailable", f"expected a profile, found {found}")


def machine_info(handheld: Handheld) -> MachineInfo:
    """Return what the device says of itself."""
    machine = handheld.hardware
    return MachineInfo(
        udid=machine.udid,
        serial=machine.serial_number,
        product=machine.model.product_name,
        version=handheld.system.build,
        os_version=handheld.system.version,
        imei=machine.imei(handheld.randomness),
        language="en",
        can_request_software_update=version_number(handheld.system.version) >= FIRST_TO_UPDATE,
    )


def _question(handheld: Handheld, url: str, authorization: Mapping[str, str]) -> Draft:
    vendor = handheld.settings.vendor
    if vendor is None:
        raise ExchangeError("setup.no_identity", "expected a device that its vendor vouches for, found one without")
    identity = vendor.issue_identity(name_of(handheld.hardware.udid, ORGANIZATION))
    body = signed_data.sign(plist.dumps(machine_info(handheld).to_plist()), identity, when=handheld.clock())
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/pkcs7-signature", **authorization}
    return Draft(RequestKind.PROFILE, "POST", url, headers, body)


def _url(setting_up: SettingUp) -> str:
    profile = None if setting_up.record is None else setting_up.record.profile
    if profile is None:
        raise ExchangeError("setup.unassigned", "expected a device of an organization's, found one of nobody's")
    return profile.url


def _wanted_version(response: ResponseArrived) -> str | None:
    """Return the system version that the server wants to see first, if that is what it says."""
    if response.status != FORBIDDEN:
        return None
    error = parse_device_error(response.body, response.headers.get("content-type"))
    if error is None or error.code != DeviceErrorCode.SOFTWARE_UPDATE_REQUIRED:
        return None
    version = error.details.get("OSVersion")
    return version if isinstance(version, str) else None


def _update(handheld: Handheld, version: str) -> Conversation[None]:
    """Install the oldest system that will do."""
    wanted = version_number(version)
    newer = [each for each in SYSTEM_VERSIONS if version_number(each.version) >= wanted]
    oldest = min(newer, key=lambda each: version_number(each.version), default=SystemVersion(version, UNKNOWN_BUILD))
    if version_number(handheld.system.version) >= wanted:
        raise ExchangeError("setup.update", f"expected to be new enough for {version}, found that the server disagrees")
    yield Pause(handheld.clock() + UPDATE_TAKES)
    handheld.system = oldest
    handheld.emit(SystemUpdated(handheld.system.version))


def _basic(user_name: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{user_name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}
