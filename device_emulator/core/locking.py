"""Locking, unlocking, the passcode and its back-off, lost mode."""

from __future__ import annotations

from device_emulator.core import leaving
from device_emulator.core.events import PasscodeChanged, PasscodeRefused
from device_emulator.core.handheld import Handheld, LostMode
from device_emulator.core.passcode import Try
from device_emulator.core.states import LockState, LockTrigger, PowerState, PowerTrigger


def lock_screen(handheld: Handheld) -> None:
    """Lock the screen, as the side button and DeviceLock do."""
    handheld.change_lock(LockTrigger.LOCKED)


def try_passcode(handheld: Handheld, code: str) -> Try:
    """Type a passcode on the lock screen.

    From the sixth wrong one on the device makes its person wait, the tenth disables it for good; a policy may say that
    it is erased earlier. In lost mode there is nowhere to type.
    """
    if handheld.lock is LockState.LOST:
        return Try.BLOCKED
    end_block(handheld)
    outcome = handheld.passcode.attempt(code, handheld.clock())
    if outcome is Try.RIGHT:
        _open(handheld)
    elif outcome is Try.WRONG or (outcome is Try.DISABLED and handheld.lock is LockState.LOCKED):
        _count_wrong_attempt(handheld)
    return outcome


def end_block(handheld: Handheld) -> None:
    """Let the person try again, if the waiting is over."""
    passcode = handheld.passcode
    if handheld.lock is LockState.DISABLED and not passcode.is_disabled and not passcode.is_blocked(handheld.clock()):
        handheld.change_lock(LockTrigger.BLOCK_ENDED)


def _open(handheld: Handheld) -> None:
    if handheld.lock is LockState.LOCKED:
        handheld.change_lock(LockTrigger.UNLOCKED)
    if handheld.power is PowerState.BEFORE_FIRST_UNLOCK:
        handheld.change_power(PowerTrigger.UNLOCKED)


def _count_wrong_attempt(handheld: Handheld) -> None:
    passcode = handheld.passcode
    handheld.emit(PasscodeRefused(passcode.wrong_attempts, passcode.blocked_until))
    most = handheld.profiles.passcode_policy.maximum_failed_attempts
    if most is not None and passcode.wrong_attempts >= most:
        leaving.erase(handheld)
    elif handheld.lock is LockState.LOCKED and (passcode.blocked_until is not None or passcode.is_disabled):
        handheld.change_lock(LockTrigger.TOO_MANY_ATTEMPTS)


def set_passcode(handheld: Handheld, code: str) -> None:
    """Set another passcode; the next TokenUpdate carries the unlock token that belongs to it."""
    handheld.passcode.set(code)
    handheld.emit(PasscodeChanged(present=True))


def unlock_token(handheld: Handheld) -> bytes:
    """Return the token that ClearPasscode must carry now."""
    return handheld.passcode.unlock_token(handheld.randomness)


def clear_passcode(handheld: Handheld) -> None:
    """Remove the passcode and with it the back-off, as ClearPasscode with the right token does."""
    handheld.passcode.set(None)
    handheld.change_lock(LockTrigger.PASSCODE_CLEARED)
    if handheld.power is PowerState.BEFORE_FIRST_UNLOCK:
        handheld.change_power(PowerTrigger.UNLOCKED)
    handheld.emit(PasscodeChanged(present=False))


def enable_lost_mode(handheld: Handheld, lost_mode: LostMode) -> None:
    """Lock the device for everybody and show a message."""
    handheld.lost_mode = lost_mode
    handheld.change_lock(LockTrigger.LOST_MODE_ENABLED)


def disable_lost_mode(handheld: Handheld) -> None:
    """End lost mode: the device is locked, its passcode opens it."""
    handheld.lost_mode = None
    handheld.change_lock(LockTrigger.LOST_MODE_DISABLED)
