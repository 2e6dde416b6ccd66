"""What an Android does when its person does something with it, and what it does not let its person do."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import TypeVar

from device_emulator.core import actions
from device_emulator.core.acting import NotAllowedError
from device_emulator.core.android import actions as android_actions
from device_emulator.core.android import enrolling, holding, leaving, locking, powering, preparing
from device_emulator.core.android.enrolling import Ticket
from device_emulator.core.android.events import CodeRefused
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.hub_errand import HubWish
from device_emulator.core.android.passcode import AndroidPasscode
from device_emulator.core.android.states import (
    Kiosk,
    KioskTrigger,
    Life,
    LifeTrigger,
    Protection,
    ProtectionTrigger,
    Screen,
)
from device_emulator.core.events import PersonRefused, SetupAssistantFinished
from device_emulator.core.gauges import Network
from device_emulator.core.holder import Impulse
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.states import PowerState
from mdm_server.wire.android_provisioning import TEXT, ProvisioningError, parse

Wanted = Ticket | HubWish | None
"""What the person wants to enrol with, or wants of the Hub; None: it is done."""
WITHOUT_POWER = (actions.TurnOn, actions.HandOver)
PANES = ("Welcome", "WiFi", "GoogleAccount", "Passcode", "GoogleServices")


def act(handheld: AndroidHandheld, action: object) -> Wanted:
    """Let the person act; return what they want that takes a conversation with a server.

    What the device does not allow leaves a `PersonRefused` event and changes nothing.
    """
    try:
        _expect_power(handheld, action)
        return _act(action, handheld)
    except NotAllowedError as refusal:
        handheld.emit(PersonRefused(type(action).__name__, refusal.reason))
        return None


def impulsive_action(handheld: AndroidHandheld, impulse: Impulse) -> actions.PersonAction | None:
    """Return what the holder does when something comes over them; None where there is nothing to be done."""
    offline = handheld.network is Network.NONE
    match impulse:
        case Impulse.REMOVE_MANAGEMENT if handheld.management is not None:
            return actions.RemoveProfile()
        case Impulse.GO_OFFLINE if not offline:
            return actions.GoOffline()
        case Impulse.COME_BACK if offline:
            return actions.GoOnline()
    return None


def _expect_power(handheld: AndroidHandheld, action: object) -> None:
    if isinstance(action, WITHOUT_POWER):
        if isinstance(action, actions.TurnOn) and handheld.power is not PowerState.OFF:
            raise NotAllowedError("already_on")
    elif handheld.power in {PowerState.OFF, PowerState.STARTING}:
        raise NotAllowedError(handheld.power)


@singledispatch
def _act(_: object, __: AndroidHandheld) -> Wanted:
    raise NotAllowedError("other_platform")


# In the setup wizard


@_act.register
def _(action: android_actions.ScanCode, handheld: AndroidHandheld) -> Wanted:
    _expect_wizard(handheld)
    try:
        code = parse(action.payload)
    except ProvisioningError as refusal:
        handheld.emit(CodeRefused(refusal.code, TEXT))
        return None
    handheld.change_life(LifeTrigger.CODE_SCANNED)
    failure = preparing.prepare(handheld, code)
    if failure is not None:
        handheld.emit(CodeRefused(failure.code, failure.text))
        if failure.resets:
            leaving.erase(handheld)
        else:
            handheld.change_life(LifeTrigger.PROVISIONING_FAILED)
        return None
    extras = code.staging
    assert extras is not None, "a code that was prepared for names a server"
    handheld.extras = extras
    ticket = enrolling.ticket_of(extras)
    if ticket is None:
        enrolling.pin_hub(handheld)
    return ticket


@_act.register
def _(_: actions.FinishSetupAssistant, handheld: AndroidHandheld) -> None:
    _expect_wizard(handheld)
    _finish_setup(handheld)


@_act.register
def _(action: android_actions.ProveAccount, handheld: AndroidHandheld) -> None:
    if handheld.protection is not Protection.ASKING:
        raise NotAllowedError("nobody_asks")
    if action.account.casefold() not in {account.casefold() for account in handheld.protected_by}:
        raise NotAllowedError("wrong_account")
    handheld.protected_by = ()
    handheld.change_protection(ProtectionTrigger.ACCOUNT_PROVED)


@_act.register
def _(action: android_actions.UnpinHub, handheld: AndroidHandheld) -> None:
    extras = handheld.extras
    if handheld.kiosk is not Kiosk.HUB_PINNED or extras is None:
        raise NotAllowedError("not_pinned")
    if not extras.allow_unpinning:
        raise NotAllowedError("unpinning_not_allowed")
    if extras.unpin_password is not None and action.password != extras.unpin_password:
        raise NotAllowedError("wrong_password")
    handheld.change_kiosk(KioskTrigger.HUB_RELEASED)


# With the Hub


@_act.register
def _(action: actions.HubEnroll, handheld: AndroidHandheld) -> Wanted:
    if handheld.life is not Life.PROVISIONING:
        _get_to_home_screen(handheld)
        if handheld.life is not Life.UNMANAGED:
            raise NotAllowedError(f"already_{handheld.life}")
    _reach_network(handheld)
    intent = action.intent
    return actions.HubEnroll(_with_own_credentials(handheld, intent) if intent.channel.has_screen else intent)


@_act.register
def _(action: actions.DirectEnroll, handheld: AndroidHandheld) -> Wanted:
    _get_to_home_screen(handheld)
    if handheld.life is not Life.UNMANAGED:
        raise NotAllowedError(f"already_{handheld.life}")
    _reach_network(handheld)
    return _with_own_credentials(handheld, action)


@_act.register
def _(action: actions.HubLogin, handheld: AndroidHandheld) -> Wanted:
    _use_hub(handheld)
    return _with_own_credentials(handheld, action)


@_act.register
def _(action: actions.HubLogout, handheld: AndroidHandheld) -> Wanted:
    _use_hub(handheld)
    return action


@_act.register
def _(_: android_actions.AllowIdentifiers, handheld: AndroidHandheld) -> None:
    _get_to_home_screen(handheld)
    if handheld.management is None:
        raise NotAllowedError("not_enrolled")
    handheld.management.identifiers_allowed = True


# With the device


@_act.register
def _(action: actions.SetPasscode, handheld: AndroidHandheld) -> None:
    _get_to_settings(handheld)
    requirements = None if handheld.management is None else handheld.management.requirements
    code = action.passcode or holding.usual_passcode(handheld, requirements)
    if not AndroidPasscode(code).satisfies(requirements):
        raise NotAllowedError("passcode_policy")
    holding.choose_passcode(handheld, code)


@_act.register
def _(action: actions.Unlock, handheld: AndroidHandheld) -> None:
    if action.passcode is None:
        holding.type_passcode(handheld)
    else:
        locking.try_passcode(handheld, action.passcode)


@_act.register
def _(_: actions.Lock, handheld: AndroidHandheld) -> None:
    locking.lock_screen(handheld)


@_act.register
def _(_: actions.RemoveProfile, handheld: AndroidHandheld) -> None:
    _get_to_settings(handheld)
    management = handheld.management
    if management is None:
        raise NotAllowedError("not_found")
    if management.owns_device or (management.policy is not None and management.policy.removal_disabled):
        raise NotAllowedError("removal_disallowed")
    leaving.ask_to_leave(handheld, "removed")


@_act.register
def _(action: android_actions.FactoryReset, handheld: AndroidHandheld) -> None:
    if action.recovery:
        # Nobody is asked for a passcode here, and no policy is: that is what reset protection is for.
        leaving.erase(handheld, protected=True)
        return
    _get_to_settings(handheld)
    management = handheld.management
    if management is not None and management.policy is not None and management.policy.factory_reset_disabled:
        raise NotAllowedError("restricted")
    leaving.erase(handheld)


@_act.register
def _(_: actions.ShutDown, handheld: AndroidHandheld) -> None:
    powering.shut_down(handheld)


@_act.register
def _(_: actions.TurnOn, handheld: AndroidHandheld) -> None:
    powering.turn_on(handheld)


@_act.register
def _(_: actions.Restart, handheld: AndroidHandheld) -> None:
    powering.restart(handheld)


@_act.register
def _(_: actions.GoOffline, handheld: AndroidHandheld) -> None:
    if handheld.network is Network.NONE:
        raise NotAllowedError("already_offline")
    holding.change_network(handheld, Network.NONE)


@_act.register
def _(_: actions.GoOnline, handheld: AndroidHandheld) -> None:
    if handheld.network is not Network.NONE:
        raise NotAllowedError("already_online")
    holding.change_network(handheld, Network.WIFI)


@_act.register
def _(action: actions.HandOver, handheld: AndroidHandheld) -> None:
    holding.hand_over(handheld, action.to, tells_passcode=action.tells_passcode)


def _expect_wizard(handheld: AndroidHandheld) -> None:
    if handheld.life is not Life.SETUP_WIZARD:
        raise NotAllowedError("already_set_up")
    if handheld.protection is Protection.ASKING:
        raise NotAllowedError("reset_protection")


def _use_hub(handheld: AndroidHandheld) -> None:
    _get_to_home_screen(handheld)
    if handheld.management is None:
        raise NotAllowedError("not_enrolled")
    _reach_network(handheld)


def _reach_network(handheld: AndroidHandheld) -> None:
    if handheld.network is Network.NONE:
        raise NotAllowedError("offline")


def _get_to_settings(handheld: AndroidHandheld) -> None:
    """Let the person get to Settings, which an application that has the screen to itself does not."""
    _get_to_home_screen(handheld)
    if handheld.kiosk is not Kiosk.FREE:
        raise NotAllowedError(handheld.kiosk)


def _get_to_home_screen(handheld: AndroidHandheld) -> None:
    """Let the person get in: through the setup wizard, or past the lock screen with their passcode."""
    if handheld.life is Life.SETUP_WIZARD:
        _expect_wizard(handheld)
        _finish_setup(handheld)
    if handheld.screen is not Screen.UNLOCKED:
        holding.type_passcode(handheld)
    if handheld.screen is not Screen.UNLOCKED:
        raise NotAllowedError(handheld.screen)


def _finish_setup(handheld: AndroidHandheld) -> None:
    """Go through the panes; at one of them the person chooses a passcode."""
    handheld.change_life(LifeTrigger.SETUP_FINISHED)
    holding.choose_passcode(handheld, holding.usual_passcode(handheld))
    handheld.emit(SetupAssistantFinished(PANES))


Typed = TypeVar("Typed", actions.HubLogin, actions.DirectEnroll, HubIntent)


def _with_own_credentials(handheld: AndroidHandheld, typed: Typed) -> Typed:
    """Have the holder type their own user name and password, where nothing else is said."""
    if typed.user_name is not None:
        return typed
    if handheld.holder is None or handheld.holder.person.user_name is None:
        raise NotAllowedError("no_credentials")
    own = handheld.holder.person
    return replace(typed, user_name=own.user_name, password=own.password)
