"""Restarting, shutting down, erasing: the device reports first and acts afterwards."""

from __future__ import annotations

from device_emulator.core import leaving, powering, return_to_service
from device_emulator.core.answers.answerer import Answer, Condition, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed, link
from device_emulator.core.answers.profiles import CAUSES
from device_emulator.core.errors import ProfileRefusedError
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command
from mdm_server.wire.commands import version_number

RETURNS_SINCE = (17,)
"""Older systems do not know ReturnToService, and what they do not know they ignore."""


@answerer(
    "RestartDevice",
    Fidelity.REAL,
    "off and on again; with a passcode, most stays sealed until it is typed",
    not_now=Condition.ON_CALL,
)
def restart_device(handheld: Handheld, command: Command) -> Answer:
    """Restart once the report is out."""
    return Answer(afterwards=powering.restart)


@answerer("ShutDownDevice", Fidelity.REAL, "off until its person switches it on", not_now=Condition.ON_CALL)
def shut_down_device(handheld: Handheld, command: Command) -> Answer:
    """Switch off once the report is out."""
    return Answer(afterwards=powering.shut_down)


@answerer(
    "EraseDevice",
    Fidelity.SIMPLIFIED,
    "back to Setup Assistant, or back into service without a person: missing or wrong profiles are refused before "
    "anything is erased (Error 4001; Apple names none). An activation lock stays, and stops the return. The data plan "
    "and proximity setup are ignored",
)
def erase_device(handheld: Handheld, command: Command) -> Answer:
    """Erase everything once the report is out."""
    wanted = command.fields.get("ReturnToService")
    if wanted is None or not wanted["Enabled"] or version_number(handheld.system.version) < RETURNS_SINCE:
        return Answer(afterwards=leaving.erase)
    try:
        way_back = return_to_service.plan(handheld, wanted)
    except ProfileRefusedError as error:
        cause = CAUSES.get(error.reason, ErrorCode.CANNOT_PARSE_PROFILE)
        text = "The device could not be returned to service, and was not erased."
        return failed(ErrorCode.INSTALLATION_FAILURE, text, link(cause, error.detail))
    return Answer(afterwards=lambda device: return_to_service.begin(device, way_back))
