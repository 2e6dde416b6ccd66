"""Pushes that take their time: delayed on demand, or held back until another one has overtaken them."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from mdm_server.clouds.apple.push.courier import Courier, Fate
from mdm_server.clouds.apple.push.notification import Notification

NEVER_OVERTAKEN = timedelta(seconds=5)
"""A push that is to be overtaken, and by nobody is, arrives after this all the same."""


class Deliveries:
    """Hands pushes to the courier: at once, later, or behind the next one.

    Nothing happens by itself: `deliver_due` is to be called at `next_delivery`. `when_delayed` is called whenever that
    moment may have come nearer.
    """

    def __init__(self, clock: Callable[[], datetime], courier: Courier, most: int) -> None:
        self._clock = clock
        self._courier = courier
        self._most = most
        self._delayed: list[tuple[datetime, int, Notification]] = []
        self._count = 0
        self._overtakable: list[tuple[datetime, Notification]] = []
        self.when_delayed: Callable[[], None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether no more pushes can wait."""
        return len(self._delayed) + len(self._overtakable) >= self._most

    @property
    def next_delivery(self) -> datetime | None:
        """When the next push that waits is due; None when none does."""
        due = [self._delayed[0][0]] if self._delayed else []
        return min([*due, *(moment for moment, _ in self._overtakable)], default=None)

    def now(self, notification: Notification) -> Fate:
        """Deliver a push, and behind it those that were waiting to be overtaken."""
        fate = self._courier.deliver(notification)
        overtaken, self._overtakable = self._overtakable, []
        for _, late in overtaken:
            self._arrive(late)
        return fate

    def later(self, notification: Notification, seconds: float) -> None:
        """Deliver a push after so many seconds."""
        self._count += 1
        heapq.heappush(self._delayed, (self._clock() + timedelta(seconds=seconds), self._count, notification))
        self._tell()

    def behind_the_next(self, notification: Notification, seconds: float) -> None:
        """Deliver a push behind the next one, or after so many seconds when there is none."""
        wait = timedelta(seconds=seconds) if seconds > 0 else NEVER_OVERTAKEN
        self._overtakable.append((self._clock() + wait, notification))
        self._tell()

    def deliver_due(self) -> int:
        """Deliver what is due by now, and return how much it was."""
        now = self._clock()
        due = [notification for moment, notification in self._overtakable if moment <= now]
        self._overtakable = [waiting for waiting in self._overtakable if waiting[0] > now]
        while self._delayed and self._delayed[0][0] <= now:
            due.append(heapq.heappop(self._delayed)[2])
        for notification in due:
            self._arrive(notification)
        return len(due)

    def _arrive(self, notification: Notification) -> None:
        """Deliver a late push, unless its device is gone by now: that buries it too."""
        if self._courier.gone_since(notification.token) is None:
            self._courier.deliver(notification)

    def _tell(self) -> None:
        if self.when_delayed is not None:
            self.when_delayed()
