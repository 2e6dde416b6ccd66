"""Transition tables as data: what the code obeys, the tests walk, and `docs/flows/` shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


@dataclass(frozen=True)
class TransitionTable(Generic[State, Event]):
    """Every allowed move of one state machine; a pair that is absent is not allowed.

    A pair that leads back to its own state is allowed and changes nothing: that is how a repeated message stays
    harmless, and it differs from a pair that is absent.
    """

    name: str
    states: type[State]
    events: type[Event]
    initial: State
    moves: Mapping[tuple[State, Event], State]

    def after(self, state: State, event: Event) -> State | None:
        """Return the state that follows, or None where the event is not allowed in this state."""
        return self.moves.get((state, event))

    def final(self) -> frozenset[State]:
        """Return the states that nothing leaves."""
        left = {state for (state, _), target in self.moves.items() if target is not state}
        return frozenset(state for state in self.states if state not in left)
