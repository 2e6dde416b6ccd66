from __future__ import annotations

from pathlib import Path

import pytest

from certs.key_pool import KeyPool
from device_emulator.fleet.keys import KeyChoice, choose_keys, keys_for_primes


def test_devices_beyond_the_pool_make_their_own_key_and_the_report_says_so(tmp_path: Path) -> None:
    """Device 0 has a pooled key and gets the same again; device 1 makes one that it keeps itself."""
    pool = tmp_path / "pool"
    KeyPool(pool).fill(1)
    keys = choose_keys(KeyChoice.POOL, directory=pool, count=2)
    assert keys.for_device(0).key(0).private_numbers() == KeyPool(pool).key(0).private_numbers()
    assert keys.for_device(1).kind == "fresh"
    assert keys.facts(2) == {
        "source": "pool",
        "pooled": 1,
        "fresh": 1,
        "sentence": "1 from the pool, made beforehand, 1 made on the spot",
    }


def test_no_pool_at_all_means_fresh_keys(tmp_path: Path) -> None:
    """A first run works without preparation."""
    keys = choose_keys(KeyChoice.POOL, directory=tmp_path / "none", count=1)
    assert keys.for_device(0).kind == "fresh"
    assert keys.facts(1)["sentence"] == "1 made on the spot"


def test_keys_from_primes_are_called_what_they_are_and_last(tmp_path: Path) -> None:
    """Nobody reads a report of such a run without being told, and tomorrow the same device has the same key."""
    keys, tomorrow = (choose_keys(KeyChoice.PRIMES, directory=tmp_path, count=3) for _ in range(2))
    moduli = [keys.for_device(number).key(number).public_key().public_numbers().n for number in range(3)]
    assert len(set(moduli)) == 3
    assert "NOT SECRET" in keys.facts(3)["sentence"]
    assert [tomorrow.source.key(number).public_key().public_numbers().n for number in range(3)] == moduli


@pytest.mark.parametrize(("count", "keys"), [(1, 1), (2, 2), (6, 2), (7, 3), (15, 3), (1128, 24)])
def test_as_few_keys_are_made_for_primes_as_will_do(count: int, keys: int) -> None:
    """48 primes, those of 24 keys, make 1,128 pairs."""
    assert keys_for_primes(count) == keys


def test_a_fleet_that_needs_no_keys_says_so(tmp_path: Path) -> None:
    """And one that makes them all says how many."""
    keys = choose_keys(KeyChoice.FRESH, directory=tmp_path, count=1)
    assert keys.facts(0)["sentence"] == "none needed"
    assert keys.facts(1) == {"source": "fresh", "pooled": 0, "fresh": 1, "sentence": "1 made on the spot"}
