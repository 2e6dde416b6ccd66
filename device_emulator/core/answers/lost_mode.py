"""Lost mode: on, off, where, and a sound."""

from __future__ import annotations

from datetime import UTC

from device_emulator.core import locking
from device_emulator.core.answers.answerer import Answer, Fidelity, answerer
from device_emulator.core.answers.error_codes import ErrorCode, failed
from device_emulator.core.answers.sightings import LostModeSoundPlayed
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld, LostMode
from device_emulator.core.states import LockState
from mdm_server.wire.command import Command

# Where the fleet lives: around the middle of Berlin, within some ten kilometres.
LATITUDE, LONGITUDE, SPREAD = 52.52, 13.405, 0.09


@answerer("EnableLostMode", Fidelity.REAL, "nobody uses the device, passcode or not, until lost mode or its data ends")
def enable_lost_mode(handheld: Handheld, command: Command) -> Answer:
    """Lock the device for everybody; in lost mode already, show the new message."""
    lost_mode = LostMode(*(command.fields.get(key) for key in ("Message", "PhoneNumber", "Footnote")))
    if lost_mode.message is None and lost_mode.phone_number is None:
        return failed(ErrorCode.CANNOT_ENABLE_LOST_MODE, "Lost mode needs a message or a telephone number.")
    locking.enable_lost_mode(handheld, lost_mode)
    return Answer()


@answerer("DisableLostMode", Fidelity.REAL, "the device is locked, and its passcode opens it again")
def disable_lost_mode(handheld: Handheld, command: Command) -> Answer:
    """End lost mode."""
    if handheld.lock is not LockState.LOST:
        return failed(ErrorCode.CANNOT_DISABLE_LOST_MODE, "The device is not in lost mode.")
    locking.disable_lost_mode(handheld)
    return Answer()


@answerer("DeviceLocation", Fidelity.SIMPLIFIED, "each device has one place, and stays there")
def device_location(handheld: Handheld, command: Command) -> Answer:
    """Say where the lost device is."""
    if handheld.lock is not LockState.LOST:
        return failed(ErrorCode.NOT_IN_LOST_MODE, "The device is not in lost mode.")
    if handheld.network is Network.NONE:
        return failed(ErrorCode.CANNOT_DETERMINE_LOCATION, "The device does not know where it is.")
    place = handheld.randomness.stream("location")
    return Answer(
        values={
            "Latitude": round(LATITUDE + place.uniform(-SPREAD, SPREAD), 6),
            "Longitude": round(LONGITUDE + place.uniform(-SPREAD, SPREAD), 6),
            "HorizontalAccuracy": round(place.uniform(5.0, 65.0), 1),
            "VerticalAccuracy": round(place.uniform(3.0, 12.0), 1),
            "Altitude": round(place.uniform(30.0, 60.0), 1),
            "Speed": -1.0,
            "Course": -1.0,
            "Timestamp": handheld.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


@answerer("PlayLostModeSound", Fidelity.REAL, "a watcher sees that it rang")
def play_lost_mode_sound(handheld: Handheld, command: Command) -> Answer:
    """Ring."""
    if handheld.lock is not LockState.LOST:
        return failed(ErrorCode.NOT_IN_LOST_MODE, "The device is not in lost mode.")
    handheld.emit(LostModeSoundPlayed())
    return Answer()
