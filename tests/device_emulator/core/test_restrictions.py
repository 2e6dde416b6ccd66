"""Restrictions, held to Apple's published schema, and what they keep a person from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from device_emulator.core import actions, effects, restrictions
from device_emulator.core.application_events import ApplicationOpened, FeatureUsed
from device_emulator.core.applications import CATALOGUE
from device_emulator.core.events import DeviceErased, PersonRefused
from device_emulator.core.features import Feature
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SystemVersion
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.person_actions import act
from device_emulator.core.restrictions import FEATURES, RESTRICTIONS
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.states import LifeState
from rigs.managed_device import Clock, managed_device
from rigs.oracles import apple_schema

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def make() -> Callable[..., Handheld]:
    """Return a maker of managed devices."""
    return lambda **facts: managed_device(Clock(NOON), **facts)


@pytest.fixture
def iphone(make: Callable[..., Handheld]) -> Handheld:
    """Return a supervised iPhone."""
    return make()


@pytest.fixture(scope="module")
def schema() -> dict[str, dict[str, Any]]:
    """Return what Apple publishes of every restriction on iOS."""
    path = apple_schema() / "mdm" / "profiles" / "com.apple.applicationaccess.yaml"
    keys = yaml.safe_load(path.read_text("utf-8"))["payloadkeys"]
    return {key["key"]: {"type": key["type"], **key.get("supportedOS", {}).get("iOS", {})} for key in keys}


def restrict(handheld: Handheld, **content: Any) -> None:
    """Install a profile of restrictions."""
    payload = InstalledPayload(effects.RESTRICTIONS, "p", "u", content=content)
    handheld.profiles.install(InstalledProfile(identifier="r", uuid="U", payloads=(payload,), is_managed=True))


def refusals(handheld: Handheld, action: actions.PersonAction) -> list[str]:
    """Let the person act, and return why they may not."""
    handheld.take_events()
    act(handheld, action)
    return [event.reason for event in handheld.take_events() if isinstance(event, PersonRefused)]


@pytest.mark.parametrize("key", sorted(RESTRICTIONS))
def test_a_restriction_is_as_apple_publishes_it(key: str, schema: dict[str, dict[str, Any]]) -> None:
    """It exists on iOS, since the same version, and asks for supervision or does not."""
    row, published = RESTRICTIONS[key], schema[key]
    assert published.get("introduced") != "n/a"
    assert row.introduced == published.get("introduced", restrictions.OLDEST)
    assert row.supervised is published.get("supervised", False)
    assert published.get("removed") is None


def test_every_feature_has_a_restriction_of_its_own() -> None:
    """No two features hang on one switch, and none on a switch that the table does not have."""
    assert set(FEATURES) == set(Feature)
    assert len(set(FEATURES.values())) == len(FEATURES)
    assert set(FEATURES.values()) <= set(RESTRICTIONS)


@pytest.mark.parametrize("feature", list(Feature))
@pytest.mark.parametrize("supervised", [True, False])
def test_a_feature_is_used_until_it_is_restricted(
    feature: Feature, supervised: bool, make: Callable[..., Handheld]
) -> None:
    """What is for supervised devices alone changes nothing on an unsupervised twin."""
    handheld = make(supervised=supervised)
    act(handheld, actions.Use(feature))
    assert FeatureUsed(feature) in handheld.take_events()

    restrict(handheld, **{FEATURES[feature]: False})
    bound = supervised or not RESTRICTIONS[FEATURES[feature]].supervised
    assert refusals(handheld, actions.Use(feature)) == (["restricted"] if bound else [])

    restrict(handheld, **{FEATURES[feature]: True})
    assert refusals(handheld, actions.Use(feature)) == []


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("allowPasscodeModification", actions.SetPasscode("271828")),
        ("allowDeviceNameModification", actions.RenameDevice("Mine")),
        ("allowUIConfigurationProfileInstallation", actions.OpenProfile(b"no profile at all")),
        ("allowEraseContentAndSettings", actions.EraseAllContent()),
        ("allowAppInstallation", actions.InstallApplication("example.maps.compass")),
        ("allowUIAppInstallation", actions.InstallApplication("example.maps.compass")),
        ("allowAppRemoval", actions.RemoveApplication("example.chat.pigeon")),
    ],
)
def test_a_restriction_of_supervised_devices_binds_their_person(
    key: str, action: actions.PersonAction, make: Callable[..., Handheld]
) -> None:
    """The same profile keeps nobody from anything on an unsupervised twin."""
    for supervised, reasons in ((True, ["restricted"]), (False, [])):
        handheld = make(supervised=supervised)
        handheld.applications.install(next(each for each in CATALOGUE if each.identifier == "example.chat.pigeon"))
        handheld.applications.remove("example.maps.compass")
        handheld.apple_account = AppleAccount(name="somebody@icloud.example")
        restrict(handheld, **{key: False})
        assert refusals(handheld, action) == reasons


def test_an_older_system_does_not_know_a_newer_restriction(iphone: Handheld) -> None:
    """It is ignored, until the system is new enough."""
    restrict(iphone, allowFilesUSBDriveAccess=False)
    known, iphone.system = iphone.system, SystemVersion("12.4", "16G77")
    assert restrictions.allows(iphone, "allowFilesUSBDriveAccess")
    iphone.system = known
    assert not restrictions.allows(iphone, "allowFilesUSBDriveAccess")


def test_erasing_takes_everything_away(iphone: Handheld) -> None:
    """A person may do so unless that is restricted."""
    act(iphone, actions.EraseAllContent())
    assert DeviceErased() in iphone.take_events()
    assert iphone.life is LifeState.SETUP_ASSISTANT


def test_only_listed_applications_are_opened(iphone: Handheld) -> None:
    """By a list of what is blocked, or of what alone is allowed."""
    first, second, *_ = (each.identifier for each in iphone.applications)
    act(iphone, actions.OpenApplication(first))
    assert ApplicationOpened(first) in iphone.take_events()
    assert refusals(iphone, actions.OpenApplication("example.not.there")) == ["not_found"]

    restrict(iphone, blockedAppBundleIDs=[first])
    assert [refusals(iphone, actions.OpenApplication(each)) for each in (first, second)] == [["restricted"], []]
    restrict(iphone, allowListedAppBundleIDs=[first])
    assert [refusals(iphone, actions.OpenApplication(each)) for each in (first, second)] == [[], ["restricted"]]


@pytest.mark.parametrize(
    ("content", "days"),
    [
        ({}, 0),
        ({"enforcedSoftwareUpdateDelay": 10}, 0),
        ({"forceDelayedSoftwareUpdates": True}, 30),
        ({"forceDelayedSoftwareUpdates": True, "enforcedSoftwareUpdateDelay": 10}, 10),
        ({"forceDelayedSoftwareUpdates": True, "enforcedSoftwareUpdateDelay": 1000}, 90),
        ({"forceDelayedSoftwareUpdates": True, "enforcedSoftwareUpdateDelay": 0}, 1),
    ],
)
def test_updates_are_kept_out_of_sight_for_as_long_as_it_says(
    content: dict[str, Any], days: int, make: Callable[..., Handheld]
) -> None:
    """Between one day and ninety, on a supervised device."""
    supervised, unsupervised = make(), make(supervised=False)
    for handheld in (supervised, unsupervised):
        restrict(handheld, **content)
    assert restrictions.update_delay(supervised) == timedelta(days=days)
    assert restrictions.update_delay(unsupervised) == timedelta(0)


def test_what_is_in_force_leaves_out_what_has_no_effect(make: Callable[..., Handheld]) -> None:
    """A restriction that the table does not have is listed to the server, and does nothing."""
    content = {"allowCamera": False, "allowAirDrop": False, "allowNews": False}
    for supervised, keys in ((True, {"allowCamera", "allowAirDrop"}), (False, {"allowCamera"})):
        handheld = make(supervised=supervised)
        restrict(handheld, **content)
        assert set(restrictions.in_force(handheld)) == keys
