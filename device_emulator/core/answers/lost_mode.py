"""Lost mode: on, off, where, and a sound."""

from __future__ import annotations

from datetime import UTC, timedelta

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
# Whoever has it carries it about: every hour it is somewhere else in the neighbourhood.
HOUR, NEIGHBOURHOOD = timedelta(hours=1), 0.004


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
    """End lost mode; Apple names 12067 for a device that is not lost (disable-lost-mode-command)."""
    if handheld.lock is not LockState.LOST:
        return failed(ErrorCode.NOT_IN_LOST_MODE, "The device is not in lost mode.")
    locking.disable_lost_mode(handheld)
    return Answer()


@answerer("DeviceLocation", Fidelity.SIMPLIFIED, "every hour somewhere else, around one place for each device")
def device_location(handheld: Handheld, command: Command) -> Answer:
    """Say where the lost device is."""
    if handheld.lock is not LockState.LOST:
        return failed(ErrorCode.NOT_IN_LOST_MODE, "The device is not in lost mode.")
    if handheld.network is Network.NONE:
        return failed(ErrorCode.CANNOT_DETERMINE_LOCATION, "The device does not know where it is.")
    latitude, longitude = _place(handheld)
    fix = handheld.randomness.stream("location fix", _hours(handheld))
    return Answer(
        values={
            "Latitude": latitude,
            "Longitude": longitude,
            "HorizontalAccuracy": round(fix.uniform(5.0, 65.0), 1),
            "VerticalAccuracy": round(fix.uniform(3.0, 12.0), 1),
            "Altitude": round(fix.uniform(30.0, 60.0), 1),
            "Speed": -1.0,
            "Course": -1.0,
            "Timestamp": handheld.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


def _place(handheld: Handheld) -> tuple[float, float]:
    home, way = handheld.randomness.stream("location"), handheld.randomness.stream("way", _hours(handheld))
    latitude, longitude = (
        round(middle + home.uniform(-SPREAD, SPREAD) + way.uniform(-NEIGHBOURHOOD, NEIGHBOURHOOD), 6)
        for middle in (LATITUDE, LONGITUDE)
    )
    return latitude, longitude


def _hours(handheld: Handheld) -> int:
    return int(handheld.clock().timestamp() // HOUR.total_seconds())


@answerer("PlayLostModeSound", Fidelity.REAL, "a watcher sees that it rang")
def play_lost_mode_sound(handheld: Handheld, command: Command) -> Answer:
    """Ring."""
    if handheld.lock is not LockState.LOST:
        return failed(ErrorCode.NOT_IN_LOST_MODE, "The device is not in lost mode.")
    handheld.emit(LostModeSoundPlayed())
    return Answer()
