"""Waking devices: who sends pushes, and the internal courier that delivers them to waiting devices.

A push is a hint, the queue is the truth: a push lost costs time and nothing else. One pending push is kept for a token
and magic while nobody listens; more of them coalesce, as APNs does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mdm_server.service.journal import Journal
from mdm_server.store.contract import Store


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where a push goes: the pair a device gave in TokenUpdate. The token alone identifies nobody (checklist row 9)."""

    token: bytes
    magic: str
    topic: str


class PushSender(Protocol):
    """Delivers pushes: the courier below today, APNs proper another day."""

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Send one push to each target; never raises for a target that cannot be reached."""


class CourierLine:
    """One device-side connection to the courier; it may listen for many devices."""

    def receive(self, frame: bytes) -> None:
        """Take in a frame from the client; raises Refusal `courier.frame` for one that cannot be read."""
        raise NotImplementedError

    def frames(self) -> AsyncIterator[bytes]:
        """Yield frames to send, as they come; ends when the line is closed. Slow readers coalesce, they do not queue."""
        raise NotImplementedError

    def close(self) -> None:
        """Hang up: stop listening for everything and end `frames`."""
        raise NotImplementedError


class Courier:
    """The internal push service; implements PushSender."""

    def __init__(self, *, pending_limit: int = 100_000) -> None: ...

    def connect(self) -> CourierLine:
        """Open a line for a new connection."""
        raise NotImplementedError

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Hand a push to whoever listens for it now, or keep it until somebody does."""
        raise NotImplementedError

    def close(self) -> None:
        """Close every line."""
        raise NotImplementedError


class Pusher:
    """Finds the push targets of devices and sends to them."""

    def __init__(self, store: Store, sender: PushSender, journal: Journal) -> None: ...

    async def wake(self, devices: Iterable[str]) -> int:
        """Push devices by UDID, one push each however often they are named; return how many had a push token."""
        raise NotImplementedError
