from __future__ import annotations

from pathlib import Path

import pytest

from device_emulator.core.device import Device
from device_emulator.core.settings import DeviceSettings
from device_emulator.fleet import fleet_file
from device_emulator.fleet.fleet_file import FleetFileError, StoredFleet
from device_emulator.fleet.keys import NO_KEYS
from device_emulator.fleet.loop import wall_clock
from device_emulator.fleet.population import Population


@pytest.fixture
def devices() -> dict[int, Device]:
    """Return three devices fresh from the factory."""
    return Population(count=3, seed=5, settings=DeviceSettings()).devices(clock=wall_clock)


@pytest.fixture
def path(tmp_path: Path, devices: dict[int, Device]) -> Path:
    """Return a fleet file with the three devices."""
    path = tmp_path / "fleet.jsonl"
    fleet_file.save(path, seed=5, keys=NO_KEYS, devices=devices)
    return path


def _load(path: Path) -> StoredFleet:
    return fleet_file.load(path, DeviceSettings(), clock=wall_clock, key_pool=path.parent / "pool")


def test_what_was_saved_is_what_is_loaded(path: Path, devices: dict[int, Device]) -> None:
    """Every device describes itself as before."""
    stored = _load(path)
    assert stored.seed == 5
    assert {number: device.snapshot() for number, device in stored.devices.items()} == {
        number: device.snapshot() for number, device in devices.items()
    }


def test_only_its_owner_can_read_it(path: Path) -> None:
    """It holds private keys."""
    assert path.stat().st_mode & 0o777 == 0o600


def test_saving_again_replaces_it_whole(path: Path, devices: dict[int, Device]) -> None:
    """And leaves nothing beside it."""
    fleet_file.save(path, seed=5, keys=NO_KEYS, devices={0: devices[0]})
    assert list(_load(path).devices) == [0]
    assert list(path.parent.iterdir()) == [path]


def test_a_save_that_fails_leaves_the_old_fleet(path: Path, devices: dict[int, Device]) -> None:
    """An interrupted run never leaves half a fleet."""

    class Unwilling:
        def snapshot(self) -> dict[str, object]:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fleet_file.save(path, seed=5, keys=NO_KEYS, devices={**devices, 3: Unwilling()})  # type: ignore[dict-item]
    assert list(_load(path).devices) == [0, 1, 2]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda lines: [], "expected a JSON object"),
        (lambda lines: [b'{"schema":"other/1"}', *lines[1:]], "expected schema mdmsim/fleet/1, found 'other/1'"),
        (lambda lines: [b"[1]", *lines[1:]], "line 1: expected a JSON object"),
        (lambda lines: lines[:-1], "expected 3 devices, found 2"),
        (lambda lines: [*lines[:-1], lines[-1][:50]], "line 4: expected a JSON object"),
        (lambda lines: [*lines[:-1], b'{"number":2,"device":{}}'], "line 4: this is no device"),
        (lambda lines: [lines[0].replace(b'"fresh"', b'"stolen"'), *lines[1:]], "stolen"),
        (lambda lines: [lines[0].replace(b'"seed":5', b'"seed":"x"'), *lines[1:]], "seed"),
    ],
)
def test_a_damaged_file_is_refused_with_the_line_and_what_was_expected(path: Path, damage, complaint: str) -> None:
    """Nothing is half loaded."""
    path.write_bytes(b"\n".join(damage(path.read_bytes().splitlines())))
    with pytest.raises(FleetFileError, match=complaint):
        _load(path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """The way out is in the error."""
    with pytest.raises(FleetFileError, match="load --fleet"):
        _load(tmp_path / "none")
