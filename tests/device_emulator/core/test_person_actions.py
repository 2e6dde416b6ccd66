"""What the person can do, and what the device does not let them do."""

from __future__ import annotations

import plistlib
from collections.abc import Callable

import pytest

from certs.authority import Authority
from device_emulator.core import locking
from device_emulator.core.actions import (
    AnswerCall,
    FinishSetupAssistant,
    Lock,
    OpenProfile,
    PersonAction,
    RemoveProfile,
    RenameDevice,
    SetPasscode,
    Unlock,
)
from device_emulator.core.device import Device
from device_emulator.core.effects import PASSCODE_POLICY, RESTRICTIONS
from device_emulator.core.events import (
    CheckedOut,
    PasscodeChanged,
    PersonRefused,
    ProfileInstalled,
    ProfileRemoved,
    SetupAssistantFinished,
    TokenUpdated,
    Unenrolled,
)
from device_emulator.core.handheld import LostMode
from device_emulator.core.hardware import MODELS, Hardware
from device_emulator.core.messages import PersonActs, RequestKind
from device_emulator.core.states import LifeState
from rigs.play_server import LINK, MovingClock, PlayServer, play


def refusals(device: Device, *actions: PersonAction) -> list[PersonRefused]:
    """Let the person act, and return what the device did not let them do."""
    for action in actions:
        device.handle(PersonActs(action))
    return [event for event in device.events() if isinstance(event, PersonRefused)]


def test_setup_assistant_ends_with_a_passcode(device: Device) -> None:
    """Its person goes through all panes, once."""
    device.handle(PersonActs(FinishSetupAssistant()))
    events = device.events()
    (finished,) = [event for event in events if isinstance(event, SetupAssistantFinished)]
    assert (finished.panes[0], finished.panes[-1]) == ("Language", "Welcome")
    assert PasscodeChanged(present=True) in events
    assert device.life is LifeState.IN_USE
    assert refusals(device, FinishSetupAssistant()) == [PersonRefused("FinishSetupAssistant", "already_set_up")]


def test_a_person_removes_management_and_the_server_hears_of_it(enrolled: Device, server: PlayServer) -> None:
    """CheckOut, then everything is gone."""
    events = play(enrolled, server, PersonActs(RemoveProfile()))
    assert server.requests[-1].kind is RequestKind.CHECK_OUT
    assert events.index(CheckedOut()) < events.index(Unenrolled("profile_removed"))
    assert enrolled.life is LifeState.IN_USE
    assert enrolled.handheld.keychain.identity is None
    play(enrolled, server, LINK)
    assert enrolled.life is LifeState.ENROLLED


def test_without_check_out_when_removed_the_device_just_vanishes(
    device: Device, authority: Authority, moving: MovingClock
) -> None:
    """The server hears nothing."""
    server = PlayServer(authority, moving, mdm={"check_out_when_removed": False})
    play(device, server, LINK)
    play(device, server, PersonActs(RemoveProfile()))
    assert device.life is LifeState.IN_USE
    assert RequestKind.CHECK_OUT not in {request.kind for request in server.requests}


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_check_out_that_is_not_taken_changes_nothing(status: int, enrolled: Device, server: PlayServer) -> None:
    """It is a courtesy: the profile is gone in any case."""
    server.script(RequestKind.CHECK_OUT, (status, b""))
    events = play(enrolled, server, PersonActs(RemoveProfile()))
    assert Unenrolled("profile_removed") in events
    assert CheckedOut() not in events


def test_a_profile_that_must_not_be_removed_stays(device: Device, authority: Authority, moving: MovingClock) -> None:
    """PayloadRemovalDisallowed holds against the person, for the management profile and for any other."""
    server = PlayServer(authority, moving, removal_disallowed=True)
    play(device, server, LINK)
    document = server.configuration("example.fixed", "com.apple.wifi.managed", {}, removal_disallowed=True)
    device.handle(PersonActs(OpenProfile(document)))
    assert (
        refusals(device, RemoveProfile(), RemoveProfile("example.fixed"))
        == [PersonRefused("RemoveProfile", "removal_disallowed")] * 2
    )
    assert [profile.identifier for profile in device.handheld.profiles] == ["example.enroll", "example.fixed"]
    assert device.life is LifeState.ENROLLED


