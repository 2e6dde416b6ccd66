"""Passwords of enrolment users: kept as argon2id (RFC 9106), and checked at the same cost for people who do not exist.

A hash is an expensive thing that anybody may order by trying to log in. So few are computed at a time, few wait, and
whoever comes then is told to come back (T-64).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from mdm_server.domain.refusal import Refusal
from mdm_server.service.running import Result, Runner

SALT_BYTES = 16
HASH_BYTES = 32
LONGEST_PASSWORD = 1024
"""Characters; what is longer is wrong, and as expensive to refuse as anything else that is wrong."""
AT_A_TIME = 2
MOST_WAITING = 64
"""How many strong hashes may be under way or wait, a few seconds of work; of cheaper ones as many more."""


@dataclass(frozen=True, slots=True)
class Cost:
    """How much work one hash is. It has one lane: two hashes at once that have several wait for each other for ever.

    OpenSSL computes lanes on threads of one common pool, and two derivations that each hold some of it never end.
    """

    iterations: int
    memory_kib: int

    @property
    def work(self) -> int:
        """How much is computed altogether, in KiB filled."""
        return self.iterations * self.memory_kib


LANES = 1
STRONG = Cost(iterations=1, memory_kib=46 * 1024)
"""OWASP's first choice (Password Storage Cheat Sheet, ASVS 5 appendix C): 46 MiB, one pass, one lane; some 100 ms."""
CHEAP = Cost(iterations=1, memory_kib=8)
"""No protection at all: for tests, demonstrations and load runs, whose passwords are worth nothing."""


class Passwords:
    """Hashes passwords and verifies them."""

    def __init__(self, cost: Cost, random_bytes: Callable[[int], bytes], run: Runner) -> None:
        self._cost = cost
        self._random_bytes = random_bytes
        self._run = run
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0
        self._most_waiting = max(AT_A_TIME, MOST_WAITING * STRONG.work // cost.work)
        self._nobodys = _nobodys_hash(cost)

    async def hash(self, password: str) -> str:
        """Return what to keep of a password, in the PHC string format; raises Refusal `limit.overload`."""
        salt = self._random_bytes(SALT_BYTES)
        return await self._in_turn(lambda: _hash(self._cost, salt, password))

    async def verify(self, password: str, recorded: str | None) -> bool:
        """Say whether a password is the recorded one; with None recorded the answer is no, and costs the same.

        Raises Refusal `limit.overload`.
        """
        return await self._in_turn(lambda: _matches(password, recorded or self._nobodys) and bool(recorded))

    async def _in_turn(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= self._most_waiting:
            raise Refusal("limit.overload", reason="passwords")
        self._waiting += 1
        try:
            async with self._turns:
                return await self._run(work)
        finally:
            self._waiting -= 1


def _hash(cost: Cost, salt: bytes, password: str) -> str:
    derivation = Argon2id(
        salt=salt, length=HASH_BYTES, iterations=cost.iterations, lanes=LANES, memory_cost=cost.memory_kib
    )
    return derivation.derive_phc_encoded(_bytes(password))


def _nobodys_hash(cost: Cost) -> str:
    """Return a hash that no password is known to have, for comparing when there is nobody to compare with."""
    salt, digest = (base64.b64encode(bytes(size)).rstrip(b"=").decode() for size in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.iterations},p={LANES}${salt}${digest}"


def _matches(password: str, recorded: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_bytes(password), recorded)
    except InvalidKey:
        return False
    return len(password) <= LONGEST_PASSWORD


def _bytes(password: str) -> bytes:
    """Return a password as it is hashed; JSON can spell lone surrogates, which UTF-8 cannot."""
    return password[:LONGEST_PASSWORD].encode("utf-8", "surrogatepass")
