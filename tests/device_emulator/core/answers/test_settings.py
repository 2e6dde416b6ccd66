from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from device_emulator.core.answers.settings import SETTINGS, SUPPORT
from device_emulator.core.answers.sightings import SettingChanged
from device_emulator.core.handheld import Handheld
from device_emulator.core.preferences import Preference
from mdm_server.wire.commands import ALL_RIGHTS, AccessRight, Mode, Platform
from rigs.managed_device import ask

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def results(handheld: Handheld, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """Set some items and return what became of each."""
    answered: list[dict[str, Any]] = ask(handheld, "Settings", Settings=list(items)).values["Settings"]
    return answered


@pytest.mark.parametrize(
    ("item", "query", "value"),
    [
        ({"Item": "DeviceName", "DeviceName": "Reception"}, "DeviceName", "Reception"),
        ({"Item": "DataRoaming", "Enabled": True}, "DataRoamingEnabled", True),
        ({"Item": "VoiceRoaming", "Enabled": False}, "VoiceRoamingEnabled", False),
        ({"Item": "PersonalHotspot", "Enabled": True}, "PersonalHotspotEnabled", True),
        ({"Item": "TimeZone", "TimeZone": "America/Argentina/Salta"}, "TimeZone", "America/Argentina/Salta"),
        (
            {
                "Item": "OrganizationInfo",
                "OrganizationInfo": {"OrganizationName": "Example", "OrganizationShortName": "E"},
            },
            "OrganizationInfo",
            {"OrganizationName": "Example"},
        ),
        (
            {"Item": "SoftwareUpdateSettings", "RecommendationCadence": 2},
            "SoftwareUpdateSettings",
            {"RecommendationsCadence": 2},
        ),
    ],
)
def test_what_is_set_can_be_asked_for(iphone: Handheld, item: dict[str, Any], query: str, value: object) -> None:
    """An item that is acknowledged shows in DeviceInformation, and a watcher sees it change."""
    assert results(iphone, item) == [{"Status": "Acknowledged"}]
    assert iphone.take_events() == [SettingChanged(item["Item"])]
    assert ask(iphone, "DeviceInformation", Queries=[query]).values["QueryResponses"] == {query: value}


def test_each_item_succeeds_or_fails_on_its_own(iphone: Handheld) -> None:
    """The command is acknowledged, and each result stands at its item's place."""
    answered = results(
        iphone,
        {"Item": "Bluetooth", "Enabled": False},
        {"Item": "Shoes"},
        {"Item": "HostName", "HostName": "x"},
        {"Item": "ApplicationConfiguration", "Identifier": "com.example.unmanaged"},
        {"Item": "MaximumResidentUsers", "MaximumResidentUsers": 3},
    )

    assert [each["Status"] for each in answered] == ["Acknowledged", "Error", "Error", "Error", "Error"]
    assert [each["ErrorChain"][0]["ErrorCode"] for each in answered[1:]] == [28000, 28000, 12029, 12007]
    assert answered[3]["Identifier"] == "com.example.unmanaged"
    assert iphone.preferences.value(Preference.BLUETOOTH) is False


def test_roaming_for_data_and_for_voice_depend_on_each_other(iphone: Handheld) -> None:
    """Data roaming switches voice roaming on; without voice roaming there is none for data."""
    both = (Preference.DATA_ROAMING, Preference.VOICE_ROAMING)
    results(iphone, {"Item": "VoiceRoaming", "Enabled": False}, {"Item": "DataRoaming", "Enabled": True})
    assert [iphone.preferences.value(each) for each in both] == [True, True]

    results(iphone, {"Item": "VoiceRoaming", "Enabled": False})
    assert [iphone.preferences.value(each) for each in both] == [False, False]


@pytest.mark.parametrize("name", ["DeviceName", "Wallpaper", "Bluetooth", "TimeZone"])
def test_some_items_need_supervision(make: Callable[..., Handheld], name: str) -> None:
    """An unsupervised device refuses them and keeps what it has."""
    handheld = make(supervised=False)
    item = {"DeviceName": "x", "Image": PNG, "Where": 1, "Enabled": False, "TimeZone": "UTC", "Item": name}

    (answered,) = results(handheld, item)

    assert answered["ErrorChain"][0]["ErrorCode"] == 12007
    assert handheld.preferences.changed() == {}


def test_an_item_may_need_a_right_of_its_own(make: Callable[..., Handheld]) -> None:
    """PersonalHotspot asks for the right to network information beside the one to change settings."""
    handheld = make(rights=ALL_RIGHTS & ~AccessRight.QUERY_NETWORK)

    (answered,) = results(handheld, {"Item": "PersonalHotspot", "Enabled": True})

    assert answered["Status"] == "Error"


@pytest.mark.parametrize(
    ("image", "status"), [(PNG, "Acknowledged"), (b"\xff\xd8\xff\xe0", "Acknowledged"), (b"GIF89a", "Error")]
)
def test_a_wallpaper_is_a_png_or_a_jpeg(iphone: Handheld, image: bytes, status: str) -> None:
    """Another image is refused; of a good one only the hash is kept."""
    (answered,) = results(iphone, {"Item": "Wallpaper", "Image": image, "Where": 3})

    assert answered["Status"] == status
    assert (Preference.WALLPAPER in iphone.preferences.changed()) == (status == "Acknowledged")


@pytest.mark.parametrize("zone", ["", "Berlin or so", "../../etc/passwd", "Europe/"])
def test_a_time_zone_has_a_name_of_the_iana(iphone: Handheld, zone: str) -> None:
    """What does not look like one is refused."""
    assert results(iphone, {"Item": "TimeZone", "TimeZone": zone})[0]["Status"] == "Error"


def test_accessibility_is_set_key_by_key(iphone: Handheld) -> None:
    """What an item does not mention stays as it was."""
    results(iphone, {"Item": "AccessibilitySettings", "BoldTextEnabled": True})
    results(iphone, {"Item": "AccessibilitySettings", "TextSize": 7})

    state = ask(iphone, "DeviceInformation", Queries=["AccessibilitySettings"]).values["QueryResponses"]

    assert (state["AccessibilitySettings"]["BoldTextEnabled"], state["AccessibilitySettings"]["TextSize"]) == (True, 7)


def test_a_key_nobody_knows_is_not_given_back(iphone: Handheld) -> None:
    """It is ignored on the way in, and does not turn up in an answer."""
    results(iphone, {"Item": "AccessibilitySettings", "Shoes": 2}, {"Item": "MDMOptions", "MDMOptions": {"Shoes": 2}})

    queries = ["AccessibilitySettings", "MDMOptions"]
    responses = ask(iphone, "DeviceInformation", Queries=queries).values["QueryResponses"]

    assert ["Shoes" in responses[query] for query in queries] == [False, False]


def test_every_item_of_an_unshared_iphone_can_be_set() -> None:
    """Only items of a Mac or of a Shared iPad have no setting here."""
    ours = {name for name, support in SUPPORT.items() if Platform.IOS in support}
    shared = {name for name in ours if SUPPORT[name][Platform.IOS].shared_ipad.mode is Mode.REQUIRED}

    assert ours - shared <= set(SETTINGS) <= ours
