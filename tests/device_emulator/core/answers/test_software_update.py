from __future__ import annotations

from typing import Any

import pytest

from device_emulator.core.answers.sightings import UpdateDownloadStarted, UpdateInstalled
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS
from device_emulator.core.states import PowerState
from mdm_server.wire.commands import version_number
from rigs.managed_device import Clock, ask

NEWEST = max(SYSTEM_VERSIONS, key=lambda each: version_number(each.version))


def order(handheld: Handheld, action: str, **wanted: Any) -> dict[str, Any]:
    """Order one update and return what became of it."""
    reply = ask(handheld, "ScheduleOSUpdate", Updates=[{"InstallAction": action, **wanted}])
    if reply.afterwards is not None:
        reply.afterwards(handheld)
    (result,) = reply.values["UpdateResults"]
    return dict(result)


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
    (status,) = ask(iphone, "OSUpdateStatus").values["OSUpdateStatus"]
    assert (status["Status"], status["DownloadPercentComplete"]) == ("Downloading", pytest.approx(0.5))
    assert order(iphone, "InstallASAP")["Status"] == "Downloading"

    ticking.advance(minutes=5)
    (status,) = ask(iphone, "OSUpdateStatus").values["OSUpdateStatus"]
    assert (status["Status"], status["IsDownloaded"]) == ("Idle", True)
    assert order(iphone, "DownloadOnly")["Status"] == "Idle"
    assert order(iphone, "InstallASAP")["Status"] == "Installing"

    assert (iphone.system, iphone.power) == (NEWEST, PowerState.STARTING)
    assert ask(iphone, "OSUpdateStatus").values == {"OSUpdateStatus": []}
    seen = [each for each in iphone.take_events() if isinstance(each, UpdateDownloadStarted | UpdateInstalled)]
    assert seen == [UpdateDownloadStarted(NEWEST.version), UpdateInstalled(NEWEST.version)]


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


def test_updates_come_over_wi_fi(iphone: Handheld) -> None:
    """On a cellular network the download does not begin."""
    iphone.network = Network.CELLULAR

    assert order(iphone, "Default")["Status"] == "DownloadInsufficientNetwork"


def test_nothing_is_installed_during_a_call(iphone: Handheld, ticking: Clock) -> None:
    """A downloaded update waits for the call to end."""
    order(iphone, "Default")
    ticking.advance(minutes=10)
    iphone.on_call = True

    assert order(iphone, "InstallASAP")["Status"] == "InstallPhoneCallInProgress"
    assert iphone.power is PowerState.ON
