"""From a command to its answer: what is checked before a device does anything, in one order."""

from __future__ import annotations

from collections.abc import Mapping

from mdm_server.wire.command import Command

from device_emulator.core.answers.answerer import Answer, Answerer, Condition, error
from device_emulator.core.answers.registry import ANSWERERS
from device_emulator.core.handheld import Handheld
from device_emulator.core.states import LifeState, LockState, PowerState
from mdm_server.wire.commands import COMMANDS, check_fields, may_run
from mdm_server.wire.commands.permission import Reason
from mdm_server.wire.results import ErrorChainItem, Status

MDM_ERRORS = "MCMDMErrorDomain"
# The numbers are those of the archived MDM Protocol Reference (2019-03-25, "Error Codes"); Apple no longer lists them.
NOT_AUTHORIZED = 12007
MALFORMED_REQUEST = 12008
INVALID_REQUEST_TYPE = 12021

CODES: Mapping[Reason, int] = {
    Reason.PLATFORM: INVALID_REQUEST_TYPE,
    Reason.VERSION: INVALID_REQUEST_TYPE,
    Reason.CHANNEL: INVALID_REQUEST_TYPE,
}


def answer(handheld: Handheld, command: Command, answerers: Mapping[str, Answerer] = ANSWERERS) -> Answer:
    """Run a command, or say why not: CommandFormatError, Error or NotNow, in this order."""
    spec, row = COMMANDS.get(command.request_type), answerers.get(command.request_type)
    if spec is None or row is None:
        return error(INVALID_REQUEST_TYPE, MDM_ERRORS, f"“{command.request_type}” is not a valid request type.")
    problems = [problem for problem in check_fields(spec, command.fields) if not problem.is_note]
    if problems:
        link = ErrorChainItem(code=MALFORMED_REQUEST, domain=MDM_ERRORS, description="; ".join(map(str, problems)))
        return Answer(status=Status.COMMAND_FORMAT_ERROR, error_chain=(link,))
    refused = may_run(spec, handheld.situation)
    if refused is not None:
        return error(CODES.get(refused.reason, NOT_AUTHORIZED), MDM_ERRORS, refused.text)
    if handheld.lock is LockState.LOST and not row.in_lost_mode:
        return error(NOT_AUTHORIZED, MDM_ERRORS, f"“{command.request_type}” is not run while the device is lost.")
    if conditions(handheld) & row.not_now:
        return Answer(status=Status.NOT_NOW)
    return row.act(handheld, command)


def conditions(handheld: Handheld) -> Condition:
    """Return the states the device is in that may put a command off."""
    present = Condition.NONE
    if handheld.is_locked:
        present |= Condition.LOCKED
    if handheld.power is PowerState.BEFORE_FIRST_UNLOCK:
        present |= Condition.BEFORE_FIRST_UNLOCK
    if handheld.on_call:
        present |= Condition.ON_CALL
    if handheld.life is LifeState.SETUP_ASSISTANT:
        present |= Condition.SETUP_ASSISTANT
    return present
