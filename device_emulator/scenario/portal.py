"""What an organization does in Apple Business Manager, and what somebody lets go wrong at Apple."""

from __future__ import annotations

from collections.abc import Sequence

from device_emulator.scenario.offices import Failure


class ApplePortal:
    """Implements `Portal` with the simulated Apple that the stage has."""

    async def order(self, devices: Sequence[str], *, arrives_in: float) -> None:
        """Buy devices."""
        raise NotImplementedError

    async def release(self, devices: Sequence[str]) -> None:
        """Let go of devices."""
        raise NotImplementedError

    async def withdraw(self, devices: Sequence[str]) -> None:
        """Take devices away from our server."""
        raise NotImplementedError

    async def fail(self, failure: Failure) -> None:
        """Arrange for a failure."""
        raise NotImplementedError
