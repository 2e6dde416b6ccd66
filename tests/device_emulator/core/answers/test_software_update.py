from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from device_emulator.core import updating
from device_emulator.core.events import Event, SystemUpdated
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS
from device_emulator.core.states import PowerState
from device_emulator.core.system_update import UpdateState
from device_emulator.core.troubles import Trouble
from device_emulator.core.update_events import (
    UpdateDownloaded,
    UpdateDownloadStarted,
    UpdateFailed,
    UpdateInstalling,
    UpdatePrompted,
)
from mdm_server.wire.commands import version_number
from rigs.managed_device import PASSCODE, Clock, ask

NEWEST = max(SYSTEM_VERSIONS, key=lambda each: version_number(each.version))


def order(handheld: Handheld, action: str, **wanted: Any) -> dict[str, Any]:
    """Order one update and return what became of it."""
    (result,) = ask(handheld, "ScheduleOSUpdate", Updates=[{"InstallAction": action, **wanted}]).values["UpdateResults"]
    return dict(result)


def status(handheld: Handheld) -> tuple[str, bool, float]:
    """Return what the device says of its one update."""
    (update,) = ask(handheld, "OSUpdateStatus").values["OSUpdateStatus"]
    return update["Status"], update["IsDownloaded"], update["DownloadPercentComplete"]


def seen(handheld: Handheld) -> list[Event]:
    """Return what could be seen of updates."""
    of_updates = UpdateDownloadStarted | UpdateDownloaded | UpdateInstalling | UpdateFailed | SystemUpdated
    return [each for each in handheld.take_events() if isinstance(each, of_updates | UpdatePrompted)]


@pytest.fixture
def updated(iphone: Handheld, ticking: Clock) -> Handheld:
    """Return an iPhone with the newest update on it, not installed."""
    order(iphone, "DownloadOnly")
    ticking.advance(minutes=10)
    assert status(iphone) == ("Idle", True, 1.0)
    iphone.take_events()
    return iphone


def test_a_device_offers_only_what_is_newer(iphone: Handheld) -> None:
    """The list has the newest release, and none that the device has left behind."""
    offered = ask(iphone, "AvailableOSUpdates").values["AvailableOSUpdates"]
    assert offered[-1]["Version"] == NEWEST.version
    assert all(version_number(each["Version"]) > version_number(iphone.system.version) for each in offered)

    iphone.system = NEWEST
    assert ask(iphone, "AvailableOSUpdates").values == {"AvailableOSUpdates": []}


def test_an_update_is_downloaded_and_then_installed(iphone: Handheld, ticking: Clock) -> None:
    """Ordered once it downloads, ordered again it installs, and the device comes back as another version."""
    assert order(iphone, "Default")["Status"] == "Downloading"
    ticking.advance(minutes=5)
    assert status(iphone) == ("Downloading", False, pytest.approx(0.5))
    assert order(iphone, "InstallASAP")["Status"] == "Downloading"

    ticking.advance(minutes=5)
    assert status(iphone) == ("Idle", True, 1.0)
    assert order(iphone, "DownloadOnly")["Status"] == "Idle"
    assert order(iphone, "InstallASAP")["Status"] == "Installing"
    assert status(iphone) == ("Installing", True, 1.0)

    ticking.advance(minutes=5)
    assert ask(iphone, "OSUpdateStatus").values == {"OSUpdateStatus": []}
    assert (iphone.system, iphone.power) == (NEWEST, PowerState.STARTING)
    answers = ask(iphone, "DeviceInformation", Queries=["OSVersion", "BuildVersion"]).values["QueryResponses"]
    assert answers == {"OSVersion": NEWEST.version, "BuildVersion": NEWEST.build}
    version = NEWEST.version
    assert seen(iphone) == [
        UpdateDownloadStarted(version),
        UpdateDownloaded(version),
        UpdateInstalling(version),
        SystemUpdated(version),
    ]


def test_an_update_is_found_by_key_or_by_version(iphone: Handheld) -> None:
    """Either names it; what names none is no update."""
    key = f"iOSUpdate{NEWEST.build}"
    assert order(iphone, "DownloadOnly", ProductVersion=NEWEST.version)["ProductKey"] == key
    assert order(iphone, "DownloadOnly", ProductKey=key)["Status"] == "Downloading"
    unknown = order(iphone, "DownloadOnly", ProductVersion="99.0")
    assert (unknown["InstallAction"], unknown["ErrorChain"][0]["ErrorCode"]) == ("Error", 12048)


@pytest.mark.parametrize(("action", "code"), [("InstallASAP", 12059), ("NotifyOnly", 12008), ("InstallLater", 12008)])
def test_an_action_that_cannot_be_taken_is_an_error_of_its_update(iphone: Handheld, action: str, code: int) -> None:
    """Nothing is installed that was not downloaded, and some actions are for Macs."""
    assert order(iphone, action)["ErrorChain"][0]["ErrorCode"] == code
    assert iphone.belongings.update is None


