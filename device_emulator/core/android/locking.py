"""Locking, unlocking, and the passcode with its back-off."""

from __future__ import annotations

from device_emulator.core.android import leaving
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.states import Screen, ScreenTrigger
from device_emulator.core.events import PasscodeChanged, PasscodeRefused
from device_emulator.core.passcode import Try
from device_emulator.core.states import PowerState, PowerTrigger


def lock_screen(handheld: AndroidHandheld) -> None:
    """Lock the screen, as the power button and LOCK do."""
    handheld.change_screen(ScreenTrigger.LOCKED)


def try_passcode(handheld: AndroidHandheld, code: str) -> Try:
    """Type a passcode on the lock screen; too many wrong ones may take the work profile, or everything, away."""
    end_block(handheld)
    if handheld.screen is Screen.UNLOCKED:
        return Try.RIGHT
    outcome = handheld.passcode.attempt(code, handheld.clock())
    if outcome is Try.RIGHT:
        _open(handheld)
    elif outcome is Try.WRONG:
        _count_wrong_attempt(handheld)
    return outcome


def end_block(handheld: AndroidHandheld) -> None:
    """Let the person try again, if the waiting is over."""
    if handheld.screen is Screen.BLOCKED and not handheld.passcode.is_blocked(handheld.clock()):
        handheld.change_screen(ScreenTrigger.BLOCK_ENDED)


def set_passcode(handheld: AndroidHandheld, code: str | None) -> None:
    """Set another passcode, or remove it with None."""
    handheld.passcode.set(code)
    handheld.emit(PasscodeChanged(present=code is not None))


def reset_passcode(handheld: AndroidHandheld, code: str | None) -> None:
    """Set or remove the passcode from afar: whatever was typed wrong before is forgotten."""
    set_passcode(handheld, code)
    handheld.change_screen(ScreenTrigger.PASSCODE_RESET)
    if code is None and handheld.power is PowerState.BEFORE_FIRST_UNLOCK:
        handheld.change_power(PowerTrigger.UNLOCKED)


def _open(handheld: AndroidHandheld) -> None:
    if handheld.screen is Screen.LOCKED:
        handheld.change_screen(ScreenTrigger.UNLOCKED)
    if handheld.power is PowerState.BEFORE_FIRST_UNLOCK:
        handheld.change_power(PowerTrigger.UNLOCKED)


def _count_wrong_attempt(handheld: AndroidHandheld) -> None:
    passcode, management = handheld.passcode, handheld.management
    handheld.emit(PasscodeRefused(passcode.wrong_attempts, passcode.blocked_until))
    requirements = None if management is None else management.requirements
    most = 0 if requirements is None else requirements.maximum_failed_passwords
    if most and passcode.wrong_attempts >= most:
        leaving.end_management(handheld, "too_many_attempts", protected=True)
    if handheld.screen is Screen.LOCKED and passcode.blocked_until is not None:
        handheld.change_screen(ScreenTrigger.TOO_MANY_ATTEMPTS)
