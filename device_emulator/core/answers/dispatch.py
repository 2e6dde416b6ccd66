"""From a command to its answer: what is checked before a device does anything, in one order."""

from __future__ import annotations

from collections.abc import Mapping

from device_emulator.core.answers.answerer import Answer, Answerer, Condition
from device_emulator.core.answers.error_codes import ErrorCode, failed, malformed
from device_emulator.core.answers.registry import ANSWERERS
from device_emulator.core.answers.when_lost import WHEN_LOST
from device_emulator.core.handheld import Handheld
from device_emulator.core.states import BEFORE_HOME, LockState, PowerState
from mdm_server.wire.command import Command
from mdm_server.wire.commands import COMMANDS, Reason, check_fields, may_run
from mdm_server.wire.results import Status

# What a device cannot know at all is an invalid request type to it; what it may not do is not authorised.
CODES: Mapping[Reason, ErrorCode] = {
    Reason.PLATFORM: ErrorCode.INVALID_REQUEST_TYPE,
    Reason.VERSION: ErrorCode.INVALID_REQUEST_TYPE,
    Reason.CHANNEL: ErrorCode.INVALID_REQUEST_TYPE,
}


def answer(handheld: Handheld, command: Command, answerers: Mapping[str, Answerer] = ANSWERERS) -> Answer:
    """Run a command, or say why not: CommandFormatError, Error or NotNow, in this order."""
    spec, row = COMMANDS.get(command.request_type), answerers.get(command.request_type)
    if spec is None or row is None:
        return failed(ErrorCode.INVALID_REQUEST_TYPE, f"“{command.request_type}” is not a valid request type.")
    situation = handheld.situation
    problems = check_fields(spec, command.fields, situation.platform)
    if not all(problem.is_note for problem in problems):
        return malformed("; ".join(str(problem) for problem in problems if not problem.is_note))
    refused = may_run(spec, situation)
    if refused is not None:
        return failed(CODES.get(refused.reason, ErrorCode.NOT_AUTHORIZED), refused.text)
    if handheld.lock is LockState.LOST and not WHEN_LOST[command.request_type].runs:
        return failed(ErrorCode.INVALID_IN_LOST_MODE, f"“{command.request_type}” is not run while the device is lost.")
    # Any command may ask for a cable (archived MDM Protocol Reference, “MDM Command Payloads”); no device here has one.
    if command.fields.get("RequestRequiresNetworkTether") is True:
        return failed(ErrorCode.NOT_NETWORK_TETHERED, "The device is not connected to the network by a cable.")
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
    if handheld.life in BEFORE_HOME:
        present |= Condition.SETUP_ASSISTANT
    return present
