"""Return to Service: what the server has to send along, and what the device makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from device_emulator.core.actions import SetUp
from device_emulator.core.activation import ActivationRecord, SettingUp
from device_emulator.core.answers.answerer import Answer
from device_emulator.core.answers.dispatch import answer
from device_emulator.core.device import Device
from device_emulator.core.events import Enrolled
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS
from device_emulator.core.messages import PersonActs, RequestKind, TimePassed
from device_emulator.core.return_to_service import WIFI, begin, plan
from device_emulator.core.setting_up.answers import Guide
from device_emulator.core.setting_up.events import PaneShown
from device_emulator.core.states import LifeState
from mdm_server.wire.command import Command
from mdm_server.wire.enrollment_id import CommandUuid
from mdm_server.wire.results import Status
from rigs.play_apple import WEB_URL, PlayApple, decided
from rigs.play_server import LINK, MDM_URL, MovingClock, PlayServer, play


@pytest.fixture
def handheld(make_device: Callable[..., Device], server: PlayServer) -> Handheld:
    """Return an enrolled device that is supervised, and one of Apple Business Manager."""
    device = make_device(supervised=True)
    play(device, server, LINK)
    device.handheld.system = next(each for each in SYSTEM_VERSIONS if each.version.startswith("18"))
    device.handheld.activation = ActivationRecord(certificates=(), configuration=decided())
    device.handheld.take_events()
    return device.handheld


def erase(handheld: Handheld, **wanted: Any) -> Answer:
    """Have the server erase a device and return it to service."""
    fields = {"ReturnToService": {"Enabled": True, **wanted}}
    return answer(handheld, Command(CommandUuid("erase-1"), "EraseDevice", fields))


def wifi(server: PlayServer) -> bytes:
    """Return a profile that brings a network."""
    return server.configuration("office", WIFI, {"SSID_STR": "Office", "EncryptionType": "WPA2"})


def test_the_device_is_erased_and_sets_itself_up(handheld: Handheld, server: PlayServer) -> None:
    """It has the network and the profile, and no person to ask."""
    profile = server.profile()
    reply = erase(handheld, WiFiProfileData=wifi(server), MDMProfileData=profile)
    assert (reply.status, handheld.life) == (Status.ACKNOWLEDGED, LifeState.ENROLLED)
    assert reply.afterwards is not None
    reply.afterwards(handheld)
    assert handheld.life is LifeState.SETUP_ASSISTANT
    assert handheld.passage is not None
    assert (handheld.passage.guide, handheld.passage.setting_up.profile) == (Guide.RETURN_TO_SERVICE, profile)
    assert [profile.identifier for profile in handheld.profiles] == ["office"]


def test_a_device_of_apple_business_manager_needs_no_profile(handheld: Handheld, server: PlayServer) -> None:
    """It asks the server that Apple names."""
    reply = erase(handheld, WiFiProfileData=wifi(server))
    assert reply.afterwards is not None
    reply.afterwards(handheld)
    assert handheld.passage is not None
    assert handheld.passage.setting_up.profile is None


def _nobodys(handheld: Handheld) -> None:
    handheld.activation = None


def _unsupervised(handheld: Handheld) -> None:
    handheld.is_supervised = False


def _with_a_page(handheld: Handheld) -> None:
    handheld.activation = ActivationRecord(certificates=(), configuration=decided(configuration_web_url=WEB_URL))


@pytest.mark.parametrize("change", [_nobodys, _unsupervised, _with_a_page])
def test_every_other_device_needs_one(
    handheld: Handheld, server: PlayServer, change: Callable[[Handheld], None]
) -> None:
    """Nobody else says where to enrol, or somebody would have to sign in."""
    change(handheld)
    reply = erase(handheld, WiFiProfileData=wifi(server))
    assert [link.code for link in reply.error_chain] == [4001, 12008]
    assert erase(handheld, WiFiProfileData=wifi(server), MDMProfileData=server.profile()).status is Status.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        ({}, 12008),
        ({"WiFiProfileData": b""}, 12008),
        ({"WiFiProfileData": b"no profile"}, 1004),
        ({"WiFiProfileData": "other"}, 1000),
        ({"WiFiProfileData": "wifi", "MDMProfileData": b"no profile"}, 1004),
        ({"WiFiProfileData": "wifi", "MDMProfileData": "other"}, 1000),
        ({"WiFiProfileData": "wifi", "MDMProfileData": "stranger's"}, 1004),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_erased(
    handheld: Handheld, server: PlayServer, wanted: dict[str, Any], cause: int
) -> None:
    """Error 4001 with its cause beneath it, and the device goes on as it was."""
    broken = bytearray(server.profile())
    broken[len(broken) // 2] ^= 1
    documents = {
        "wifi": wifi(server),
        "other": server.configuration("other", "com.apple.applicationaccess", {}),
        "stranger's": bytes(broken),
    }
    sent = {key: documents.get(value, value) if isinstance(value, str) else value for key, value in wanted.items()}
    reply = erase(handheld, **sent)
    assert (reply.status, [link.code for link in reply.error_chain]) == (Status.ERROR, [4001, cause])
    assert reply.afterwards is None
    assert handheld.life is LifeState.ENROLLED


@pytest.mark.parametrize("old", [True, False])
def test_return_to_service_can_be_off(handheld: Handheld, old: bool) -> None:
    """Not enabled, or a system that does not know it: an erase like any other."""
    if old:
        handheld.system = replace(handheld.system, version="16.7.11")
    fields = {"ReturnToService": {"Enabled": old}}
    reply = answer(handheld, Command(CommandUuid("erase-1"), "EraseDevice", fields))
    assert reply.afterwards is not None
    reply.afterwards(handheld)
    assert (handheld.life, handheld.passage) == (LifeState.SETUP_ASSISTANT, None)


def test_enabled_must_be_said(handheld: Handheld) -> None:
    """The schema requires it in the dictionary."""
    reply = answer(handheld, Command(CommandUuid("erase-1"), "EraseDevice", {"ReturnToService": {}}))
    assert reply.status is Status.COMMAND_FORMAT_ERROR


def test_what_an_organization_decided_holds_for_the_profile_that_came_along(
    boxed: Device, apple: PlayApple, server: PlayServer
) -> None:
    """The cloud configuration is read as ever: the device is supervised, no pane is shown, and no URL is asked."""
    setting_up = SettingUp(guide=Guide.RETURN_TO_SERVICE, profile=server.profile())
    events = play(boxed, apple, PersonActs(SetUp(setting_up)))
    assert Enrolled(MDM_URL) in events
    assert not any(isinstance(event, PaneShown) for event in events)
    assert boxed.handheld.is_supervised
    assert RequestKind.PROFILE not in {request.kind for request in server.requests}


@pytest.mark.parametrize("stop", range(6))
def test_a_device_on_its_way_back_can_be_written_down(
    boxed: Device, apple: PlayApple, server: PlayServer, moving: MovingClock, stop: int
) -> None:
    """Wherever an emulator stops: the device goes on by itself when it is started again."""
    play(boxed, apple, PersonActs(SetUp(SettingUp())))
    assert boxed.life is LifeState.ENROLLED
    way_back = plan(boxed.handheld, {"WiFiProfileData": wifi(server), "MDMProfileData": server.profile()})
    begin(boxed.handheld, way_back)
    boxed.handle(TimePassed())
    for _ in range(stop):
        for request in boxed.requests():
            boxed.handle(apple.answer(request))
    restored = Device.restore(
        json.loads(json.dumps(boxed.snapshot())),
        boxed.handheld.settings,
        clock=moving,
        randomness=boxed.handheld.randomness,
        key_source=boxed.handheld.keychain.source,
    )
    play(restored, apple, TimePassed())
    assert restored.life is LifeState.ENROLLED
