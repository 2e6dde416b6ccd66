"""Handing a device over, the passcode that goes with it or does not, and taking it out of reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from device_emulator.core.actions import (
    FinishSetupAssistant,
    GoOffline,
    GoOnline,
    HandOver,
    HubEnroll,
    HubLogin,
    Lock,
    PersonAction,
    RemoveProfile,
    RenameDevice,
    SetPasscode,
    ShutDown,
    Unlock,
)
from device_emulator.core.device import Device
from device_emulator.core.effects import PASSCODE_POLICY
from device_emulator.core.events import (
    CheckedOut,
    Enrolled,
    Event,
    HandedOver,
    HubStepAnswered,
    NetworkChanged,
    PasscodeRefused,
    PersonRefused,
    ProfileInstalled,
    SessionStarted,
    Unenrolled,
)
from device_emulator.core.gauges import Network
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.installing import install_profile
from device_emulator.core.messages import PersonActs, PushArrived, RequestKind, TimePassed
from device_emulator.core.person import Habits, Person
from device_emulator.core.states import LifeState, LockState
from mdm_server.wire.hub import DeviceReply, encode
from rigs.play_hub import HUB, offers
from rigs.play_server import LINK, MovingClock, PlayServer, play

ADA = Person(name="Ada", user_name="ada", password="engine", passcode="314159")
GRACE = Person(name="Grace", user_name="grace", password="cobol")


def person(device: Device, *actions: PersonAction) -> list[Event]:
    """Let the person act, and return what could be seen."""
    for action in actions:
        device.handle(PersonActs(action))
    return device.events()


# Passcodes


def test_the_holder_chooses_the_passcode(device: Device) -> None:
    """Their own, where they have one."""
    person(device, HandOver(ADA), FinishSetupAssistant())
    assert device.handheld.passcode.right_code == "314159"


def test_everybody_chooses_another_passcode(device: Device) -> None:
    """Drawn for the person and the device."""
    codes = set()
    for somebody in (GRACE, Person(name="Linus")):
        person(device, HandOver(somebody), SetPasscode())
        codes.add(device.handheld.passcode.right_code)
    assert len(codes) == 2


def test_a_favourite_that_a_policy_forbids_is_not_chosen(device: Device, server: PlayServer) -> None:
    """The person chooses another, which is long enough."""
    person(device, HandOver(ADA), FinishSetupAssistant())
    policy = server.configuration("policy", PASSCODE_POLICY, {"minLength": 8})
    install_profile(device.handheld, policy, managed=False)
    assert not [event for event in person(device, SetPasscode()) if isinstance(event, PersonRefused)]
    assert device.handheld.passcode.length == 8


def test_whoever_was_told_the_passcode_opens_the_device(device: Device) -> None:
    """That is the usual way to hand over."""
    events = person(device, FinishSetupAssistant(), Lock(), HandOver(ADA), Unlock())
    assert HandedOver("Ada") in events
    assert device.lock is LockState.UNLOCKED


def test_whoever_was_not_told_types_their_own_in_vain(device: Device) -> None:
    """Each try counts as a wrong one; an open device needs none."""
    person(device, FinishSetupAssistant(), HandOver(ADA, tells_passcode=False))
    assert person(device, RenameDevice("Mine")) == []
    events = person(device, Lock(), Unlock(), RenameDevice("Ours"))
    assert [event.attempts for event in events if isinstance(event, PasscodeRefused)] == [1, 2]
    assert events[-1] == PersonRefused("RenameDevice", "locked")
    assert device.handheld.name == "Mine"


def test_what_nobody_knows_cannot_be_told(device: Device) -> None:
    """The second holder never learned it."""
    person(device, FinishSetupAssistant(), Lock(), HandOver(ADA, tells_passcode=False), HandOver(GRACE))
    person(device, Unlock())
    assert device.lock is LockState.LOCKED


def test_whoever_sets_a_passcode_knows_it(device: Device) -> None:
    """The device was open when they got it."""
    person(device, FinishSetupAssistant(), HandOver(ADA, tells_passcode=False), SetPasscode("161803"), Lock(), Unlock())
    assert device.lock is LockState.UNLOCKED


def test_a_device_can_be_handed_over_switched_off(device: Device) -> None:
    """It needs no power for that."""
    assert HandedOver("Ada") in person(device, FinishSetupAssistant(), ShutDown(), HandOver(ADA))


# Out of reach


def test_a_device_out_of_reach_hears_no_push_and_asks_when_it_is_back(enrolled: Device, server: PlayServer) -> None:
    """A push may have come meanwhile."""
    assert person(enrolled, GoOffline()) == [NetworkChanged(Network.WIFI, Network.NONE)]
    assert not enrolled.is_reachable
    assert play(enrolled, server, PushArrived(enrolled.push_magic or "")) == []
    assert enrolled.deadline is None
    events = play(enrolled, server, PersonActs(GoOnline()))
    assert events[:2] == [NetworkChanged(Network.NONE, Network.WIFI), SessionStarted()]


@pytest.mark.parametrize(
    ("actions", "reason"), [([GoOnline()], "already_online"), ([GoOffline(), GoOffline()], "already_offline")]
)
def test_nobody_goes_where_they_are(actions: list[PersonAction], reason: str, device: Device) -> None:
    """Refused without a consequence."""
    assert person(device, *actions)[-1] == PersonRefused(type(actions[-1]).__name__, reason)


def test_an_enrolment_goes_on_when_the_device_is_back(device: Device, server: PlayServer, moving: MovingClock) -> None:
    """The request that was under way is sent again, and not before; its old answer is nobody's."""
    device.handle(LINK)
    (lost,) = device.requests()
    person(device, GoOffline())
    assert device.requests() == []
    moving.move(minutes=10)
    assert play(device, server, server.answer(lost), TimePassed()) == []
    assert device.life is LifeState.ENROLLING
    assert Enrolled("https://mdm.example/mdm") in play(device, server, PersonActs(GoOnline()))


