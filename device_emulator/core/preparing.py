"""Apple Configurator: a Mac prepares a device over its cable.

https://support.apple.com/guide/apple-configurator-mac/prepare-devices-manually-cad99bc2a859/mac
"""

from __future__ import annotations

from datetime import timedelta

from device_emulator.core import leaving
from device_emulator.core.actions import Prepare
from device_emulator.core.activation import SettingUp
from device_emulator.core.events import DevicePrepared
from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up import assistant
from device_emulator.core.setting_up.answers import Guide, SetupAnswers
from device_emulator.core.setting_up.finishing import finish
from device_emulator.core.setting_up.passage import Passage
from device_emulator.core.states import LifeState

PROVISIONAL = timedelta(days=30)
"""For so long its person may leave the management of a device that Configurator added to ABM."""


def prepare(handheld: Handheld, order: Prepare) -> None:
    """Erase the device if anybody has used it, supervise it, and take it through Setup Assistant without a person.

    Where Apple is asked whose the device is, an organization that manages it gets it, whatever the Mac wanted.
    """
    if handheld.life is not LifeState.SETUP_ASSISTANT or handheld.passage is not None:
        leaving.erase(handheld)
    handheld.is_supervised = order.supervise or handheld.settings.supervised
    if order.add_to_abm:
        handheld.provisional_until = handheld.clock() + PROVISIONAL
    answers = SetupAnswers(user_name=order.intent.user_name, password=order.intent.password)
    setting_up = SettingUp(answers=answers, guide=Guide.CONFIGURATOR)
    if handheld.settings.apple is None:
        finish(handheld, Passage(setting_up))
    else:
        assistant.begin(handheld, setting_up)
    handheld.emit(DevicePrepared(handheld.is_supervised))
