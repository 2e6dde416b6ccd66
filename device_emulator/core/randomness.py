"""Chance, handed out by device and purpose, so that device 17 is the same device in every run.

A `random.Random` weighs 2.5 KiB. A stream is therefore made when it is needed and never kept: whoever draws more than
once for one purpose counts the turns (`turn`), and gets a fresh, reproducible stream for each.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Randomness:
    """The chance of one device: the seed of the run and the number of the device."""

    seed: int
    number: int

    def stream(self, purpose: str, turn: int = 0) -> random.Random:
        """Return the stream for one purpose; the same three facts always give the same stream."""
        return random.Random(f"{self.seed}/{self.number}/{purpose}/{turn}")  # noqa: S311 - reproducible by design

    def random_bytes(self, purpose: str, count: int, turn: int = 0) -> bytes:
        """Return `count` bytes of the stream for one purpose."""
        return self.stream(purpose, turn).randbytes(count)

    def random_uuid(self, purpose: str, turn: int = 0) -> str:
        """Return an upper-case UUID, as Apple writes them."""
        return str(uuid.UUID(bytes=self.random_bytes(purpose, 16, turn), version=4)).upper()
