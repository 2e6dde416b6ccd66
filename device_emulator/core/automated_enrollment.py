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
from device_emulator.core.conversation import OK, USER_AGENT, Conversation, Draft, Pause, patiently, said_by
from device_emulator.core.errors import ExchangeError
from device_emulator.core.events import SystemUpdated
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS, SystemVersion
from device_emulator.core.hub.typist import typist
from device_emulator.core.messages import RequestKind, ResponseArrived
from device_emulator.core.preferences import Preference
from device_emulator.core.setting_up.activating import device_identity
from device_emulator.core.setting_up.answers import SetupAnswers
from device_emulator.core.setting_up.events import SystemUpdateRequired
from device_emulator.core.setting_up.passage import Passage
from device_emulator.core.setting_up.web_sign_in import WebSignIn
from mdm_server.wire import plist
from mdm_server.wire.commands.permission import version_number
from mdm_server.wire.device_errors import DeviceErrorCode, parse_device_error
from mdm_server.wire.machine_info import MachineInfo

UNAUTHORIZED, FORBIDDEN = 401, 403
UPDATE_TAKES = timedelta(minutes=15)
FIRST_TO_UPDATE = (17,)
"""The first system that can be told to update before it enrols (iOS 17)."""
UNKNOWN_BUILD = "00A000"


def fetch_profile(handheld: Handheld, passage: Passage) -> Conversation[bytes]:
    """Ask for the enrolment profile, as often as it takes: after an update, and with credentials.

    Raises:
        ExchangeError: the server gives none, or takes nobody's word for it.

    """
    while True:
        response = yield from _ask(handheld, passage.answers)
        if response.status == OK:
            return response.body
        version = _wanted_version(response)
        if version is None:
            found = f"{response.status} {said_by(response)}"
            raise ExchangeError("profile.unavailable", f"expected a profile, found {found}")
        yield from _update(handheld, version)
        passage.updated = True


def _ask(handheld: Handheld, answers: SetupAnswers) -> Conversation[ResponseArrived]:
    """Ask in the way that the organization has chosen: at a page to sign in at, or without one."""
    profile = None if handheld.activation is None else handheld.activation.profile
    if profile is None:
        raise ExchangeError("setup.unassigned", "expected a device of an organization's, found one of nobody's")
    if profile.configuration_web_url is not None:
        sign_in = WebSignIn(handheld, answers, signed_machine_info(handheld))
        return (yield from sign_in.converse(profile.configuration_web_url))
    return (yield from _post(handheld, profile.url, answers))


def _post(handheld: Handheld, url: str, answers: SetupAnswers) -> Conversation[ResponseArrived]:
    """Post who the device is; type user name and password if the server asks for them (RFC 7617)."""
    response = yield from patiently(handheld, _question(handheld, url, {}))
    if response.status != UNAUTHORIZED:
        return response
    if answers.user_name is not None:
        typed = _basic(answers.user_name, typist(handheld)(answers.password or ""))
        response = yield from patiently(handheld, _question(handheld, url, typed))
    if response.status == UNAUTHORIZED:
        raise ExchangeError("setup.credentials", "expected to be let in, found that the server knows no such user")
    return response


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
        language=str(handheld.preferences.value(Preference.LANGUAGE)),
        can_request_software_update=version_number(handheld.system.version) >= FIRST_TO_UPDATE,
    )


def signed_machine_info(handheld: Handheld) -> bytes:
    """Return what the device says of itself, signed with the key it was made with (ExchangeError: it has none)."""
    content = plist.dumps(machine_info(handheld).to_plist())
    return signed_data.sign(content, device_identity(handheld), when=handheld.clock())


def _question(handheld: Handheld, url: str, authorization: Mapping[str, str]) -> Draft:
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/pkcs7-signature", **authorization}
    return Draft(RequestKind.PROFILE, "POST", url, headers, signed_machine_info(handheld))


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
    handheld.emit(SystemUpdateRequired(version))
    yield Pause(handheld.clock() + UPDATE_TAKES)
    handheld.system = oldest
    handheld.emit(SystemUpdated(handheld.system.version))


def _basic(user_name: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{user_name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}
