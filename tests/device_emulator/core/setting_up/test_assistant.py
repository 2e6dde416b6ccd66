"""Setup Assistant from the greeting to the home screen: waiting, failing, going on, and what is typed on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from device_emulator.core import leaving
from device_emulator.core.actions import FinishSetupAssistant, GoOffline, GoOnline, Restart, SetUp
from device_emulator.core.activation import SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    Event,
    PersonRefused,
    SetupAssistantFinished,
)
from device_emulator.core.messages import PersonActs, RequestFailed, RequestKind, ResponseArrived, TimePassed
from device_emulator.core.preferences import Preference
from device_emulator.core.setting_up.answers import SKIP, AppleAccount, Guide, SetupAnswers
from device_emulator.core.setting_up.events import (
    ActivationFailed,
    ActivationLocked,
    AppleAccountSignedIn,
    DeviceActivated,
    PaneShown,
    RestoredFromBackup,
    SetupAssistantWaits,
)
from device_emulator.core.states import LifeState
from rigs.play_apple import PlayApple
from rigs.play_server import MovingClock, PlayServer, play

ADA = AppleAccount(name="ada@icloud.example", password="engine")


def set_up(guide: Guide = Guide.PERSON, profile: bytes | None = None, **answers: Any) -> PersonActs:
    """Return a passage through Setup Assistant."""
    return PersonActs(SetUp(SettingUp(answers=SetupAnswers(**answers), guide=guide, profile=profile)))


def panes(events: list[Event]) -> list[str]:
    """Return the panes that were shown."""
    return [event.name for event in events if isinstance(event, PaneShown)]


def test_a_device_of_nobodys_is_activated_and_used(boxed: Device, nobodys: PlayApple) -> None:
    """Apple knows it, no organization does: no remote management pane, no management."""
    events = play(boxed, nobodys, set_up())
    assert DeviceActivated(None) in events
    assert panes(events)[-1] == "Welcome"
    assert "RemoteManagement" not in panes(events)
    assert (boxed.life, boxed.handheld.management) == (LifeState.IN_USE, None)
    assert boxed.handheld.activation is not None
    assert boxed.handheld.passage is None


def test_what_is_answered_is_what_the_device_is_like_afterwards(boxed: Device, nobodys: PlayApple) -> None:
    """Language, region, passcode, account, face or finger, and what comes out of a backup."""
    events = play(
        boxed,
        nobodys,
        set_up(language="fr", region="CA", passcode="1379", apple_account=ADA, biometrics=True, restore="backup"),
    )
    handheld = boxed.handheld
    assert (handheld.preferences.value(Preference.LANGUAGE), handheld.preferences.value(Preference.REGION)) == (
        "fr",
        "CA",
    )
    assert handheld.preferences.value(Preference.BIOMETRICS) is True
    assert handheld.passcode.right_code == "1379"
    assert handheld.apple_account == ADA
    assert {RestoredFromBackup(), AppleAccountSignedIn(ADA.name)} <= set(events)
    assert {"RestoreCompleted", "AppStore"} <= set(panes(events))


def test_what_can_be_put_off_is_put_off(boxed: Device, nobodys: PlayApple) -> None:
    """No passcode, no account, no face, nothing from a backup."""
    events = play(boxed, nobodys, set_up(passcode=SKIP, biometrics=False))
    handheld = boxed.handheld
    assert not handheld.passcode.is_set
    assert handheld.apple_account is None
    assert handheld.preferences.value(Preference.BIOMETRICS) is False
    assert {"RestoreCompleted", "AppStore", "EnableLockdownMode"}.isdisjoint(panes(events))


def test_without_a_network_it_waits_at_the_wifi_pane_and_then_goes_on(boxed: Device, apple: PlayApple) -> None:
    """Nobody has to begin again, and no pane is shown twice."""
    play(boxed, apple, PersonActs(GoOffline()))
    events = play(boxed, apple, set_up())
    assert events[-1] == SetupAssistantWaits("WiFi")
    assert panes(events)[-1] == "WiFi"
    assert boxed.life is LifeState.SETUP_ASSISTANT
    assert play(boxed, apple, set_up()) == [PersonRefused("SetUp", "setup_assistant")]
    events = play(boxed, apple, PersonActs(GoOnline()))
    assert "Language" not in panes(events)
    assert boxed.life is LifeState.ENROLLED


def test_who_waits_for_a_network_waits_tomorrow_too(boxed: Device, apple: PlayApple) -> None:
    """What was typed is on paper, and whoever restarts the device does not start over."""
    play(boxed, apple, PersonActs(GoOffline()), set_up(passcode="1379", apple_account=ADA, language="it"))
    handheld = boxed.handheld
    again = Device.restore(
        json.loads(json.dumps(boxed.snapshot())), handheld.settings, clock=handheld.clock,
        randomness=handheld.randomness, key_source=handheld.keychain.source,
    )  # fmt: skip
    assert again.handheld.passage is not None
    play(again, apple, PersonActs(GoOnline()))
    assert again.life is LifeState.ENROLLED
    assert (again.handheld.passcode.right_code, again.handheld.apple_account) == ("1379", ADA)


def test_a_restart_in_the_middle_is_a_pause(boxed: Device, apple: PlayApple, moving: MovingClock) -> None:
    """The device goes on by itself when it is up again."""
    boxed.handle(set_up())
    (asked,) = boxed.requests()
    assert asked.kind is RequestKind.ACTIVATION
    play(boxed, apple, PersonActs(Restart()), apple.answer(asked))
    assert boxed.life is LifeState.SETUP_ASSISTANT
    moving.move(minutes=1)
    play(boxed, apple, TimePassed())
    assert boxed.life is LifeState.ENROLLED


def test_an_erase_in_the_middle_begins_at_the_beginning(boxed: Device, apple: PlayApple) -> None:
    """Whoever holds the device then is greeted, and has to begin."""
    boxed.handle(set_up())
    (asked,) = boxed.requests()
    leaving.erase(boxed.handheld)
    play(boxed, apple, TimePassed(), apple.answer(asked))
    assert (boxed.life, boxed.handheld.activation, boxed.is_busy) == (LifeState.SETUP_ASSISTANT, None, False)
    play(boxed, apple, set_up())
    assert boxed.life is LifeState.ENROLLED


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (ResponseArrived(0, 403, {}, b"unknown device"), "activation.refused"),
        (ResponseArrived(0, 200, {}, b"<plist"), "activation.reply"),
        (RequestFailed(0, "tls.untrusted", retryable=False), "tls.untrusted"),
    ],
)
def test_a_device_that_is_not_activated_stays_where_it_is_and_can_try_again(
    boxed: Device, apple: PlayApple, reply: ResponseArrived | RequestFailed, reason: str
) -> None:
    """Nobody gets past Apple."""
    apple.scripted.append(reply)
    events = play(boxed, apple, set_up())
    assert [event.reason for event in events if isinstance(event, ActivationFailed)] == [reason]
    assert (boxed.life, boxed.is_busy) == (LifeState.SETUP_ASSISTANT, False)
    play(boxed, apple, set_up())
    assert boxed.life is LifeState.ENROLLED


def test_an_unavailable_apple_is_asked_again(boxed: Device, apple: PlayApple, moving: MovingClock) -> None:
    """With the patience of every other conversation."""
    apple.scripted.extend([ResponseArrived(0, 503), RequestFailed(0, "connect.refused")])
    play(boxed, apple, set_up(), clock=moving, patience=60)
    assert boxed.life is LifeState.ENROLLED
    assert [each.kind for each in apple.requests[:3]] == [RequestKind.ACTIVATION] * 3


def test_a_locked_device_wants_to_know_what_opens_it(boxed: Device, apple: PlayApple) -> None:
    """Nothing, the wrong thing, the right thing."""
    apple.locked_with = "open sesame"
    for typed, text in ((None, "nobody knew"), ("abracadabra", "does not open it")):
        events = play(boxed, apple, set_up(unlock=typed))
        assert ActivationLocked("Call 030 1234567") in events
        (failed,) = [event for event in events if isinstance(event, ActivationFailed)]
        assert failed.reason == "activation.locked"
        assert text in failed.detail
        assert boxed.life is LifeState.SETUP_ASSISTANT
    events = play(boxed, apple, set_up(unlock="open sesame"))
    assert boxed.life is LifeState.ENROLLED
    assert [asked.unlock for asked in apple.asked][-2:] == [None, "open sesame"]


def test_with_auto_advance_nobody_is_needed(boxed: Device, make_apple: Callable[..., PlayApple]) -> None:
    """Not one pane; language and region are the organization's."""
    apple = make_apple(auto_advance_setup=True, language="de", region="AT")
    events = play(boxed, apple, set_up(Guide.NOBODY))
    assert panes(events) == []
    assert SetupAssistantFinished(()) in events
    preferences = boxed.handheld.preferences
    assert (preferences.value(Preference.LANGUAGE), preferences.value(Preference.REGION)) == ("de", "AT")
    assert not boxed.handheld.passcode.is_set
    assert boxed.life is LifeState.ENROLLED


