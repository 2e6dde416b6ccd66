from __future__ import annotations

from pathlib import Path

from certs.key_pool import KeyPool
from device_emulator.fleet.keys import KeyChoice, choose_keys


def test_a_pool_that_runs_out_is_filled_up_and_the_report_says_so(tmp_path: Path) -> None:
    """Device 1 has no pooled key: its key is made on the spot, and counted as such."""
    pool = tmp_path / "pool"
    KeyPool(pool).fill(1)
    keys = choose_keys(KeyChoice.POOL, directory=pool, count=2)
    assert keys.key(0).private_numbers() == KeyPool(pool).key(0).private_numbers()
    keys.key(1)
    assert keys.facts() == {
        "source": "pool",
        "pooled": 1,
        "fresh": 1,
        "sentence": "1 from the pool, made beforehand, 1 made on the spot",
    }


def test_no_pool_at_all_means_fresh_keys(tmp_path: Path) -> None:
    """A first run works without preparation."""
    keys = choose_keys(KeyChoice.POOL, directory=tmp_path / "none", count=1)
    keys.key(0)
    assert keys.facts()["fresh"] == 1


def test_keys_from_primes_are_called_what_they_are(tmp_path: Path) -> None:
    """Nobody reads a report of such a run without being told."""
    keys = choose_keys(KeyChoice.PRIMES, directory=tmp_path, count=3)
    moduli = {keys.key(index).public_key().public_numbers().n for index in range(3)}
    assert len(moduli) == 3
    assert "NOT SECRET" in keys.facts()["sentence"]


def test_fresh_keys_are_counted(tmp_path: Path) -> None:
    """And a run that needed none says that too."""
    keys = choose_keys(KeyChoice.FRESH, directory=tmp_path, count=1)
    assert keys.facts()["sentence"] == "none needed"
    keys.key(0)
    assert keys.facts()["sentence"] == "1 made on the spot"
