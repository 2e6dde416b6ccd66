from __future__ import annotations

from device_emulator.fleet.virtual_keys import GrowingPrimes, shared_keys


def test_a_growing_pool_makes_primes_when_they_are_needed_and_never_changes_a_key() -> None:
    """Key number 0 is the same before and after the pool has grown, and no two keys are equal."""
    keys = GrowingPrimes()
    first = keys.key(0).public_key().public_numbers()
    several = {keys.key(number).public_key().public_numbers() for number in range(4)}
    assert len(several) == 4
    assert keys.key(0).public_key().public_numbers() == first


def test_every_world_of_a_process_has_the_same_keys_and_says_that_they_are_no_secret() -> None:
    """The supply is made once, and its sentence is the one that every report of prime keys carries."""
    assert shared_keys() is shared_keys()
    assert "NOT SECRET" in shared_keys().facts(1_000)["sentence"]
