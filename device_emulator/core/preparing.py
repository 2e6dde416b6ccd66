"""Apple Configurator: a Mac prepares a device over its cable.

https://support.apple.com/guide/apple-configurator-mac/prepare-devices-manually-cad99bc2a859/mac
"""

from __future__ import annotations

from device_emulator.core import leaving
from device_emulator.core.events import DevicePrepared, SetupAssistantFinished
from device_emulator.core.handheld import Handheld
from device_emulator.core.states import LifeState, LifeTrigger


def prepare(handheld: Handheld, *, supervise: bool) -> None:
    """Erase the device if anybody has used it, supervise it, and take it past Setup Assistant without a passcode."""
    if handheld.life is not LifeState.SETUP_ASSISTANT:
        leaving.erase(handheld)
    handheld.is_supervised = supervise or handheld.settings.supervised
    handheld.change_life(LifeTrigger.SETUP_FINISHED)
    handheld.emit(SetupAssistantFinished(()))
    handheld.emit(DevicePrepared(handheld.is_supervised))
