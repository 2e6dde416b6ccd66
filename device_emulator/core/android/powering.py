"""Switching on and off. Whatever conversation was under way ends with it."""

from __future__ import annotations

from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.states import Life, LifeTrigger, ScreenTrigger
from device_emulator.core.events import SetupAssistantReached
from device_emulator.core.states import PowerState, PowerTrigger


def restart(handheld: AndroidHandheld) -> None:
    """Switch off and on again; a device that is starting just begins anew."""
    if handheld.power is not PowerState.STARTING:
        handheld.change_power(PowerTrigger.RESTARTED)
    _start(handheld)


def shut_down(handheld: AndroidHandheld) -> None:
    """Switch off: out of reach until somebody switches it on."""
    handheld.change_power(PowerTrigger.SHUT_DOWN)
    handheld.starts_until = None
    handheld.interruptions += 1


def turn_on(handheld: AndroidHandheld) -> None:
    """Switch on."""
    handheld.change_power(PowerTrigger.TURNED_ON)
    _start(handheld)


def finish_starting(handheld: AndroidHandheld) -> None:
    """Be up. With a passcode, data stays sealed until it is typed for the first time (file-based encryption)."""
    handheld.starts_until = None
    sealed = handheld.passcode.is_set
    handheld.change_power(PowerTrigger.STARTED_WITH_PASSCODE if sealed else PowerTrigger.STARTED_WITHOUT_PASSCODE)
    boot(handheld)
    if handheld.life is not Life.SETUP_WIZARD:
        handheld.change_screen(ScreenTrigger.RESTARTED)


def boot(handheld: AndroidHandheld) -> None:
    """Greet whoever switched on a device that is as from the factory."""
    if handheld.life is Life.FACTORY:
        handheld.change_life(LifeTrigger.BOOTED)
        handheld.emit(SetupAssistantReached())


def _start(handheld: AndroidHandheld) -> None:
    handheld.starts_until = handheld.clock() + handheld.settings.start_up
    handheld.interruptions += 1
