"""The machines: a catalogue of models, and what makes one device different from the next of its model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from device_emulator.core.randomness import Randomness
from mdm_server.wire.commands.support import Platform

# The curve of a device's own key, and the number of its points (FIPS 186-4, D.1.2.3).
CURVE = ec.SECP256R1()
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# Serial numbers since 2021 are ten random characters of this alphabet (no vowels, no look-alikes).
SERIAL_ALPHABET = "0123456789CDFGHJKLMNPQRTVWXY"


@dataclass(frozen=True, slots=True)
class SystemVersion:
    """One release of the operating system; `released` is None where nobody remembers the day."""

    version: str
    build: str
    released: date | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One product of the catalogue; shared by all its devices."""

    product_name: str
    model_name: str
    marketing_name: str
    part_number: str
    platform: Platform
    chip: str
    capacities: tuple[int, ...]
    has_cellular: bool

    @property
    def is_phone(self) -> bool:
        """Say whether it can take a telephone call."""
        return self.model_name == "iPhone"


@dataclass(frozen=True, slots=True)
class Hardware:
    """One machine: what is printed on it, and what survives an erase."""

    model: Model
    udid: str
    serial_number: str
    capacity: int

    def imei(self, randomness: Randomness, slot: int = 0) -> str | None:
        """Return the IMEI of a slot with its Luhn digit; None for a machine without a cellular modem."""
        if not self.model.has_cellular:
            return None
        digits = "35" + "".join(randomness.stream("imei", slot).choices("0123456789", k=12))
        return digits + luhn_digit(digits)

    def key(self, randomness: Randomness) -> ec.EllipticCurvePrivateKey:
        """Return the key that the machine was made with, which survives every erase. **Not secret**: the seed tells."""
        number = int.from_bytes(randomness.random_bytes("hardware key", 32))
        return ec.derive_private_key(number % (CURVE_ORDER - 1) + 1, CURVE)

    def address(self, randomness: Randomness, purpose: str) -> str:
        """Return the MAC address of the interface named by `purpose` (wifi, bluetooth), locally administered."""
        octets = bytearray(randomness.random_bytes(f"{purpose} address", 6))
        octets[0] = (octets[0] | 0x02) & 0xFE
        return ":".join(f"{octet:02x}" for octet in octets)


def luhn_digit(digits: str) -> str:
    """Return the check digit that 3GPP TS 23.003 (annex B) appends to the fourteen digits of an IMEI."""
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(digits)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def _phone(product: str, name: str, part: str, chip: str, *capacities: int) -> Model:
    return Model(product, "iPhone", name, part, Platform.IOS, chip, capacities, has_cellular=True)


def _tablet(product: str, name: str, part: str, chip: str, *capacities: int, cellular: bool = False) -> Model:
    return Model(product, "iPad", name, part, Platform.IOS, chip, capacities, has_cellular=cellular)


MODELS: tuple[Model, ...] = (
    _phone("iPhone14,5", "iPhone 13", "MLPF3", "8110", 128, 256, 512),
    _phone("iPhone15,2", "iPhone 14 Pro", "MQ003", "8120", 128, 256, 512, 1024),
    _phone("iPhone15,4", "iPhone 15", "MTP03", "8120", 128, 256, 512),
    _phone("iPhone16,1", "iPhone 15 Pro", "MTUX3", "8130", 128, 256, 512, 1024),
    _phone("iPhone17,3", "iPhone 16", "MYE73", "8140", 128, 256, 512),
    _phone("iPhone14,6", "iPhone SE (3rd generation)", "MMX93", "8110", 64, 128, 256),
    _tablet("iPad13,18", "iPad (10th generation)", "MPQ03", "8101", 64, 256),
    _tablet("iPad13,19", "iPad (10th generation) Cellular", "MQ6K3", "8101", 64, 256, cellular=True),
    _tablet("iPad14,1", "iPad mini (6th generation)", "MK7P3", "8110", 64, 256),
    _tablet("iPad13,16", "iPad Air (5th generation)", "MM9C3", "8103", 64, 256),
    _tablet("iPad14,5", 'iPad Pro 12.9" (6th generation)', "MNXP3", "8112", 128, 256, 512, 1024, 2048),
)

# Releases that every model of the catalogue runs.
SYSTEM_VERSIONS: tuple[SystemVersion, ...] = (
    SystemVersion("17.6.1", "21G93", date(2024, 8, 7)),
    SystemVersion("17.7.2", "21H221", date(2024, 11, 19)),
    SystemVersion("18.1.1", "22B91", date(2024, 11, 19)),
    SystemVersion("18.3.2", "22D82", date(2025, 3, 11)),
    SystemVersion("18.5", "22F76", date(2025, 5, 12)),
    SystemVersion("18.6.2", "22G100", date(2025, 8, 20)),
)


def draw_hardware(randomness: Randomness, models: tuple[Model, ...] = MODELS) -> Hardware:
    """Return the machine that device has in every run of this seed."""
    stream = randomness.stream("hardware")
    model = stream.choice(models)
    return Hardware(model, draw_udid(model, stream), draw_serial_number(stream), stream.choice(model.capacities))


def draw_udid(model: Model, stream: Random) -> str:
    """Return a UDID as devices since 2018 have it: the chip's number and its 64-bit ECID, `0000XXXX-` + 16 hex."""
    return f"0000{model.chip}-{stream.getrandbits(64):016X}"


def draw_serial_number(stream: Random) -> str:
    """Return a serial number of ten characters."""
    return "".join(stream.choices(SERIAL_ALPHABET, k=10))
