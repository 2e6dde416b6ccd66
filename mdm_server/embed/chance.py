"""Where identifiers and challenges come from: the operating system, unless a test asked for a seed."""

from __future__ import annotations

import random
import secrets


class Chance:
    """Random bytes; with a seed the same ones in every run, and therefore no secret."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
        self._seeded = random.Random(seed) if seed is not None else None  # noqa: S311 - that is what a seed is for

    def __call__(self, count: int) -> bytes:
        """Return so many bytes."""
        return secrets.token_bytes(count) if self._seeded is None else self._seeded.randbytes(count)

    def reseed(self, seed: int) -> None:
        """Begin anew from a seed."""
        self.seed = seed
        self._seeded = random.Random(seed)  # noqa: S311
