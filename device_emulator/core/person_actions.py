"""What a device does when its person does something with it, and what it does not let its person do."""

from __future__ import annotations

from functools import singledispatch

from device_emulator.core import actions, effects, enrolling, installing, locking, person, powering
from device_emulator.core.errors import ProfileRefusedError
from device_emulator.core.events import PersonRefused, ProfileRefused, SetupAssistantFinished
from device_emulator.core.handheld import Handheld
from device_emulator.core.installed_profiles import InstalledProfile
from device_emulator.core.passcode import Passcode
from device_emulator.core.preferences import Preference
from device_emulator.core.setup_assistant import panes_shown
from device_emulator.core.states import LifeState, LifeTrigger, LockState, PowerState


class NotAllowedError(Exception):
    """The device does not let its person do that; `reason` is a stable token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def act(handheld: Handheld, action: actions.PersonAction) -> enrolling.Offer | None:
    """Let the person act; return what they want to enrol with, if that is what they did.

    What the device does not allow leaves a `PersonRefused` event and changes nothing.
    """
    name = type(action).__name__
    try:
        if isinstance(action, actions.TurnOn) is not (handheld.power is PowerState.OFF):
            raise NotAllowedError("off" if handheld.power is PowerState.OFF else "already_on")
        if handheld.power is PowerState.STARTING:
            raise NotAllowedError("starting")
        return _act(action, handheld)
    except NotAllowedError as refusal:
        handheld.emit(PersonRefused(name, refusal.reason))
        return None


@singledispatch
def _act(action: object, handheld: Handheld) -> enrolling.Offer | None:
    raise NotImplementedError(type(action).__name__)


@_act.register
def _(action: actions.OpenEnrollmentLink, handheld: Handheld) -> enrolling.Offer | None:
    _get_to_home_screen(handheld)
    _may_enroll(handheld)
    return enrolling.Offer(url=action.url)


@_act.register
def _(action: actions.OpenProfile, handheld: Handheld) -> enrolling.Offer | None:
    _get_to_home_screen(handheld)
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


@_act.register
def _(action: actions.FinishSetupAssistant, handheld: Handheld) -> None:
    if handheld.life is not LifeState.SETUP_ASSISTANT:
        raise NotAllowedError("already_set_up")
    _finish_setup_assistant(handheld)


@_act.register
def _(action: actions.SetPasscode, handheld: Handheld) -> None:
    _get_to_home_screen(handheld)
    if not handheld.profiles.restrictions().get("allowPasscodeModification", True):
        raise NotAllowedError("restricted")
    policy = handheld.profiles.passcode_policy
    code = action.passcode or person.usual_passcode(
        handheld.randomness, policy.minimum_length, alphanumeric=policy.alphanumeric
    )
    if not satisfies(Passcode(code), policy):
        raise NotAllowedError("passcode_policy")
    locking.set_passcode(handheld, code)


@_act.register
def _(action: actions.Unlock, handheld: Handheld) -> None:
    if handheld.lock is LockState.LOST:
        raise NotAllowedError("lost")
    locking.try_passcode(handheld, handheld.passcode.right_code if action.passcode is None else action.passcode)


@_act.register
def _(action: actions.Lock, handheld: Handheld) -> None:
    locking.lock_screen(handheld)


@_act.register
def _(action: actions.RemoveProfile, handheld: Handheld) -> None:
    _get_to_home_screen(handheld)
    profile = _meant(handheld, action.identifier)
    if profile is None:
        raise NotAllowedError("not_found")
    if profile.removal_disallowed:
        raise NotAllowedError("removal_disallowed")
    installing.remove_profile(handheld, profile.identifier)


@_act.register
def _(action: actions.AnswerCall, handheld: Handheld) -> None:
    if not handheld.hardware.model.is_phone:
        raise NotAllowedError("no_telephone")
    handheld.on_call = True


@_act.register
def _(action: actions.EndCall, handheld: Handheld) -> None:
    handheld.on_call = False


@_act.register
def _(action: actions.ShutDown, handheld: Handheld) -> None:
    powering.shut_down(handheld)


@_act.register
def _(action: actions.TurnOn, handheld: Handheld) -> None:
    powering.turn_on(handheld)


@_act.register
def _(action: actions.Restart, handheld: Handheld) -> None:
    powering.restart(handheld)


@_act.register
def _(action: actions.RenameDevice, handheld: Handheld) -> None:
    _get_to_home_screen(handheld)
    if not handheld.profiles.restrictions().get("allowDeviceNameModification", True):
        raise NotAllowedError("restricted")
    handheld.preferences.change(Preference.DEVICE_NAME, action.name)


def satisfies(passcode: Passcode, policy: effects.PasscodePolicy) -> bool:
    """Say whether a passcode is good enough for the policies on the device."""
    return (
        passcode.length >= policy.minimum_length
        and (passcode.is_alphanumeric or not policy.alphanumeric)
        and (not passcode.is_simple or policy.simple_allowed)
    )


def _meant(handheld: Handheld, identifier: str | None) -> InstalledProfile | None:
    return handheld.profiles.management if identifier is None else handheld.profiles.find(identifier)


def _may_enroll(handheld: Handheld) -> None:
    if handheld.life is not LifeState.IN_USE:
        raise NotAllowedError(f"already_{handheld.life}")


def _get_to_home_screen(handheld: Handheld) -> None:
    """Let the person get in: through Setup Assistant, or past the lock screen with their passcode."""
    if handheld.lock is LockState.LOST:
        raise NotAllowedError("lost")
    if handheld.life is LifeState.SETUP_ASSISTANT:
        _finish_setup_assistant(handheld)
    if handheld.lock is not LockState.UNLOCKED:
        locking.try_passcode(handheld, handheld.passcode.right_code)
    if handheld.lock is not LockState.UNLOCKED:
        raise NotAllowedError(handheld.lock)


def _finish_setup_assistant(handheld: Handheld) -> None:
    """Go through the panes; at one of them the person chooses a passcode."""
    handheld.change_life(LifeTrigger.SETUP_FINISHED)
    panes = panes_shown()
    if "Passcode" in panes:
        locking.set_passcode(handheld, person.usual_passcode(handheld.randomness))
    handheld.emit(SetupAssistantFinished(panes))
