"""How large a property list may be, and how large its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a property list is read before it is refused."""

    max_bytes: int
    max_depth: int = 32
    """Containers inside containers, the outermost counted as 1."""
    max_elements: int = 20_000
    """Values; keys not counted, shared values as often as something refers to them."""


CHECK_IN: Final = Limits(max_bytes=256 * 1024)
RESULT: Final = Limits(max_bytes=1024 * 1024)
PROFILE: Final = Limits(max_bytes=8 * 1024 * 1024)


def integer_fits(number: int) -> bool:
    """Whether a property list can hold this integer: 64 bits, signed or unsigned."""
    return -(2**63) <= number < 2**64