def test_without_auto_advance_a_device_that_nobody_holds_waits(boxed: Device, apple: PlayApple) -> None:
    """It gets as far as its first pane."""
    events = play(boxed, apple, set_up(Guide.NOBODY))
    assert events[-1] == SetupAssistantWaits("Language")
    assert not any(isinstance(event, Enrolled) for event in events)
    play(boxed, apple, set_up())
    assert boxed.life is LifeState.ENROLLED


def test_a_profile_that_is_there_already_is_not_asked_for(boxed: Device, apple: PlayApple, server: PlayServer) -> None:
    """As in a return to service: activation, and straight to the identity."""
    play(boxed, apple, set_up(Guide.RETURN_TO_SERVICE, server.profile()))
    assert boxed.life is LifeState.ENROLLED
    assert RequestKind.PROFILE not in {request.kind for request in apple.requests}


def test_tapping_through_asks_apple_too_and_signs_in_as_usual(boxed: Device, nobodys: PlayApple) -> None:
    """Whose the device is does not depend on what its person answers."""
    play(boxed, nobodys, PersonActs(FinishSetupAssistant()))
    assert len(nobodys.asked) == 1
    assert boxed.life is LifeState.IN_USE
    assert boxed.handheld.apple_account is not None


def test_where_there_is_no_apple_everything_goes_at_once(device: Device, server: PlayServer) -> None:
    """No activation, no request at all."""
    play(device, server, set_up(passcode="1379"))
    assert (device.life, server.requests) == (LifeState.IN_USE, [])
    assert device.handheld.passcode.right_code == "1379"


def test_a_failed_enrolment_ends_the_passage_and_the_next_one_begins_from_the_greeting(
    boxed: Device, apple: PlayApple, server: PlayServer
) -> None:
    """Whoever holds the device has a way on."""
    server.script(RequestKind.PROFILE, (404, b""))
    events = play(boxed, apple, set_up())
    assert any(isinstance(event, EnrollmentFailed) for event in events)
    assert boxed.handheld.passage is None
    assert panes(play(boxed, apple, set_up()))[0] == "Language"
