"""The commands of the channel, and what each does to a device.

A command is checked, carried out and acknowledged, in this order; but what takes the device out of the conversation (a
wipe, a restart) happens only after the server has heard of it, so that a wipe that nobody took note of is repeated
rather than forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from device_emulator.core.android import leaving, locking, powering
from device_emulator.core.android.events import AppDataCleared
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.hardware import ANDROID_14, NOUGAT, PIE
from device_emulator.core.android.management import AndroidManagement
from device_emulator.core.android.passcode import SHORTEST, AndroidPasscode
from device_emulator.core.android.states import KioskTrigger
from device_emulator.core.events import PasscodeChanged
from mdm_server.wire.android_channel import Command, CommandError, CommandResult, CommandType, Outcome

SHORTEST_PIN_SINCE_14 = 6
DONE = CommandResult(outcome=Outcome.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a command is for."""

    handheld: AndroidHandheld
    management: AndroidManagement


Check = Callable[[Subject, Command], CommandError | None]
Action = Callable[[Subject, Command], None]


@dataclass(frozen=True, slots=True)
class Skill:
    """How a device carries out one type of command; `parting` ones only after the server has heard of it."""

    act: Action
    check: Check
    parting: bool = False


def carry_out(subject: Subject, command: Command) -> CommandResult:
    """Do what a command says, unless it cannot be done or has to wait for its acknowledgement."""
    skill = SKILLS[command.type]
    error = skill.check(subject, command)
    if error is not None:
        return CommandResult(outcome=Outcome.FAILED, error=error)
    if not skill.parting:
        skill.act(subject, command)
    return DONE


def part(subject: Subject, command: Command, result: CommandResult) -> bool:
    """Do what had to wait for the acknowledgement; return whether that ends the conversation."""
    skill = SKILLS[command.type]
    if not skill.parting or result.outcome is not Outcome.SUCCEEDED:
        return False
    skill.act(subject, command)
    return True


def _always(_: Subject, __: Command) -> CommandError | None:
    return None


def _on_own_device(subject: Subject, _: Command) -> CommandError | None:
    return None if subject.management.owns_device else CommandError.MANAGEMENT_MODE


def _may_reboot(subject: Subject, command: Command) -> CommandError | None:
    return _since(NOUGAT, subject) or _on_own_device(subject, command)


def _may_reset_password(subject: Subject, command: Command) -> CommandError | None:
    code, handheld = command.new_password, subject.handheld
    if code is None:
        return CommandError.INVALID_VALUE
    shortest = SHORTEST_PIN_SINCE_14 if code.isdigit() and handheld.system.api_level >= ANDROID_14 else SHORTEST
    if code and (len(code) < shortest or not AndroidPasscode(code).satisfies(subject.management.requirements)):
        return CommandError.INVALID_VALUE
    return None


def _may_start_kiosk(subject: Subject, command: Command) -> CommandError | None:
    known = command.application in subject.handheld.applications
    return _on_own_device(subject, command) or (None if known else CommandError.INVALID_VALUE)


def _may_clear(subject: Subject, command: Command) -> CommandError | None:
    known = set(command.applications) & set(subject.handheld.applications)
    return _since(PIE, subject) or (None if known else CommandError.INVALID_VALUE)


def _since(api_level: int, subject: Subject) -> CommandError | None:
    return None if subject.handheld.system.api_level >= api_level else CommandError.API_LEVEL


def _lock(subject: Subject, _: Command) -> None:
    locking.lock_screen(subject.handheld)


def _reset_password(subject: Subject, command: Command) -> None:
    """Reset the passcode of what is managed: the device, or the work profile, which has one of its own."""
    code = command.new_password or None
    if subject.management.owns_device:
        locking.reset_passcode(subject.handheld, code)
    else:
        subject.management.work_passcode.set(code)
        subject.handheld.emit(PasscodeChanged(present=code is not None))


def _wipe(subject: Subject, command: Command) -> None:
    leaving.end_management(subject.handheld, "wiped", protected=command.preserve_reset_protection)


def _wipe_enterprise(subject: Subject, _: Command) -> None:
    leaving.end_management(subject.handheld, "enterprise_wiped")


def _reboot(subject: Subject, _: Command) -> None:
    powering.restart(subject.handheld)


def _start_kiosk(subject: Subject, command: Command) -> None:
    subject.handheld.change_kiosk(KioskTrigger.STARTED, command.application)


def _stop_kiosk(subject: Subject, _: Command) -> None:
    subject.handheld.change_kiosk(KioskTrigger.STOPPED)


def _clear_app_data(subject: Subject, command: Command) -> None:
    known = tuple(name for name in command.applications if name in subject.handheld.applications)
    subject.handheld.emit(AppDataCleared(known))


SKILLS: Mapping[CommandType, Skill] = MappingProxyType(
    {
        CommandType.LOCK: Skill(_lock, _always),
        CommandType.RESET_PASSWORD: Skill(_reset_password, _may_reset_password),
        CommandType.WIPE: Skill(_wipe, _always, parting=True),
        CommandType.ENTERPRISE_WIPE: Skill(_wipe_enterprise, _always, parting=True),
        CommandType.REBOOT: Skill(_reboot, _may_reboot, parting=True),
        CommandType.CLEAR_APP_DATA: Skill(_clear_app_data, _may_clear),
        CommandType.START_KIOSK: Skill(_start_kiosk, _may_start_kiosk),
        CommandType.STOP_KIOSK: Skill(_stop_kiosk, _on_own_device),
    }
)
