"""What a person does with Setup Assistant, with an Apple Account, and with remote management."""

from __future__ import annotations

from dataclasses import replace

from device_emulator.core import actions, apple_account, leaving, preparing
from device_emulator.core.acting import NotAllowedError, Wanted, expect_allowed, get_to_home_screen, perform
from device_emulator.core.activation import SettingUp
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up import assistant
from device_emulator.core.setting_up.answers import SetupAnswers
from device_emulator.core.setting_up.events import RemoteManagementLeft
from device_emulator.core.setting_up.finishing import tap_through
from device_emulator.core.states import LifeState


@perform.register
def _(_: actions.FinishSetupAssistant, handheld: Handheld) -> None:
    """Tap through the panes; where Apple is asked whose the device is, the way may lead through remote management."""
    _expect_to_be_greeted(handheld)
    if handheld.settings.apple is None:
        tap_through(handheld)
    else:
        answers = SetupAnswers(apple_account=apple_account.usual_account(handheld))
        assistant.begin(handheld, SettingUp(answers=answers))


@perform.register
def _(action: actions.SetUp, handheld: Handheld) -> None:
    _expect_to_be_greeted(handheld)
    assistant.begin(handheld, action.setting_up)


@perform.register
def _(action: actions.Prepare, handheld: Handheld) -> Wanted:
    _reach_network(handheld)
    if action.add_to_abm and handheld.settings.apple is None:
        raise NotAllowedError("no_apple")
    preparing.prepare(handheld, action)
    return actions.HubEnroll(action.intent)


@perform.register
def _(_: actions.LeaveRemoteManagement, handheld: Handheld) -> None:
    """Leave within the provisional period, which Apple grants for devices that Configurator added.

    https://support.apple.com/guide/apple-business-manager/add-devices-from-apple-configurator-axm200a54d59/web
    """
    get_to_home_screen(handheld)
    if handheld.management is None:
        raise NotAllowedError("not_enrolled")
    if handheld.provisional_until is None or handheld.clock() >= handheld.provisional_until:
        raise NotAllowedError("not_provisional")
    handheld.provisional_until = None
    handheld.is_supervised = handheld.settings.supervised
    if handheld.activation is not None:
        handheld.activation = replace(handheld.activation, configuration=None)
    handheld.emit(RemoteManagementLeft(handheld.hardware.serial_number))
    leaving.ask_to_leave(handheld, "left_remote_management")


@perform.register
def _(action: actions.SignInAppleAccount, handheld: Handheld) -> None:
    _may_use_account(handheld)
    expect_allowed(handheld, "allowAccountModification")
    _reach_network(handheld)
    apple_account.sign_in(handheld, action.account)


@perform.register
def _(action: actions.SignOutAppleAccount, handheld: Handheld) -> None:
    _may_use_account(handheld)
    account = handheld.apple_account
    if account is None:
        raise NotAllowedError("no_apple_account")
    expect_allowed(handheld, "allowAccountModification")
    _reach_network(handheld)
    if account.find_my and action.password != account.password:
        raise NotAllowedError("wrong_password")
    apple_account.sign_out(handheld)


@perform.register
def _(_: actions.BackUp, handheld: Handheld) -> None:
    _may_use_account(handheld)
    if handheld.apple_account is None:
        raise NotAllowedError("no_apple_account")
    expect_allowed(handheld, "allowCloudBackup")
    _reach_network(handheld)
    apple_account.back_up(handheld)


def _expect_to_be_greeted(handheld: Handheld) -> None:
    if handheld.life is not LifeState.SETUP_ASSISTANT:
        raise NotAllowedError("already_set_up")
    if handheld.passage is not None:
        raise NotAllowedError("setup_assistant")


def _may_use_account(handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    if apple_account.is_disabled(handheld):
        raise NotAllowedError("apple_account_disabled")


def _reach_network(handheld: Handheld) -> None:
    if handheld.network is Network.NONE:
        raise NotAllowedError("offline")
