"""A clock that stands still until somebody moves it, and the appointments of everybody who goes by it."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from typing import Generic, TypeVar

EPOCH = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When a virtual world begins unless told otherwise: a Monday morning."""

Whom = TypeVar("Whom")


class VirtualClock:
    """Tells the time that it was set to last."""

    def __init__(self, start: datetime = EPOCH) -> None:
        self.now = start

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def move_to(self, moment: datetime) -> None:
        """Move on to a moment; raises ValueError for one that has passed."""
        if moment < self.now:
            raise ValueError(f"expected a moment after {self.now.isoformat()}, found {moment.isoformat()}")
        self.now = moment


class Agenda(Generic[Whom]):
    """Who is to be woken when. Of two appointments at the same moment the one made first comes first."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Whom]] = []
        self._made = 0

    def add(self, moment: datetime, whom: Whom) -> None:
        """Make an appointment."""
        self._made += 1
        heapq.heappush(self._heap, (moment, self._made, whom))

    @property
    def next(self) -> datetime | None:
        """The moment of the next appointment, if there is one."""
        return self._heap[0][0] if self._heap else None

    def take(self) -> tuple[datetime, Whom]:
        """Take the next appointment off the agenda."""
        moment, _, whom = heapq.heappop(self._heap)
        return moment, whom
