"""Where a fleet's RSA keys come from, and the sentence about it that every report carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from certs.key_pool import FreshKeys, KeyPool, PrimePool, RsaKeySource


class KeyChoice(StrEnum):
    """What a person may ask for: keys made beforehand, keys made on the spot, or fast keys that are not secret."""

    POOL = "pool"
    FRESH = "fresh"
    PRIMES = "primes"


@dataclass(frozen=True, slots=True)
class KeySupply:
    """The keys of a fleet: the first `available` devices take theirs from `source`, the others make their own."""

    choice: KeyChoice
    source: RsaKeySource
    available: int

    def for_device(self, number: int) -> RsaKeySource:
        """Return where device `number` gets its key: always the same key, or one of its own that it keeps."""
        return self.source if number < self.available else FreshKeys()

    def facts(self, devices: int) -> dict[str, Any]:
        """Return what the report of a run with so many devices says about their keys."""
        pooled = min(devices, self.available)
        counts = {"pooled": pooled, "fresh": devices - pooled}
        return {"source": self.source.kind, **counts, "sentence": self._sentence(pooled, devices - pooled)}

    def _sentence(self, pooled: int, fresh: int) -> str:
        made = f"{fresh} made on the spot" if fresh else ""
        if not pooled:
            return made or "none needed"
        taken = {
            "pool": f"{pooled} from the pool, made beforehand",
            "primes": f"{pooled} from a prime pool (NOT SECRET: they share primes)",
        }[self.source.kind]
        return f"{taken}, {made}" if made else taken


NO_KEYS = KeySupply(KeyChoice.FRESH, FreshKeys(), 0)
"""Every device makes its own, or has one."""


def choose_keys(choice: KeyChoice, *, directory: Path, count: int) -> KeySupply:
    """Open the supply for `count` devices. Where the pool holds too few, the rest make their own.

    The primes are those of the pool's first keys, which are made if they are not there: so they last, and device 17 has
    the same key tomorrow.

    Raises:
        KeyPoolError: the pool is damaged or open to others.

    """
    match choice:
        case KeyChoice.FRESH:
            return NO_KEYS
        case KeyChoice.PRIMES:
            pool = KeyPool(directory)
            pairs = keys_for_primes(count)
            pool.fill(pairs)
            primes = PrimePool.from_keys(pool.key(index) for index in range(pairs))
            return KeySupply(choice, primes, primes.count())
        case KeyChoice.POOL:
            pool = KeyPool(directory)
            return KeySupply(choice, pool, pool.count())


def keys_for_primes(count: int) -> int:
    """Return how many keys have primes enough for `count` pairs: n primes make n(n-1)/2, and a key has two."""
    pairs = 1
    while pairs * (2 * pairs - 1) < count:
        pairs += 1
    return pairs
