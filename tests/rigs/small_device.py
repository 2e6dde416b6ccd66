"""A device of a few lines, for tests of what drives devices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from device_emulator.core.events import Event, SessionEnded
from device_emulator.core.messages import (
    Happening,
    Request,
    RequestFailed,
    RequestKind,
    ResponseArrived,
    TimePassed,
)


class SmallDevice:
    """Asks once for every happening that ends no request, and wants to be woken when its `naps` say."""

    is_reachable = True
    is_busy = False

    def __init__(self, naps: list[timedelta] | None = None, *, clock: Callable[[], datetime]) -> None:
        self.heard: list[Happening] = []
        self.deadline: datetime | None = None
        self.busy = 0
        self._clock = clock
        self._naps = naps or []
        self._requests: list[Request] = []
        self._events: list[Event] = []
        self._nap()

    def handle(self, happening: Happening) -> None:
        """Note what happened, and that nobody else was telling anything at the time."""
        self.busy += 1
        assert self.busy == 1, "two tasks touch one device"
        self.heard.append(happening)
        if isinstance(happening, ResponseArrived | RequestFailed):
            self._events.append(SessionEnded(0, "finished"))
        else:
            self._requests.append(Request(len(self.heard), RequestKind.IDLE, "PUT", "https://mdm.example/mdm"))
        if isinstance(happening, TimePassed):
            self._nap()
        self.busy -= 1

    def requests(self) -> list[Request]:
        """Hand over what is to be sent."""
        requests, self._requests = self._requests, []
        return requests

    def events(self) -> list[Event]:
        """Hand over what was seen."""
        events, self._events = self._events, []
        return events

    def _nap(self) -> None:
        self.deadline = self._clock() + self._naps.pop(0) if self._naps else None
