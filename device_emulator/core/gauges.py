"""What a device measures about itself: battery, storage, radio.

Battery and storage are functions of the clock and the device's chance, so that an idle device keeps nothing.
"""

from __future__ import annotations

import math
from datetime import datetime
from enum import StrEnum

from device_emulator.core.hardware import Hardware
from device_emulator.core.randomness import Randomness

LOW_BATTERY = 0.2


class Network(StrEnum):
    """How a device is connected."""

    WIFI = "wifi"
    CELLULAR = "cellular"
    NONE = "none"


def battery_level(randomness: Randomness, at: datetime) -> float:
    """Return the charge between 0 and 1: full in the early morning of the device's person, low in the late evening.

    Each device has a habit of its own: when it is unplugged, and how deep it is run down.
    """
    stream = randomness.stream("battery")
    unplugged_at, depth = stream.uniform(5.5, 9.0), stream.uniform(0.35, 0.85)
    hours = at.hour + at.minute / 60 + at.second / 3600
    awake = (hours - unplugged_at) % 24
    drained = depth * awake / 17 if awake <= 17 else depth * (24 - awake) / 7
    return round(1.0 - drained, 2)


def is_charging(randomness: Randomness, at: datetime) -> bool:
    """Say whether the device is plugged in: in the seven hours before it is unplugged."""
    unplugged_at = randomness.stream("battery").uniform(5.5, 9.0)
    hours = at.hour + at.minute / 60 + at.second / 3600
    return (hours - unplugged_at) % 24 > 17


def available_capacity(hardware: Hardware, randomness: Randomness, used_by_applications: float = 0.0) -> float:
    """Return the free storage in gigabytes: what the system, the person's things and the applications leave."""
    taken = 14.0 + randomness.stream("storage").betavariate(2, 3) * (hardware.capacity - 20)
    return max(0.5, math.floor((hardware.capacity - taken - used_by_applications) * 100) / 100)
