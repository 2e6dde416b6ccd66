"""Updates of the system: what there is, ordering one, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device_emulator.core import updating
from device_emulator.core.answers.answerer import SEALED, Answer, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, link
from device_emulator.core.handheld import Handheld
from device_emulator.core.hardware import SystemVersion
from device_emulator.core.system_update import SystemUpdate, UpdateState
from device_emulator.core.troubles import Trouble
from device_emulator.core.updating import DOWNLOAD_SIZE, INSTALL_SIZE
from mdm_server.wire.command import Command
from mdm_server.wire.plist import PlistDict

FOR_MACS = frozenset({"NotifyOnly", "InstallLater", "InstallForceRestart"})
OBSTACLES: Mapping[Trouble, tuple[ErrorCode, str]] = {
    Trouble.DOWNLOAD_INSUFFICIENT_NETWORK: (ErrorCode.NO_NETWORK_FOR_DOWNLOAD, "Updates are downloaded over Wi-Fi."),
    Trouble.DOWNLOAD_INSUFFICIENT_SPACE: (ErrorCode.NO_SPACE_FOR_DOWNLOAD, "There is no space for the download."),
    Trouble.DOWNLOAD_INSUFFICIENT_POWER: (ErrorCode.NO_POWER_FOR_DOWNLOAD, "The battery is too low for the download."),
    Trouble.INSTALL_INSUFFICIENT_SPACE: (ErrorCode.NO_SPACE_FOR_INSTALL, "There is no space to install the update."),
    Trouble.INSTALL_INSUFFICIENT_POWER: (ErrorCode.NO_POWER_FOR_INSTALL, "The battery is too low for the update."),
}


@answerer(
    "AvailableOSUpdates",
    Fidelity.SIMPLIFIED,
    "the releases of our own catalogue that are newer; a delay that a restriction orders binds the person, not the "
    "server",
)
def available_os_updates(handheld: Handheld, command: Command) -> Answer:
    """List the newest update of the present major version, and the newest of all."""
    return Answer(values={"AvailableOSUpdates": [_described(handheld, each) for each in updating.offered(handheld)]})


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
    """What became of one update that was asked for."""

    action: str
    status: str
    problem: tuple[ErrorCode, str] | None = None


@answerer(
    "ScheduleOSUpdate",
    Fidelity.SIMPLIFIED,
    "downloads over Wi-Fi, installs when told to, restarts as another version; with a passcode the person is asked "
    "first, and may put it off: MaxUserDeferrals, which Apple's schema has for Macs alone, limits that here too; "
    "Priority changes nothing",
    not_now=SEALED,
)
def schedule_os_update(handheld: Handheld, command: Command) -> Answer:
    """Download or install updates."""
    updating.catch_up(handheld)
    results: list[PlistDict] = []
    for wanted in command.fields["Updates"]:
        version = _find(handheld, wanted)
        outcome = _outcome(handheld, version, wanted)
        key = wanted.get("ProductKey", "") if version is None else product_key(version)
        chain = {} if outcome.problem is None else {"ErrorChain": [link(*outcome.problem).to_plist()]}
        results.append({"ProductKey": key, "InstallAction": outcome.action, "Status": outcome.status, **chain})
    return Answer(values={"UpdateResults": results})


def _find(handheld: Handheld, wanted: Mapping[str, Any]) -> SystemVersion | None:
    """Return the update meant by key, by version, or (with neither) the newest one."""
    offered = updating.offered(handheld)
    if "ProductKey" in wanted:
        return next((each for each in offered if product_key(each) == wanted["ProductKey"]), None)
    if "ProductVersion" in wanted:
        return next((each for each in offered if each.version == wanted["ProductVersion"]), None)
    return offered[-1] if offered else None


def _outcome(handheld: Handheld, version: SystemVersion | None, wanted: Mapping[str, Any]) -> Outcome:
    action: str = wanted["InstallAction"]
    if version is None:
        return Outcome("Error", "Idle", (ErrorCode.NO_UPDATE_AVAILABLE, "There is no such update for this device."))
    if action in FOR_MACS:
        return Outcome("Error", "Idle", (ErrorCode.MALFORMED_REQUEST, f"“{action}” is for Macs."))
    update = handheld.belongings.update
    if update is not None and update.state is UpdateState.INSTALLING:
        return Outcome("InstallASAP", "Installing")
    if update is None or update.version.build != version.build or update.state is UpdateState.DOWNLOAD_FAILED:
        return _download(handheld, version, action)
    if not update.is_on_device:
        paused = update.state is UpdateState.PAUSED
        return Outcome("DownloadOnly", "DownloadInsufficientNetwork" if paused else "Downloading")
    if action == "DownloadOnly":
        return Outcome("DownloadOnly", "Idle")
    return _install(handheld, wanted.get("MaxUserDeferrals"))


def _download(handheld: Handheld, version: SystemVersion, action: str) -> Outcome:
    if action == "InstallASAP":
        text = "The update has not been downloaded yet."
        return Outcome("Error", "Idle", (ErrorCode.INSTALL_REQUIRES_DOWNLOAD, text))
    obstacle = updating.obstacle_to_download(handheld)
    if obstacle is not None:
        return Outcome("Error", obstacle, OBSTACLES[obstacle])
    updating.download(handheld, version)
    return Outcome("DownloadOnly", "Downloading")


def _install(handheld: Handheld, most_deferrals: int | None) -> Outcome:
    obstacle = updating.obstacle_to_install(handheld)
    if obstacle is not None:
        return Outcome("Error", obstacle, OBSTACLES[obstacle])
    updating.want(handheld, most_deferrals=most_deferrals)
    match updating.install(handheld):
        case UpdateState.WAITING:
            return Outcome("InstallASAP", "InstallPhoneCallInProgress")
        case UpdateState.INSTALLING:
            return Outcome("InstallASAP", "Installing")
    return Outcome("InstallASAP", "Idle")


@answerer("OSUpdateStatus", Fidelity.REAL, "the one update that is on its way, ordered by the server or by the person")
def os_update_status(handheld: Handheld, command: Command) -> Answer:
    """Tell how far the update has come."""
    updating.catch_up(handheld)
    update = handheld.belongings.update
    return Answer(values={"OSUpdateStatus": [] if update is None else [_status(handheld, update)]})


def _status(handheld: Handheld, update: SystemUpdate) -> PlistDict:
    return {
        "ProductKey": product_key(update.version),
        "IsDownloaded": update.is_on_device,
        "DownloadPercentComplete": update.progress(handheld.clock()),
        "Status": STATUSES.get(update.state, "Idle"),
    }


STATUSES: Mapping[UpdateState, str] = {
    UpdateState.DOWNLOADING: "Downloading",
    UpdateState.PAUSED: "Downloading",
    UpdateState.INSTALLING: "Installing",
}
"""The word for each state in which an update is not idle."""
