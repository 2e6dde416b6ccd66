"""A transport without sockets: a function answers. For tests, and for servers that live in the same process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from device_emulator.core.messages import Request
from device_emulator.transport.contract import Outcome

Answerer = Callable[[int, Request], Awaitable[Outcome]]


class MemoryTransport:
    """Hands each request to `answer` and returns what it says; `sent` keeps what went through."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self.sent: list[tuple[int, Request]] = []

    async def send(self, device: int, request: Request) -> Outcome:
        """Ask the function."""
        self.sent.append((device, request))
        return await self._answer(device, request)

    async def hang_up(self, device: int) -> None:
        """Do nothing: there is no line."""

    async def close(self) -> None:
        """Do nothing: nothing is open."""
