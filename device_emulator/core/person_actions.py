"""What a device does when its person does something with it, and what it does not let its person do."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import TypeVar

from device_emulator.core import (
    actions,
    effects,
    enrolling,
    holding,
    installing,
    locking,
    own_applications,
    powering,
    updating_by_hand,
    using,
)
from device_emulator.core.acting import NotAllowedError, Wanted, expect_allowed, get_to_home_screen, perform
from device_emulator.core.errors import ProfileRefusedError
from device_emulator.core.events import PersonRefused, ProfileRefused
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.holder import Impulse
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.installed_profiles import InstalledProfile
from device_emulator.core.preferences import Preference
from device_emulator.core.setting_up import person_actions as setting_up
from device_emulator.core.states import LifeState, LockState, PowerState

ELSEWHERE = (own_applications, updating_by_hand, using)
"""The modules beside this one that register actions."""
THEMES: tuple[ModuleType, ...] = (setting_up,)
"""The modules of other themes; who imports them has their functions registered."""
WITHOUT_POWER = (actions.TurnOn, actions.HandOver, actions.HaveTrouble, actions.HearOfRelease)
WHILE_LOST = (
    *WITHOUT_POWER,
    actions.Lock,
    actions.ShutDown,
    actions.Restart,
    actions.EndCall,
    actions.GoOffline,
    actions.GoOnline,
)
"""The buttons of a lost device work, and it can be carried about and given away."""


def act(handheld: Handheld, action: actions.PersonAction) -> Wanted:
    """Let the person act; return what they want that takes a conversation with a server.

    What the device does not allow leaves a `PersonRefused` event and changes nothing.
    """
    name = type(action).__name__
    try:
        _expect_power(handheld, action)
        _expect_to_be_let_in(handheld, action)
        return perform(action, handheld)
    except NotAllowedError as refusal:
        handheld.emit(PersonRefused(name, refusal.reason))
        return None


def _expect_power(handheld: Handheld, action: actions.PersonAction) -> None:
    if handheld.power is PowerState.OFF and not isinstance(action, WITHOUT_POWER):
        raise NotAllowedError("off")
    if handheld.power is not PowerState.OFF and isinstance(action, actions.TurnOn):
        raise NotAllowedError("already_on")
    if handheld.power is PowerState.STARTING and not isinstance(action, WITHOUT_POWER):
        raise NotAllowedError("starting")


def _expect_to_be_let_in(handheld: Handheld, action: actions.PersonAction) -> None:
    """In lost mode nobody uses the device, whatever they know.

    https://support.apple.com/guide/security/managed-lost-mode-and-remote-wipe-secc46f3562c/web
    """
    if handheld.lock is LockState.LOST and not isinstance(action, WHILE_LOST):
        raise NotAllowedError("lost")


def impulsive_action(handheld: Handheld, impulse: Impulse) -> actions.PersonAction | None:
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


@perform.register
def _(action: actions.OpenEnrollmentLink, handheld: Handheld) -> Wanted:
    get_to_home_screen(handheld)
    _may_enroll(handheld)
    expect_allowed(handheld, "allowUIConfigurationProfileInstallation")
    return enrolling.Offer(url=action.url)


@perform.register
def _(action: actions.OpenProfile, handheld: Handheld) -> Wanted:
    get_to_home_screen(handheld)
    expect_allowed(handheld, "allowUIConfigurationProfileInstallation")
    try:
        envelope = installing.open_envelope(handheld, action.document)
        opened = None if enrolling.is_profile_service(envelope) else installing.read_configuration(envelope)
        if opened is None or effects.enrolls(opened.profile):
            _may_enroll(handheld)
            return enrolling.Offer(document=action.document)
        installing.put_on_device(handheld, opened, managed=False)
    except ProfileRefusedError as refusal:
        handheld.emit(ProfileRefused(refusal.reason, refusal.detail))
    return None


@perform.register
def _(action: actions.SetPasscode, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    expect_allowed(handheld, "allowPasscodeModification")
    policy = handheld.profiles.passcode_policy
    code = action.passcode or holding.usual_passcode(handheld, policy)
    if not holding.satisfies(code, policy):
        raise NotAllowedError("passcode_policy")
    holding.choose_passcode(handheld, code)


@perform.register
def _(action: actions.Unlock, handheld: Handheld) -> None:
    if action.passcode is None:
        holding.type_passcode(handheld)
    else:
        locking.try_passcode(handheld, action.passcode)


@perform.register
def _(action: actions.Lock, handheld: Handheld) -> None:
    locking.lock_screen(handheld)


@perform.register
def _(action: actions.RemoveProfile, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    profile = _meant(handheld, action.identifier)
    if profile is None:
        raise NotAllowedError("not_found")
    if profile.removal_disallowed:
        raise NotAllowedError("removal_disallowed")
    installing.remove_profile(handheld, profile.identifier)


@perform.register
def _(action: actions.AnswerCall, handheld: Handheld) -> None:
    if not handheld.hardware.model.is_phone:
        raise NotAllowedError("no_telephone")
    handheld.on_call = True


@perform.register
def _(action: actions.EndCall, handheld: Handheld) -> None:
    handheld.on_call = False


@perform.register
def _(action: actions.ShutDown, handheld: Handheld) -> None:
    powering.shut_down(handheld)


@perform.register
def _(action: actions.TurnOn, handheld: Handheld) -> None:
    powering.turn_on(handheld)


@perform.register
def _(action: actions.Restart, handheld: Handheld) -> None:
    powering.restart(handheld)


@perform.register
def _(action: actions.RenameDevice, handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    expect_allowed(handheld, "allowDeviceNameModification")
    handheld.preferences.change(Preference.DEVICE_NAME, action.name)


@perform.register
def _(_: actions.GoOffline, handheld: Handheld) -> None:
    if handheld.network is Network.NONE:
        raise NotAllowedError("already_offline")
    holding.change_network(handheld, Network.NONE)


@perform.register
def _(_: actions.GoOnline, handheld: Handheld) -> None:
    if handheld.network is not Network.NONE:
        raise NotAllowedError("already_online")
    holding.change_network(handheld, Network.WIFI)


@perform.register
def _(action: actions.HandOver, handheld: Handheld) -> None:
    holding.hand_over(handheld, action.to, tells_passcode=action.tells_passcode)


@perform.register
def _(action: actions.HubEnroll, handheld: Handheld) -> Wanted:
    get_to_home_screen(handheld)
    _may_enroll(handheld)
    _reach_network(handheld)
    intent = action.intent
    return actions.HubEnroll(_with_own_credentials(handheld, intent) if intent.channel.has_screen else intent)


@perform.register
def _(action: actions.DirectEnroll, handheld: Handheld) -> Wanted:
    get_to_home_screen(handheld)
    _may_enroll(handheld)
    _reach_network(handheld)
    return _with_own_credentials(handheld, action)


@perform.register
def _(action: actions.HubLogin, handheld: Handheld) -> Wanted:
    _use_hub(handheld)
    return _with_own_credentials(handheld, action)


@perform.register
def _(action: actions.HubLogout, handheld: Handheld) -> Wanted:
    _use_hub(handheld)
    return action


def _meant(handheld: Handheld, identifier: str | None) -> InstalledProfile | None:
    return handheld.profiles.management if identifier is None else handheld.profiles.find(identifier)


def _may_enroll(handheld: Handheld) -> None:
    if handheld.life is not LifeState.IN_USE:
        raise NotAllowedError(f"already_{handheld.life}")


def _use_hub(handheld: Handheld) -> None:
    get_to_home_screen(handheld)
    if handheld.life is not LifeState.ENROLLED:
        raise NotAllowedError("not_enrolled")
    _reach_network(handheld)


def _reach_network(handheld: Handheld) -> None:
    if handheld.network is Network.NONE:
        raise NotAllowedError("offline")


Typed = TypeVar("Typed", actions.HubLogin, actions.DirectEnroll, HubIntent)


def _with_own_credentials(handheld: Handheld, typed: Typed) -> Typed:
    """Have the holder type their own user name and password, where nothing else is said."""
    if typed.user_name is not None:
        return typed
    if handheld.holder is None or handheld.holder.person.user_name is None:
        raise NotAllowedError("no_credentials")
    own = handheld.holder.person
    return replace(typed, user_name=own.user_name, password=own.password)
