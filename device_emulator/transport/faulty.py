"""Faults of the network: named, addressed to one message of one device, counted, and noted when they strike."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.messages import Request, RequestFailed, RequestKind
from device_emulator.transport.contract import Outcome, Transport

REQUEST_LOST = "request-lost"
ANSWER_LOST = "answer-lost"
MESSAGES = tuple(kind.value for kind in RequestKind)


@dataclass(slots=True)
class Fault:
    """Something bad that happens once, to the nth message of a kind that a device sends."""

    device: int
    message: str
    kind: str
    nth: int
    seen: int = 0

    def __str__(self) -> str:
        what = "was lost" if self.kind == REQUEST_LOST else "got no answer"
        return f"message {self.nth} of kind {self.message} {what}"

    def strikes(self, device: int, request: Request) -> bool:
        """Say whether this is the message."""
        if device != self.device or request.kind.value != self.message:
            return False
        self.seen += 1
        return self.seen == self.nth


class FaultyTransport:
    """Carries requests by another transport, except for those that a fault strikes; without faults it is that other."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._faults: list[Fault] = []
        self.struck: list[Fault] = []
        """The faults that have happened, in order."""

    def add(self, fault: Fault) -> None:
        """Arrange for a fault."""
        self._faults.append(fault)

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """The faults that have not happened yet."""
        return tuple(self._faults)

    async def send(self, device: int, request: Request) -> Outcome:
        """Carry one request, or lose it, or lose its answer."""
        fault = self._striking(device, request) if self._faults else None
        if fault is None:
            return await self._transport.send(device, request)
        self._faults.remove(fault)
        self.struck.append(fault)
        if fault.kind == ANSWER_LOST:
            await self._transport.send(device, request)
        await self._transport.hang_up(device)
        return RequestFailed(request.number, "disconnected")

    def _striking(self, device: int, request: Request) -> Fault | None:
        return next((one for one in self._faults if one.strikes(device, request)), None)

    async def hang_up(self, device: int) -> None:
        """Close the device's connection."""
        await self._transport.hang_up(device)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()
