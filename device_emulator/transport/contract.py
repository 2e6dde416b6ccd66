"""What a fleet asks of whatever carries its requests."""

from __future__ import annotations

from typing import Protocol

from device_emulator.core.messages import Request, RequestFailed, ResponseArrived

Outcome = ResponseArrived | RequestFailed


class Transport(Protocol):
    """Carries requests of many devices. A failure is an outcome, never an exception."""

    async def send(self, device: int, request: Request) -> Outcome:
        """Carry one request of device number `device` and return what became of it."""
        ...

    async def hang_up(self, device: int) -> None:
        """Let go of the connection that a device's conversation kept open. Harmless when there is none."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...