def test_a_session_that_was_cut_off_is_begun_again(enrolled: Device, server: PlayServer) -> None:
    """With all that the server has to say."""
    server.command("ProfileList", uuid="A")
    enrolled.handle(PushArrived(enrolled.push_magic or ""))
    (idle,) = enrolled.requests()
    person(enrolled, GoOffline())
    play(enrolled, server, PersonActs(GoOnline()))
    assert server.answers["A"]["Status"] == "Acknowledged"
    assert play(enrolled, server, server.answer(idle)) == []


def test_a_wizard_goes_on_when_the_device_is_back(device: Device, server: PlayServer) -> None:
    """The session is the same: the step is asked again."""
    server.script(RequestKind.HUB_WIZARD, (200, encode(offers())))
    server.script(RequestKind.HUB_STATUS, (200, encode(DeviceReply(state="Assigned", user="ada"))))
    device.handle(PersonActs(HubEnroll(HubIntent(url=HUB, group="MAIN", user_name="ada", password="engine"))))
    person(device, GoOffline())
    events = play(device, server, PersonActs(GoOnline()))
    assert HubStepAnswered("validateGroupIdentifier") in events
    assert device.life is LifeState.ENROLLED


def test_management_that_is_removed_out_of_reach_is_gone_at_once(enrolled: Device, server: PlayServer) -> None:
    """The server does not hear of it, and believes what it believed."""
    requests = len(server.requests)
    events = play(enrolled, server, PersonActs(GoOffline()), PersonActs(RemoveProfile()), PersonActs(GoOnline()))
    assert Unenrolled("profile_removed") in events
    assert CheckedOut() not in events
    assert len(server.requests) == requests
    assert (enrolled.life, enrolled.is_busy) == (LifeState.IN_USE, False)


def test_profiles_are_still_installed_out_of_reach(device: Device, server: PlayServer) -> None:
    """A file needs no network."""
    person(device, FinishSetupAssistant(), GoOffline())
    install_profile(device.handheld, server.configuration("a", "com.apple.wifi.managed", {}), managed=False)
    assert device.events() == [ProfileInstalled("a")]


# Habits


def test_the_clock_brings_out_the_holders_habits(enrolled: Device, server: PlayServer, moving: MovingClock) -> None:
    """Within a day they are out of reach, and back by themselves; within another they try to be rid of management."""
    wanderer = Person(name="Ada", habits=Habits(goes_offline=1.0))
    events = play(enrolled, server, PersonActs(HandOver(wanderer)), clock=moving, patience=48 * 3600)
    changes = [event for event in events if isinstance(event, NetworkChanged)]
    assert changes[:2] == [NetworkChanged(Network.WIFI, Network.NONE), NetworkChanged(Network.NONE, Network.WIFI)]
    rebel = Person(name="Grace", habits=Habits(removes_management=1.0))
    events = play(enrolled, server, PersonActs(HandOver(rebel)), clock=moving, patience=24 * 3600)
    assert [event for event in events if isinstance(event, Unenrolled)] == [Unenrolled("profile_removed")]


def test_where_there_is_nothing_to_be_rid_of_a_habit_does_not_show(
    device: Device, server: PlayServer, moving: MovingClock
) -> None:
    """Nobody tries to remove a profile that is not there."""
    rebel = Person(name="Grace", habits=Habits(removes_management=1.0))
    events = play(device, server, PersonActs(HandOver(rebel)), clock=moving, patience=72 * 3600)
    assert events == [HandedOver("Grace")]


def test_somebody_who_mistypes_is_refused(enrolled: Device, server: PlayServer) -> None:
    """The password that goes out is not theirs."""
    clumsy = Person(name="Ada", user_name="ada", password="engine", habits=Habits(mistypes=1.0))
    server.script(RequestKind.HUB_LOGIN, (400, b""))
    play(enrolled, server, PersonActs(HandOver(clumsy)), PersonActs(HubLogin()))
    assert b'"ada"' in server.requests[-1].body
    assert b'"engine"' not in server.requests[-1].body


def test_a_holder_survives_an_erase_and_paper(
    enrolled: Device, make_device: Callable[..., Device], moving: MovingClock
) -> None:
    """What is erased is the device, not the person."""
    person(enrolled, HandOver(Person(name="Ada", habits=Habits(goes_offline=0.5))))
    handheld = enrolled.handheld
    copy = Device.restore(
        enrolled.snapshot(), handheld.settings, clock=moving, randomness=handheld.randomness,
        key_source=handheld.keychain.source,
    )  # fmt: skip
    assert copy.handheld.holder is not None
    assert copy.handheld.holder.person.name == "Ada"
    assert copy.deadline == enrolled.deadline
    assert copy.deadline is not None
    assert copy.deadline - moving() <= timedelta(days=1)
