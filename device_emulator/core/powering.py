"""Switching on and off. Whatever conversation was under way ends with it."""

from __future__ import annotations

from device_emulator.core.handheld import Handheld
from device_emulator.core.states import LockTrigger, PowerTrigger


def restart(handheld: Handheld) -> None:
    """Switch off and on again."""
    handheld.change_power(PowerTrigger.RESTARTED)
    _start(handheld)


def shut_down(handheld: Handheld) -> None:
    """Switch off: out of reach until somebody switches it on."""
    handheld.change_power(PowerTrigger.SHUT_DOWN)
    handheld.starts_until = None
    handheld.on_call = False
    handheld.interruptions += 1


def turn_on(handheld: Handheld) -> None:
    """Switch on."""
    handheld.change_power(PowerTrigger.TURNED_ON)
    _start(handheld)


def _start(handheld: Handheld) -> None:
    handheld.starts_until = handheld.clock() + handheld.settings.start_up
    handheld.on_call = False
    handheld.interruptions += 1


def finish_starting(handheld: Handheld) -> None:
    """Be up. With a passcode, most of the device stays sealed until it is typed for the first time."""
    handheld.starts_until = None
    sealed = handheld.passcode.is_set
    handheld.change_power(PowerTrigger.STARTED_WITH_PASSCODE if sealed else PowerTrigger.STARTED_WITHOUT_PASSCODE)
    handheld.change_lock(LockTrigger.RESTARTED)