def test_a_person_installs_and_removes_a_profile_of_their_own(device: Device, server: PlayServer) -> None:
    """No server is needed for that."""
    document = server.configuration("example.wifi", "com.apple.wifi.managed", {})
    events = play(device, server, PersonActs(OpenProfile(document)), PersonActs(RemoveProfile("example.wifi")))
    assert events[-2:] == [ProfileInstalled("example.wifi"), ProfileRemoved("example.wifi")]
    assert refusals(device, RemoveProfile("example.wifi")) == [PersonRefused("RemoveProfile", "not_found")]
    assert server.requests == []


def test_a_changed_passcode_is_announced_with_its_unlock_token(enrolled: Device, server: PlayServer) -> None:
    """Another TokenUpdate, with another UnlockToken and the same push token."""
    token = enrolled.push_token
    before = plistlib.loads(server.requests[-1].body)
    assert TokenUpdated() in play(enrolled, server, PersonActs(SetPasscode("271828")))
    after = plistlib.loads(server.requests[-1].body)
    assert after["UnlockToken"] == locking.unlock_token(enrolled.handheld) != before["UnlockToken"]
    assert after["Token"] == before["Token"] == token


@pytest.mark.parametrize(
    ("policy", "code"),
    [({"minLength": 8}, "271828"), ({"requireAlphanumeric": True}, "271828"), ({"allowSimple": False}, "123456")],
)
def test_a_passcode_has_to_satisfy_the_policy(
    policy: dict[str, object], code: str, device: Device, server: PlayServer
) -> None:
    """A weak one is refused; what the person usually chooses is strong enough."""
    device.handle(PersonActs(OpenProfile(server.configuration("policy", PASSCODE_POLICY, policy))))
    assert refusals(device, SetPasscode(code)) == [PersonRefused("SetPasscode", "passcode_policy")]
    assert refusals(device, SetPasscode()) == []


@pytest.mark.parametrize(
    ("restriction", "action"),
    [
        ("allowPasscodeModification", SetPasscode("271828")),
        ("allowDeviceNameModification", RenameDevice("Mine")),
    ],
)
def test_a_restriction_binds_the_person(
    restriction: str, action: PersonAction, make_device: Callable[..., Device], server: PlayServer
) -> None:
    """What a profile forbids, the device does not do; without the profile it does."""
    device = make_device(supervised=True)
    device.handle(PersonActs(OpenProfile(server.configuration("strict", RESTRICTIONS, {restriction: False}))))
    assert refusals(device, action) == [PersonRefused(type(action).__name__, "restricted")]
    assert refusals(device, RemoveProfile("strict"), action) == []


def test_a_renamed_device_has_another_name(device: Device) -> None:
    """At first it is called after its person."""
    assert device.handheld.name.endswith(device.handheld.hardware.model.model_name)
    device.handle(PersonActs(RenameDevice("Mine")))
    assert device.handheld.name == "Mine"


@pytest.mark.parametrize(("model_name", "reason"), [("iPhone", None), ("iPad", "no_telephone")])
def test_only_a_telephone_takes_calls(model_name: str, reason: str | None, device: Device) -> None:
    """Nobody calls a tablet."""
    machine = device.handheld.hardware
    model = next(model for model in MODELS if model.model_name == model_name)
    device.handheld.hardware = Hardware(model, machine.udid, machine.serial_number, machine.capacity)
    assert refusals(device, AnswerCall()) == ([PersonRefused("AnswerCall", reason)] if reason else [])
    assert device.handheld.on_call is (reason is None)


def test_a_locked_device_is_opened_first(device: Device) -> None:
    """The person types the passcode without being told to."""
    assert refusals(device, FinishSetupAssistant(), Lock(), RenameDevice("Mine")) == []
    assert not device.handheld.is_locked


@pytest.mark.parametrize("action", [LINK.action, RemoveProfile(), SetPasscode(), RenameDevice("Mine"), Unlock()])
def test_a_lost_device_lets_its_person_do_nothing(action: PersonAction, device: Device) -> None:
    """Whatever they try."""
    device.handle(PersonActs(FinishSetupAssistant()))
    locking.enable_lost_mode(device.handheld, LostMode())
    device.events()
    assert refusals(device, action) == [PersonRefused(type(action).__name__, "lost")]


def test_a_disabled_device_lets_its_person_do_nothing(make_device: Callable[..., Device]) -> None:
    """They have to wait."""
    device = make_device()
    guesses: list[PersonAction] = [Unlock("0")] * 6
    assert refusals(device, FinishSetupAssistant(), Lock(), *guesses, RenameDevice("Mine")) == [
        PersonRefused("RenameDevice", "disabled")
    ]
