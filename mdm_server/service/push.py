"""Waking devices: who sends pushes, and how the targets of devices are found.

A push is a hint, the queue is the truth: a push lost costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """Delivers pushes: the internal courier today, APNs proper another day."""

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Send one push to each target; never raises for a target that cannot be reached."""


class Pusher:
    """Finds the push targets of devices and sends to them."""

    def __init__(self, store: Store, sender: PushSender, journal: Journal) -> None:
        self._store = store
        self._sender = sender
        self._journal = journal

    async def wake(self, devices: Iterable[str]) -> int:
        """Push devices by UDID, one push each however often they are named; return how many had a push token."""
        raise NotImplementedError
