"""Where a fleet's RSA keys come from, and the sentence about it that every report carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from certs.key_pool import FreshKeys, KeyPool, PrimePool, RsaKeySource


class KeyChoice(StrEnum):
    """What a person may ask for: keys made beforehand, keys made on the spot, or fast keys that are not secret."""

    POOL = "pool"
    FRESH = "fresh"
    PRIMES = "primes"


@dataclass(slots=True)
class CountedKeys:
    """A source that counts what it gives out, and makes a fresh key where the pool has no more.

    Devices are served from several threads, so the counts are kept under a lock.
    """

    source: RsaKeySource
    available: int | None
    given: int = 0
    fresh: int = 0
    _lock: Lock = field(default_factory=Lock)

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return key number `index`."""
        exhausted = self.available is not None and index >= self.available
        with self._lock:
            self.given += 1
            self.fresh += exhausted
        return FreshKeys().key(index) if exhausted else self.source.key(index)

    def facts(self) -> dict[str, Any]:
        """Return what a report says about the keys."""
        pooled = 0 if self.source.kind == "fresh" else self.given - self.fresh
        return {
            "source": self.source.kind,
            "pooled": pooled,
            "fresh": self.given - pooled,
            "sentence": self._sentence(),
        }

    def _sentence(self) -> str:
        if self.given == 0:
            return "none needed"
        match self.source.kind:
            case "fresh":
                return f"{self.given} made on the spot"
            case "primes":
                return f"{self.given} from a prime pool (NOT SECRET: they share primes)"
            case "pool":
                made = f", {self.fresh} made on the spot" if self.fresh else ""
                return f"{self.given - self.fresh} from the pool, made beforehand{made}"


def choose_keys(choice: KeyChoice, *, directory: Path, count: int) -> CountedKeys:
    """Open the source for `count` devices. A pool that holds too few is filled up with fresh keys as they are needed.

    Raises:
        KeyPoolError: the pool is damaged or open to others.

    """
    match choice:
        case KeyChoice.FRESH:
            return CountedKeys(FreshKeys(), None)
        case KeyChoice.PRIMES:
            return CountedKeys(PrimePool.generate(count), None)
        case KeyChoice.POOL:
            pool = KeyPool(directory)
            return CountedKeys(pool, pool.count())
