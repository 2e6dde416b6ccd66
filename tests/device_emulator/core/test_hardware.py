"""The machines: numbers as Apple writes them, the same in every run."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from device_emulator.core.gauges import available_capacity, battery_level, is_charging
from device_emulator.core.hardware import MODELS, SERIAL_ALPHABET, draw_hardware, luhn_digit
from device_emulator.core.person import full_name, usual_passcode, wrong_passcode
from device_emulator.core.randomness import Randomness


@pytest.mark.parametrize("number", range(30))
def test_a_machine_is_numbered_as_real_ones_are(number: int) -> None:
    """UDID: chip and ECID; serial number: ten characters; IMEI: fifteen digits with a check digit."""
    randomness = Randomness(1, number)
    machine = draw_hardware(randomness)
    assert machine == draw_hardware(Randomness(1, number))
    assert re.fullmatch(rf"0000{machine.model.chip}-[0-9A-F]{{16}}", machine.udid)
    assert len(machine.serial_number) == 10
    assert set(machine.serial_number) <= set(SERIAL_ALPHABET)
    assert machine.capacity in machine.model.capacities
    imei = machine.imei(randomness)
    assert (imei is not None) is machine.model.has_cellular
    if imei is not None:
        assert re.fullmatch(r"35\d{13}", imei)
        assert luhn_digit(imei[:14]) == imei[14]
        assert imei != machine.imei(randomness, slot=1)


def test_the_check_digit_is_luhns() -> None:
    """The example of 3GPP TS 23.003 annex B: 26053179311383 → 7."""
    assert luhn_digit("26053179311383") == "7"


def test_addresses_are_locally_administered_and_differ() -> None:
    """No vendor's range is used, and no multicast bit set."""
    randomness = Randomness(1, 17)
    machine = draw_hardware(randomness)
    addresses = {machine.address(randomness, purpose) for purpose in ("wifi", "bluetooth")}
    assert len(addresses) == 2
    for address in addresses:
        assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", address)
        assert int(address[:2], 16) & 0b11 == 0b10


def test_the_catalogue_has_telephones_and_tablets_and_no_model_twice() -> None:
    """Several of each."""
    assert len({model.product_name for model in MODELS}) == len(MODELS)
    assert {model.model_name for model in MODELS} == {"iPhone", "iPad"}
    assert all(model.has_cellular for model in MODELS if model.is_phone)


def test_a_battery_lives_through_the_day(now: datetime) -> None:
    """It empties while its person is awake and fills while it is plugged in; every device in its own way."""
    for number in range(20):
        randomness = Randomness(1, number)
        day = [now + timedelta(minutes=10 * step) for step in range(144)]
        levels = [battery_level(randomness, at) for at in day]
        assert all(0 < level <= 1 for level in levels)
        assert max(levels) > 0.95
        for at, before, after in zip(day[1:], levels, levels[1:], strict=False):
            assert (after > before - 0.03) if is_charging(randomness, at) else (after < before + 0.03)
    assert len({battery_level(Randomness(1, number), now) for number in range(20)}) > 10


def test_storage_is_never_full_nor_empty() -> None:
    """What is left is less than there is."""
    for number in range(30):
        machine = draw_hardware(Randomness(1, number))
        assert 0.5 <= available_capacity(machine, Randomness(1, number)) < machine.capacity
    assert available_capacity(machine, Randomness(1, number), used_by_applications=10_000) == 0.5


def test_a_person_is_the_same_in_every_run() -> None:
    """Name and passcode; a guess is never the passcode."""
    assert full_name(Randomness(1, 17)) == full_name(Randomness(1, 17))
    assert len({full_name(Randomness(1, number)) for number in range(20)}) > 10
    randomness = Randomness(1, 17)
    assert len(usual_passcode(randomness)) == 6
    assert len(usual_passcode(randomness, 14)) == 14
    assert usual_passcode(randomness, alphanumeric=True)[0].isalpha()
    assert wrong_passcode(randomness, 1) not in {usual_passcode(randomness), wrong_passcode(randomness, 2)}


def test_streams_are_apart_by_seed_device_purpose_and_turn() -> None:
    """The same four facts give the same stream, any other gives another."""
    drawn = [
        Randomness(seed, number).random_uuid(purpose, turn)
        for seed in (1, 2)
        for number in (1, 2)
        for purpose in ("a", "b")
        for turn in (0, 1)
    ]
    assert len(set(drawn)) == len(drawn)
    assert Randomness(1, 1).random_uuid("a") == drawn[0]
