"""The Android machines: a catalogue of models, and what makes one device different from the next of its model."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.hardware import SERIAL_ALPHABET, luhn_digit
from device_emulator.core.randomness import Randomness

LOLLIPOP_MR1, NOUGAT, PIE, ANDROID_10, ANDROID_14 = 22, 24, 28, 29, 34


@dataclass(frozen=True, slots=True)
class AndroidVersion:
    """One release of the operating system, as people call it and as applications count it."""

    release: str
    api_level: int


@dataclass(frozen=True, slots=True)
class AndroidModel:
    """One product of the catalogue; shared by all its devices."""

    brand: str
    model: str
    has_cellular: bool
    versions: tuple[AndroidVersion, ...]


@dataclass(frozen=True, slots=True)
class AndroidHardware:
    """One machine: what is printed on it, and what survives an erase."""

    model: AndroidModel
    serial_number: str
    imei: str | None


PIE_RELEASE = AndroidVersion("9", PIE)
TEN = AndroidVersion("10", ANDROID_10)
TWELVE = AndroidVersion("12", 31)
THIRTEEN = AndroidVersion("13", 33)
FOURTEEN = AndroidVersion("14", ANDROID_14)
FIFTEEN = AndroidVersion("15", 35)

MODELS: tuple[AndroidModel, ...] = (
    AndroidModel("google", "Pixel 8", has_cellular=True, versions=(FOURTEEN, FIFTEEN)),
    AndroidModel("google", "Pixel 6a", has_cellular=True, versions=(THIRTEEN, FOURTEEN, FIFTEEN)),
    AndroidModel("samsung", "SM-A546B", has_cellular=True, versions=(THIRTEEN, FOURTEEN)),
    AndroidModel("samsung", "SM-G525F", has_cellular=True, versions=(TWELVE, THIRTEEN)),
    AndroidModel("samsung", "SM-X210", has_cellular=False, versions=(THIRTEEN, FOURTEEN)),
    AndroidModel("Zebra", "TC52", has_cellular=False, versions=(PIE_RELEASE, TEN)),
    AndroidModel("Honeywell", "CT45", has_cellular=True, versions=(TEN, TWELVE)),
)


def draw_android(randomness: Randomness, models: tuple[AndroidModel, ...] = MODELS) -> AndroidHardware:
    """Return the machine that device has in every run of this seed."""
    stream = randomness.stream("android hardware")
    model = stream.choice(models)
    serial_number = "".join(stream.choices(SERIAL_ALPHABET, k=11))
    digits = "35" + "".join(stream.choices("0123456789", k=12))
    return AndroidHardware(model, serial_number, digits + luhn_digit(digits) if model.has_cellular else None)


def draw_version(randomness: Randomness, model: AndroidModel) -> AndroidVersion:
    """Return the release that the device runs."""
    return randomness.stream("android version").choice(model.versions)
