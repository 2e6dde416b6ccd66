"""AirPlay and eSIM: what happens is between the device and somebody who is not in this play."""

from __future__ import annotations

from device_emulator.core.answers.answerer import LOCKED, SEALED, Answer, Condition, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed
from device_emulator.core.answers.sightings import CellularPlansRefreshed, MirroringOffered, MirroringStopped
from device_emulator.core.answers.urls import path_over_https
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from mdm_server.wire.command import Command


@answerer(
    "RequestMirroring",
    Fidelity.SIMPLIFIED,
    "the person is asked and does nothing; on Wi-Fi every destination is found",
    not_now=LOCKED | Condition.ON_CALL,
)
def request_mirroring(handheld: Handheld, command: Command) -> Answer:
    """Ask the person to mirror the screen."""
    destination = command.fields.get("DestinationName") or command.fields.get("DestinationDeviceID")
    if destination is None:
        return Answer(values={"MirroringResult": "Unknown"})
    if handheld.network is not Network.WIFI:
        return Answer(values={"MirroringResult": "DestinationNotFound"})
    handheld.emit(MirroringOffered(destination))
    return Answer(values={"MirroringResult": "Prompting"})


@answerer("StopMirroring", Fidelity.SIMPLIFIED, "acknowledged: nothing is ever mirrored")
def stop_mirroring(handheld: Handheld, command: Command) -> Answer:
    """End mirroring."""
    handheld.emit(MirroringStopped())
    return Answer()


@answerer(
    "RefreshCellularPlans",
    Fidelity.SIMPLIFIED,
    "no carrier is asked; a device without a modem reports an error",
    not_now=SEALED,
)
def refresh_cellular_plans(handheld: Handheld, command: Command) -> Answer:
    """Ask the carrier for its plans."""
    if not handheld.hardware.model.has_cellular:
        return failed(ErrorCode.CELLULAR_FAILURE, "The device has no cellular modem.")
    url = command.fields["eSIMServerURL"]
    if path_over_https(url) is None:
        return failed(ErrorCode.INVALID_URL, "The URL of the carrier's server does not begin with https.")
    handheld.emit(CellularPlansRefreshed(url))
    return Answer()
