"""Apple's push service for tests: a clock that is moved by hand, and the pieces of a service that go by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Hand:
    """A clock that somebody moves."""

    def __init__(self, now: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
