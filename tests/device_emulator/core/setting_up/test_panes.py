"""The panes, against Apple's published schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from device_emulator.core.actions import SetUp
from device_emulator.core.activation import SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import SetupAssistantFinished
from device_emulator.core.hardware import MODELS, SYSTEM_VERSIONS, Hardware, SystemVersion
from device_emulator.core.messages import PersonActs
from device_emulator.core.setting_up.deeds import DEEDS
from device_emulator.core.setting_up.events import PaneShown, PaneSkipped
from device_emulator.core.setting_up.panes import GREETING, OPTIONS, PANES, known_keys
from mdm_server.wire.commands.permission import version_number
from rigs.oracles import apple_schema
from rigs.play_apple import PlayApple
from rigs.play_server import play

SET_UP = PersonActs(SetUp(SettingUp()))


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Mapping[str, Any]]:
    """Return what Apple's schema says of each key on iOS; keys that iOS does not know are left out."""
    document = yaml.safe_load((apple_schema() / "other" / "skipkeys.yaml").read_text("utf-8"))
    inherited = document["payload"]["supportedOS"]["iOS"]
    said = {key["key"]: {**inherited, **key.get("supportedOS", {}).get("iOS", {})} for key in document["payloadkeys"]}
    return {name: facts for name, facts in said.items() if facts["introduced"] != "n/a"}


def test_every_key_of_apples_for_ios_is_known_and_no_other(schema: Mapping[str, Mapping[str, Any]]) -> None:
    """No pane is missing, and none is made up but those that have no key."""
    assert known_keys() == set(schema)
    assert OPTIONS.keys() <= set(schema)


def test_panes_come_and_go_with_the_systems_that_apple_says(schema: Mapping[str, Mapping[str, Any]]) -> None:
    """Introduced in one version, gone in another; and what comes too early to be skipped cannot be."""
    for pane in PANES:
        if pane.name not in schema:
            continue
        said = schema[pane.name]
        assert pane.introduced == str(said["introduced"]), pane.name
        assert pane.ended == (None if said.get("deprecated") is None else str(said["deprecated"])), pane.name
        assert pane.can_be_skipped is said["always-skippable"], pane.name


def test_every_pane_has_a_name_of_its_own_and_something_to_do() -> None:
    """Deeds belong to panes that exist."""
    names = [pane.name for pane in PANES]
    assert len(names) == len(set(names))
    assert DEEDS.keys() <= set(names)
    assert all(pane.deed for pane in PANES)


@pytest.mark.parametrize("pane", [pane.name for pane in PANES if pane not in GREETING])
def test_any_pane_can_be_left_out_and_only_that_one(
    pane: str, make_device: Callable[..., Device], boxed: Device, make_apple: Callable[..., PlayApple]
) -> None:
    """The others are shown in order, and nobody sees it even where it would have been shown."""
    device = boxed
    device.handheld.hardware = Hardware(
        next(model for model in MODELS if model.marketing_name == "iPhone 16"), "00008140-00", "F2LXK4Q9PD", 128
    )
    device.handheld.system = SYSTEM_VERSIONS[-1]
    events = play(device, make_apple(skip_setup_items=(pane,)), SET_UP)
    (finished,) = [event for event in events if isinstance(event, SetupAssistantFinished)]
    shown = [event.name for event in events if isinstance(event, PaneShown)]
    assert list(finished.panes) == shown
    assert pane not in shown
    order = [each.name for each in GREETING] + ["RemoteManagement"] + [each.name for each in PANES[len(GREETING) :]]
    assert shown == [name for name in order if name in shown]
    skipped = [event.name for event in events if isinstance(event, PaneSkipped)]
    assert set(skipped) <= {pane}


@pytest.mark.parametrize(
    ("version", "known", "unknown"),
    [
        ("7.0", {"Passcode", "Siri"}, {"Payment", "Welcome", "Intelligence"}),
        ("13.0", {"Welcome", "OnBoarding", "Zoom"}, {"AppStore", "Safety"}),
        ("14.0", {"Zoom"}, {"OnBoarding"}),
        ("18.6.2", {"Intelligence", "CameraButton"}, {"Zoom", "DisplayTone", "HomeButtonSensitivity"}),
    ],
)
def test_a_system_shows_only_what_it_knows(version: str, known: set[str], unknown: set[str]) -> None:
    """A number beyond ten is a number, too."""
    shown = {pane.name for pane in PANES if pane.is_known_to(version)}
    assert known <= shown
    assert unknown.isdisjoint(shown)
    assert version_number("9.3.2") < version_number("14.0")


def test_panes_of_a_telephone_are_not_shown_on_a_tablet(boxed: Device, nobodys: PlayApple) -> None:
    """No emergency calls, no plan, no button that is not there."""
    device = boxed
    tablet = next(model for model in MODELS if model.marketing_name == "iPad (10th generation)")
    device.handheld.hardware = Hardware(tablet, "00008101-00", "F2LXK4Q9PE", 64)
    device.handheld.system = SystemVersion("18.5", "22F76")
    events = play(device, nobodys, SET_UP)
    shown = {event.name for event in events if isinstance(event, PaneShown)}
    assert {"SIMSetup", "Safety", "ActionButton", "CameraButton", "WatchMigration", "Intelligence"}.isdisjoint(shown)
    assert "RemoteManagement" not in shown
