"""RSA keys for virtual worlds: a few primes, made once for all worlds of a process, and more when more are needed."""

from __future__ import annotations

from functools import cache
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import rsa

from certs.key_pool import PrimePool
from certs.keys import generate_rsa_key
from device_emulator.fleet.keys import KeyChoice, KeySupply, keys_for_primes


class GrowingPrimes:
    """A prime pool that grows with what is asked of it. **Not secret**: see `certs.key_pool`.

    A key that was put together once is kept, for a device takes its own out with every request that it signs.
    """

    kind: Literal["primes"] = "primes"

    def __init__(self) -> None:
        self._grown: list[rsa.RSAPrivateKey] = []
        self._primes = PrimePool(())
        self._keys: dict[int, rsa.RSAPrivateKey] = {}

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return the key with this number; the same one every time."""
        if index not in self._keys:
            self._grow(index + 1)
            self._keys[index] = self._primes.key(index)
        return self._keys[index]

    def _grow(self, count: int) -> None:
        if self._primes.count() < count:
            missing = keys_for_primes(count) - len(self._grown)
            self._grown.extend(generate_rsa_key() for _ in range(missing))
            self._primes = PrimePool.from_keys(self._grown)


@cache
def shared_keys() -> KeySupply:
    """Return the keys that all virtual worlds of this process share; there is one for every device."""
    return KeySupply(KeyChoice.PRIMES, GrowingPrimes(), available=2**31)
