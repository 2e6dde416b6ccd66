"""Failures that somebody arranged for: named, counted, windowed, drawn from a seed, journaled, and off by default.

The faults of one point (an endpoint of a service) form a line. The first of them decides until its count is used up, as
in depsim's `[{"count": 1, "response": "success"}, {"count": 2, "response": "bad_request_invalid_cursor"}]`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from mdm_server.clouds.apple.journal import Journal, Service

SUCCESS = "success"
"""The response that is no failure: it lets so many calls pass before the next in line."""
ENDLESS_IS_NOT_DEFAULT = 1
"""A fault without a count strikes once: clients exist that ask again at once and for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One arranged failure.

    Attributes:
        name: what it is called; another fault of that name takes its place.
        service: whose.
        point: where, such as `post_devices_sync`, `activate` or `push`.
        response: what happens there, in the words of that service.
        count: how often it strikes; None: until it is taken away.
        probability: how likely each call is struck; a call that is spared does not count.
        starts, ends: when it may strike.
        delay: seconds that the answer is late, for services that know delays.

    """

    name: str
    service: Service
    point: str
    response: str
    count: int | None = ENDLESS_IS_NOT_DEFAULT
    probability: float = 1.0
    starts: datetime | None = None
    ends: datetime | None = None
    delay: float = 0.0

    def is_open(self, now: datetime) -> bool:
        """Say whether it may strike at this moment."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


class Faults:
    """The arranged failures of all of Apple's services. `stream` decides where a probability is asked."""

    def __init__(self, clock: Callable[[], datetime], stream: Random, journal: Journal) -> None:
        self._clock = clock
        self._stream = stream
        self._journal = journal
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the line of its point, in the place of another of its name."""
        self.remove(fault.name)
        self._faults.append(fault)

    def remove(self, name: str | None = None) -> None:
        """Take one fault away, or all."""
        self._faults = [] if name is None else [each for each in self._faults if each.name != name]

    def all(self) -> Sequence[Fault]:
        """Return what is still to come, with the counts that are left."""
        return tuple(self._faults)

    def strike(self, service: Service, point: str) -> Fault | None:
        """Return the failure that this call meets, or None; count it, and write it into the journal."""
        now = self._clock()
        for index, fault in enumerate(self._faults):
            if (fault.service, fault.point) != (service, point) or not fault.is_open(now):
                continue
            if fault.probability < 1 and self._stream.random() >= fault.probability:
                return None
            self._use(index, fault)
            if fault.response == SUCCESS:
                return None
            self._journal.tell(service, "fault", name=fault.name, point=point, response=fault.response)
            return fault
        return None

    def _use(self, index: int, fault: Fault) -> None:
        if fault.count is None:
            return
        if fault.count <= 1:
            del self._faults[index]
        else:
            self._faults[index] = replace(fault, count=fault.count - 1)