def test_updates_come_over_wi_fi(iphone: Handheld, ticking: Clock) -> None:
    """On a cellular network no download begins, and one that has begun waits where it stopped."""
    iphone.network = Network.CELLULAR
    assert order(iphone, "Default")["Status"] == "DownloadInsufficientNetwork"

    iphone.network = Network.WIFI
    order(iphone, "Default")
    ticking.advance(minutes=5)
    iphone.network = Network.CELLULAR
    updating.catch_up(iphone)
    ticking.advance(hours=3)
    assert status(iphone) == ("Downloading", False, pytest.approx(0.5))
    assert order(iphone, "Default")["Status"] == "DownloadInsufficientNetwork"

    iphone.network = Network.WIFI
    updating.catch_up(iphone)
    ticking.advance(minutes=4)
    assert status(iphone) == ("Downloading", False, pytest.approx(0.9))
    ticking.advance(minutes=1)
    assert status(iphone) == ("Idle", True, 1.0)


def test_nothing_is_installed_during_a_call(updated: Handheld) -> None:
    """A downloaded update waits for the call to end, and then begins by itself."""
    updated.on_call = True
    assert order(updated, "InstallASAP")["Status"] == "InstallPhoneCallInProgress"
    assert status(updated)[0] == "Idle"

    updated.on_call = False
    assert status(updated)[0] == "Installing"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble.DOWNLOAD_INSUFFICIENT_NETWORK, 12056),
        (Trouble.DOWNLOAD_INSUFFICIENT_SPACE, 12054),
        (Trouble.DOWNLOAD_INSUFFICIENT_POWER, 12055),
    ],
)
def test_what_keeps_a_download_from_beginning_is_said_in_apples_word(
    iphone: Handheld, trouble: Trouble, code: int
) -> None:
    """It is an error of the update, it changes nothing, and it is over as soon as it was counted."""
    iphone.troubles.arrange(trouble)

    result = order(iphone, "Default")

    assert (result["InstallAction"], result["Status"], result["ErrorChain"][0]["ErrorCode"]) == ("Error", trouble, code)
    assert iphone.belongings.update is None
    assert order(iphone, "Default")["Status"] == "Downloading"


@pytest.mark.parametrize(
    ("trouble", "code"), [(Trouble.INSTALL_INSUFFICIENT_SPACE, 12060), (Trouble.INSTALL_INSUFFICIENT_POWER, 12061)]
)
def test_what_keeps_an_installation_from_beginning_is_said_in_apples_word(
    updated: Handheld, trouble: Trouble, code: int
) -> None:
    """The update stays on the device, to be installed another time."""
    updated.troubles.arrange(trouble)

    result = order(updated, "InstallASAP")

    assert (result["InstallAction"], result["Status"], result["ErrorChain"][0]["ErrorCode"]) == ("Error", trouble, code)
    assert status(updated) == ("Idle", True, 1.0)
    assert order(updated, "InstallASAP")["Status"] == "Installing"


def test_a_download_that_fails_begins_anew(iphone: Handheld, ticking: Clock) -> None:
    """Nothing of it stays; the next order starts at the beginning."""
    iphone.troubles.arrange(Trouble.DOWNLOAD_FAILED)
    order(iphone, "Default")
    ticking.advance(minutes=10)
    assert status(iphone) == ("Idle", False, 0.0)
    assert seen(iphone)[-1] == UpdateFailed(NEWEST.version, "DownloadFailed")

    assert order(iphone, "Default")["Status"] == "Downloading"
    ticking.advance(minutes=10)
    assert status(iphone) == ("Idle", True, 1.0)


def test_an_installation_that_fails_leaves_the_old_system(updated: Handheld, ticking: Clock) -> None:
    """The update is still there, and the next order installs it."""
    before = updated.system
    updated.troubles.arrange(Trouble.INSTALL_FAILED)
    order(updated, "InstallASAP")
    ticking.advance(minutes=5)
    assert status(updated) == ("Idle", True, 1.0)
    assert (updated.system, updated.power) == (before, PowerState.ON)
    assert seen(updated)[-1] == UpdateFailed(NEWEST.version, "InstallFailed")

    assert order(updated, "Default")["Status"] == "Installing"
    ticking.advance(minutes=5)
    updating.catch_up(updated)
    assert updated.system == NEWEST


def test_another_release_takes_the_place_of_the_one_on_the_device(make: Callable[..., Handheld]) -> None:
    """A device is busy with one update; while that is being installed, no other is begun."""
    handheld = make()
    handheld.system = SYSTEM_VERSIONS[0]
    older = updating.offered(handheld)[0]
    assert older != NEWEST
    order(handheld, "Default", ProductVersion=older.version)
    order(handheld, "Default", ProductVersion=NEWEST.version)
    assert handheld.belongings.update is not None
    assert handheld.belongings.update.version == NEWEST

    handheld.belongings.update = replace(handheld.belongings.update, state=UpdateState.INSTALLING, until=None)
    assert order(handheld, "Default", ProductVersion=older.version)["Status"] == "Installing"
    assert handheld.belongings.update.version == NEWEST


def test_with_a_passcode_the_person_is_asked_first(make: Callable[..., Handheld], ticking: Clock) -> None:
    """The update is idle until they agree: by themselves after a while, if nobody tells them anything."""
    handheld = make(passcode=PASSCODE)
    order(handheld, "Default")
    ticking.advance(minutes=10)
    result = order(handheld, "InstallASAP", MaxUserDeferrals=2)
    assert (result["InstallAction"], result["Status"]) == ("InstallASAP", "Idle")
    assert status(handheld) == ("Idle", True, 1.0)
    assert seen(handheld)[-1] == UpdatePrompted(NEWEST.version, 2)

    ticking.advance(minutes=2)
    assert status(handheld)[0] == "Installing"
