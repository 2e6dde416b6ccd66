"""RSA keys made beforehand, because making one costs 60 ms, forty times what a device does with it in an enrolment.

Three sources with one shape, so that whoever makes devices need not know where their keys come from:

- `KeyPool`, keys on disk, each made once with a real generator and kept;
- `PrimePool`, any number of keys from a few primes, at 0.25 ms each. **They are not secret:** two keys that share a
  prime betray each other to anybody who computes one greatest common divisor. For virtual devices only, and only where
  somebody asked for it;
- `FreshKeys`, made on the spot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol

from cryptography.hazmat.primitives.asymmetric import rsa

from certs.errors import CertsError, KeyPoolError
from certs.key_store import KeyStore, Progress
from certs.keys import PUBLIC_EXPONENT, generate_rsa_key, load_private_key

__all__ = ["FreshKeys", "KeyPool", "PrimePool", "Progress", "RsaKeySource"]

_PRIME_BITS = 1024


class RsaKeySource(Protocol):
    """Where RSA-2048 keys come from. `kind` goes into every report that is made with them."""

    @property
    def kind(self) -> Literal["pool", "primes", "fresh"]:
        """How the keys were made."""

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return the key with this number; the same one every time, unless they are fresh."""


class KeyPool:
    """A directory of RSA-2048 keys. Keys are read when asked for, and never change their number."""

    kind: Literal["pool"] = "pool"

    def __init__(self, directory: Path) -> None:
        self._store = KeyStore(directory)

    def count(self) -> int:
        """Return how many keys there are; none where there is no directory.

        Raises:
            KeyPoolError: the pool is damaged, or was open to others.

        """
        return self._store.count()

    def fill(self, count: int, progress: Progress | None = None) -> None:
        """Make keys until there are so many; what an interrupted run has made stays.

        Runs one thread a processor, since OpenSSL makes keys outside the interpreter's lock. Several processes may
        fill one pool at once: together they make what is missing.

        Args:
            count: how many keys there shall be.
            progress: called with (how many there are, how many there shall be) after every key.

        Raises:
            KeyPoolError: the pool is damaged, was open to others, or cannot be written.

        """
        self._store.fill(count, progress)

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Load the key with this number.

        Raises:
            KeyPoolError: there is none with this number, or it is damaged.

        """
        try:
            key = load_private_key(self._store.read(index))
        except KeyPoolError:
            raise
        except CertsError as error:
            raise KeyPoolError(f"key {index}: {error}; delete the pool and fill it again") from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise KeyPoolError(f"key {index}: expected an RSA key, found another; delete the pool and fill it again")
        return key


class PrimePool:
    """RSA-2048 keys from pairs of primes. **Not secret**; see the module's first lines.

    Key number k is the k-th pair in the order (1,0), (2,0), (2,1), (3,0) …, so more primes never change a key.
    """

    kind: Literal["primes"] = "primes"

    def __init__(self, primes: Iterable[int]) -> None:
        self._primes = tuple(primes)
        for number, prime in enumerate(self._primes):
            # With p² ≥ 2^2047 for both, p·q has 2048 bits (FIPS 186-5 §A.1.1).
            if prime.bit_length() != _PRIME_BITS or (prime * prime).bit_length() != 2 * _PRIME_BITS:
                raise KeyPoolError(f"prime {number}: expected one of 1024 bits, its square of 2048; found another")
        if len(set(self._primes)) != len(self._primes):
            raise KeyPoolError("expected primes that are all different, found one twice")

    @classmethod
    def generate(cls, keys: int) -> PrimePool:
        """Make the primes for so many keys; 1,000 keys take 46 primes, which take a second and a half."""
        pairs = math.ceil(_primes_for(keys) / 2)
        return cls.from_keys(generate_rsa_key() for _ in range(pairs))

    @classmethod
    def from_keys(cls, keys: Iterable[rsa.RSAPrivateKey]) -> PrimePool:
        """Take the primes out of RSA keys, whose generator has tested them; with pooled keys the primes last."""
        numbers = (key.private_numbers() for key in keys)
        return cls(prime for number in numbers for prime in (number.p, number.q))

    def count(self) -> int:
        """Return how many different keys the primes give."""
        return len(self._primes) * (len(self._primes) - 1) // 2

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Put the key with this number together.

        Raises:
            KeyPoolError: there are not so many pairs.

        """
        if not 0 <= index < self.count():
            raise KeyPoolError(
                f"expected a key number below {self.count()}, found {index}: "
                f"{_primes_for(index + 1)} primes are needed, {len(self._primes)} are here"
            )
        larger = (1 + math.isqrt(1 + 8 * index)) // 2
        smaller = index - larger * (larger - 1) // 2
        return _rsa_key(self._primes[larger], self._primes[smaller])


class FreshKeys:
    """RSA-2048 keys made when asked for, some 60 ms each."""

    kind: Literal["fresh"] = "fresh"

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Make a key; a new one every time, whatever its number."""
        return generate_rsa_key()


def _primes_for(keys: int) -> int:
    """Return how few primes have so many pairs."""
    return max(2, math.ceil((1 + math.sqrt(1 + 8 * keys)) / 2))


def _rsa_key(p: int, q: int) -> rsa.RSAPrivateKey:
    """Put an RSA key together from its primes (RFC 8017 §3.2)."""
    p, q = max(p, q), min(p, q)
    exponent = pow(PUBLIC_EXPONENT, -1, math.lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=exponent,
        dmp1=exponent % (p - 1),
        dmq1=exponent % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(PUBLIC_EXPONENT, p * q),
    )
    # The validation skipped here is what takes 50 ms; the primes come from a generator that tested them.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
