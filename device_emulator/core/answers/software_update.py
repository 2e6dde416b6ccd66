"""Updates of the system: what there is, ordering one, and how far it has come.

A download takes ten minutes of the device's clock. Whether it is done is computed when somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from device_emulator.core import gauges, powering
from device_emulator.core.answers.answerer import SEALED, Answer, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, link
from device_emulator.core.answers.sightings import UpdateDownloadStarted, UpdateInstalled
from device_emulator.core.belongings import OrderedUpdate
from device_emulator.core.gauges import LOW_BATTERY, Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SYSTEM_VERSIONS, SystemVersion
from mdm_server.wire.command import Command
from mdm_server.wire.commands import version_number
from mdm_server.wire.plist import PlistDict

DOWNLOAD_TIME = timedelta(minutes=10)
DOWNLOAD_SIZE, INSTALL_SIZE = 5_900_000_000, 9_400_000_000
GIGABYTE = 1_000_000_000
FOR_MACS = frozenset({"NotifyOnly", "InstallLater", "InstallForceRestart"})


@answerer("AvailableOSUpdates", Fidelity.SIMPLIFIED, "the releases of our own catalogue that are newer")
def available_os_updates(handheld: Handheld, command: Command) -> Answer:
    """List the newest update of the present major version, and the newest of all."""
    return Answer(values={"AvailableOSUpdates": [_described(handheld, each) for each in available(handheld)]})


def available(handheld: Handheld) -> list[SystemVersion]:
    """Return the updates a device is offered, oldest first."""
    present = version_number(handheld.system.version)
    newer = sorted(
        (each for each in SYSTEM_VERSIONS if version_number(each.version) > present),
        key=lambda each: version_number(each.version),
    )
    of_this_major = [each for each in newer if version_number(each.version)[0] == present[0]]
    offered = of_this_major[-1:] + newer[-1:]
    return [each for index, each in enumerate(offered) if each not in offered[:index]]


def product_key(version: SystemVersion) -> str:
    """Return the key under which a server orders an update."""
    return f"iOSUpdate{version.build}"


def _described(handheld: Handheld, version: SystemVersion) -> PlistDict:
    system = "iOS" if handheld.hardware.model.is_phone else "iPadOS"
    return {
        "ProductKey": product_key(version),
        "HumanReadableName": f"{system} {version.version}",
        "ProductName": "iOS",
        "Version": version.version,
        "Build": version.build,
        "DownloadSize": DOWNLOAD_SIZE,
        "InstallSize": INSTALL_SIZE,
        "IsCritical": False,
        "RestartRequired": True,
        "AllowsInstallLater": True,
        "IsSecurityResponse": False,
        "SupplementalBuildVersion": version.build,
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one update that was asked for; `install` says that it happens once the report is out."""

    action: str
    status: str
    problem: tuple[ErrorCode, str] | None = None
    install: bool = False


@answerer(
    "ScheduleOSUpdate",
    Fidelity.SIMPLIFIED,
    "downloads in ten minutes, installs when told to, restarts as another version; the person is never asked",
    not_now=SEALED,
    in_lost_mode=False,
)
def schedule_os_update(handheld: Handheld, command: Command) -> Answer:
    """Download or install updates."""
    results: list[PlistDict] = []
    installed: SystemVersion | None = None
    for wanted in command.fields["Updates"]:
        version = _find(handheld, wanted)
        outcome = _outcome(handheld, version, wanted["InstallAction"])
        key = wanted.get("ProductKey", "") if version is None else product_key(version)
        chain = {} if outcome.problem is None else {"ErrorChain": [link(*outcome.problem).to_plist()]}
        results.append({"ProductKey": key, "InstallAction": outcome.action, "Status": outcome.status, **chain})
        installed = version if outcome.install else installed
    values = {"UpdateResults": results}
    if installed is None:
        return Answer(values=values)
    version = installed
    return Answer(values=values, afterwards=lambda device: _install(device, version))


