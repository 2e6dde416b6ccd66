"""What Apple's services did, in order: for whoever wants to know why something happened to their MDM or device."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Service(StrEnum):
    """Whose entry it is."""

    PORTAL = "portal"
    DEP = "dep"
    ACTIVATION = "activation"
    APNS = "apns"


Detail = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; no detail is a secret: no token, no key, no bypass code."""

    sequence: int
    at: datetime
    service: Service
    event: str
    details: dict[str, Detail]


class Journal:
    """Keeps the newest entries, `limit` of them."""

    def __init__(self, clock: Callable[[], datetime], *, limit: int = 100_000) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._last = 0

    def tell(self, service: Service, event: str, **details: Detail) -> None:
        """Write an entry."""
        self._last += 1
        self._entries.append(Entry(self._last, self._clock(), service, event, details))

    def entries(self, *, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Return the entries behind number `after`, oldest first."""
        found = [entry for entry in self._entries if entry.sequence > after]
        return found if limit is None else found[:limit]
