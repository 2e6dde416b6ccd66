"""Who sits at the keyboard when the Hub asks for a password, be it an iPhone's or an Android's."""

from __future__ import annotations

from typing import Protocol

from device_emulator.core.holder import Holder
from device_emulator.core.hub.asking import Typist
from device_emulator.core.randomness import Randomness


class Held(Protocol):
    """A device in somebody's hand, or in nobody's."""

    @property
    def holder(self) -> Holder | None:
        """Who holds it."""
        ...

    @property
    def randomness(self) -> Randomness:
        """Its chance."""
        ...


def typist(held: Held) -> Typist:
    """Return the holder at the keyboard; where there is none, what is typed is what was meant."""

    def types(password: str) -> str:
        return password if held.holder is None else held.holder.types(held.randomness, password)

    return types
