from __future__ import annotations

from device_emulator.core.settings import DeviceSettings, ProofOfIdentity
from device_emulator.fleet.loop import wall_clock
from device_emulator.fleet.population import Population


def _facts(count: int, seed: int = 7) -> list[tuple[str, str, str, int]]:
    devices = Population(count=count, seed=seed, settings=DeviceSettings()).devices(clock=wall_clock)
    return [
        (hardware.udid, hardware.serial_number, hardware.model.product_name, hardware.capacity)
        for hardware in (device.handheld.hardware for device in devices.values())
    ]


def test_device_17_is_the_same_device_in_every_run() -> None:
    """However many others there are, and in whatever order they are made."""
    assert _facts(18)[17] == _facts(40)[17]


def test_another_seed_gives_other_devices() -> None:
    """No device of one fleet is in another."""
    assert not set(_facts(20, seed=1)) & set(_facts(20, seed=2))


def test_no_two_devices_share_what_must_be_unique() -> None:
    """UDIDs and serial numbers are told apart even in a large fleet."""
    facts = _facts(2000)
    assert len({udid for udid, *_ in facts}) == 2000
    assert len({serial for _, serial, *_ in facts}) == 2000


def test_iphones_and_ipads_alternate_and_so_do_the_proofs_in_every_combination() -> None:
    """Among any four neighbours each model family proves itself in each way once."""
    population = Population(count=8, seed=1, settings=DeviceSettings(), both_proofs=True)
    combinations = [
        (device.handheld.hardware.model.model_name, device.handheld.settings.proof)
        for device in population.devices(clock=wall_clock).values()
    ]
    expected = {
        (name, proof) for name in ("iPhone", "iPad") for proof in (ProofOfIdentity.SIGNATURE, ProofOfIdentity.TLS)
    }
    assert set(combinations[:4]) == set(combinations[4:]) == expected


def test_devices_with_the_same_settings_share_them() -> None:
    """Ten thousand devices do not carry ten thousand copies."""
    population = Population(count=8, seed=1, settings=DeviceSettings(), both_proofs=True)
    devices = population.devices(clock=wall_clock)
    assert len({id(device.handheld.settings) for device in devices.values()}) == 2
