"""The fleet file: enrol today, connect tomorrow.

A JSON document a line. The first says what the file is and how the fleet behaves; every other is one device as it
described itself, its private key included, so the file is for its owner's eyes only (mode 0600). It is written beside
the old one and moved into its place, so that an interrupted run never leaves half a fleet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from device_emulator.core.device import Device
from device_emulator.core.errors import SnapshotError
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings
from device_emulator.fleet.keys import KeyChoice, KeySupply, choose_keys

SCHEMA = "mdmsim/fleet/1"


class FleetFileError(ValueError):
    """The fleet file cannot be read: what was expected, what was found, what to do."""


class Header(msgspec.Struct, frozen=True):
    """The first line: what the file is, what its devices were drawn from, and how many of them follow."""

    schema: str
    seed: int
    keys: KeyChoice
    devices: int


@dataclass(frozen=True, slots=True)
class StoredFleet:
    """A fleet as the file has it."""

    seed: int
    keys: KeySupply
    devices: dict[int, Device]


def save(path: Path, *, seed: int, keys: KeySupply, devices: Mapping[int, Device]) -> None:
    """Write the fleet, all or nothing."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            header = Header(schema=SCHEMA, seed=seed, keys=keys.choice, devices=len(devices))
            file.write(msgspec.json.encode(header) + b"\n")
            for number, device in devices.items():
                file.write(msgspec.json.encode({"number": number, "device": device.snapshot()}) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def load(path: Path, settings: DeviceSettings, *, clock: Callable[[], datetime], key_pool: Path) -> StoredFleet:
    """Read the fleet that `save` wrote; the devices behave as `settings` says from now on.

    A device that took its key from the pool finds it there again, in the folder `key_pool`.

    Raises:
        FleetFileError: there is no such file, it is no fleet file, or it is damaged.

    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise FleetFileError(
            f"cannot read the fleet file {path}: {error.strerror}; make one with `load --fleet`"
        ) from error
    header = _header(path, _line(path, 1, lines[0] if lines else b""))
    entries = {count: _line(path, count, line) for count, line in enumerate(lines[1:], start=2)}
    numbers = [entry.get("number", 0) for entry in entries.values()]
    keys = choose_keys(header.keys, directory=key_pool, count=max(numbers, default=0) + 1)
    devices: dict[int, Device] = {}
    for count, entry in entries.items():
        try:
            number = int(entry["number"])
            randomness, source = Randomness(header.seed, number), keys.for_device(number)
            devices[number] = Device.restore(
                entry["device"], settings, clock=clock, randomness=randomness, key_source=source
            )
        except (KeyError, TypeError, ValueError, SnapshotError) as error:
            raise FleetFileError(f"{path}, line {count}: this is no device ({error!r}); restore the file") from error
    if len(devices) != header.devices:
        found = len(devices)
        raise FleetFileError(f"{path} is cut short: expected {header.devices} devices, found {found}; restore the file")
    return StoredFleet(header.seed, keys, devices)


def _header(path: Path, found: dict[str, Any]) -> Header:
    if found.get("schema") != SCHEMA:
        raise FleetFileError(f"{path} is not a fleet file: expected schema {SCHEMA}, found {found.get('schema')!r}")
    try:
        return msgspec.convert(found, Header)
    except msgspec.ValidationError as error:
        raise FleetFileError(f"{path}, line 1: {error}; restore the file") from error


def _line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise FleetFileError(f"{path}, line {number}: expected a JSON object, found {line[:40]!r} ({error})") from error