def _find(handheld: Handheld, wanted: Mapping[str, Any]) -> SystemVersion | None:
    """Return the update meant by key, by version, or (with neither) the newest one."""
    offered = available(handheld)
    if "ProductKey" in wanted:
        return next((each for each in offered if product_key(each) == wanted["ProductKey"]), None)
    if "ProductVersion" in wanted:
        return next((each for each in offered if each.version == wanted["ProductVersion"]), None)
    return offered[-1] if offered else None


def _outcome(handheld: Handheld, version: SystemVersion | None, action: str) -> Outcome:
    if version is None:
        return Outcome("Error", "Idle", (ErrorCode.NO_UPDATE_AVAILABLE, "There is no such update for this device."))
    if action in FOR_MACS:
        return Outcome("Error", "Idle", (ErrorCode.MALFORMED_REQUEST, f"“{action}” is for Macs."))
    ordered = handheld.belongings.update
    if ordered is None or ordered.build != version.build:
        return _download(handheld, version, action)
    if progress(handheld) < 1:
        return Outcome("DownloadOnly", "Downloading")
    if action == "DownloadOnly":
        return Outcome("DownloadOnly", "Idle")
    return _ready_to_install(handheld)


def _download(handheld: Handheld, version: SystemVersion, action: str) -> Outcome:
    if action == "InstallASAP":
        text = "The update has not been downloaded yet."
        return Outcome("Error", "Idle", (ErrorCode.INSTALL_REQUIRES_DOWNLOAD, text))
    if handheld.network is not Network.WIFI:
        text = "Updates are downloaded over Wi-Fi."
        return Outcome("Error", "DownloadInsufficientNetwork", (ErrorCode.NO_NETWORK_FOR_DOWNLOAD, text))
    used = handheld.applications.size / GIGABYTE
    if gauges.available_capacity(handheld.hardware, handheld.randomness, used) * GIGABYTE < DOWNLOAD_SIZE:
        text = "There is not enough space for the download."
        return Outcome("Error", "DownloadInsufficientSpace", (ErrorCode.NO_SPACE_FOR_DOWNLOAD, text))
    handheld.belongings.update = OrderedUpdate(version.build, handheld.clock())
    handheld.emit(UpdateDownloadStarted(version.version))
    return Outcome("DownloadOnly", "Downloading")


def _ready_to_install(handheld: Handheld) -> Outcome:
    if handheld.on_call:
        return Outcome("InstallASAP", "InstallPhoneCallInProgress")
    now = handheld.clock()
    charge = gauges.battery_level(handheld.randomness, now)
    if charge < LOW_BATTERY and not gauges.is_charging(handheld.randomness, now):
        text = "The battery is too low to install the update."
        return Outcome("Error", "InstallInsufficientPower", (ErrorCode.NO_POWER_FOR_INSTALL, text))
    return Outcome("InstallASAP", "Installing", install=True)


def _install(handheld: Handheld, version: SystemVersion) -> None:
    handheld.system = version
    handheld.belongings.update = None
    handheld.emit(UpdateInstalled(version.version))
    powering.restart(handheld)


def progress(handheld: Handheld) -> float:
    """Return how much of the ordered update has been downloaded, between 0 and 1."""
    ordered = handheld.belongings.update
    if ordered is None:
        return 0.0
    return min(1.0, max(0.0, (handheld.clock() - ordered.ordered_at) / DOWNLOAD_TIME))


@answerer("OSUpdateStatus", Fidelity.SIMPLIFIED, "the one update that was ordered, as far as it has come")
def os_update_status(handheld: Handheld, command: Command) -> Answer:
    """Tell how far the ordered update has come."""
    ordered = handheld.belongings.update
    if ordered is None:
        return Answer(values={"OSUpdateStatus": []})
    done = progress(handheld)
    status: PlistDict = {
        "ProductKey": f"iOSUpdate{ordered.build}",
        "IsDownloaded": done >= 1,
        "DownloadPercentComplete": done,
        "Status": "Idle" if done >= 1 else "Downloading",
    }
    return Answer(values={"OSUpdateStatus": [status]})
