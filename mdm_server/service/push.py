"""Waking devices: who sends pushes, and how the targets of devices are found.

A push is a hint, the queue is the truth: a push lost costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mdm_server.store.contract import LARGEST_PAGE, Store
from mdm_server.store.records import EnrollmentRow


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
    """Finds the push targets of enrolments and sends to them."""

    def __init__(self, store: Store, sender: PushSender) -> None:
        self._store = store
        self._sender = sender

    async def wake(self, enrollments: Iterable[EnrollmentRow]) -> int:
        """Push enrolments, one push each however often they are named; return how many had a push token."""
        targets = {row.channel.key: target for row in enrollments if (target := target_of(row)) is not None}
        await self._sender.send(list(targets.values()))
        return len(targets)

    async def wake_waiting(self) -> int:
        """Push whoever has something waiting, as after a restart; return how many had a push token."""
        woken, after = 0, ""
        while keys := await self._store.commands.waiting(after=after, limit=LARGEST_PAGE):
            rows = [row for key in keys if (row := await self._store.enrollments.find(key)) is not None]
            woken += await self.wake(rows)
            after = keys[-1]
        return woken


def target_of(enrollment: EnrollmentRow) -> PushTarget | None:
    """Return where pushes for an enrolment go, once it has said so."""
    if enrollment.push_token is None or enrollment.push_magic is None:
        return None
    return PushTarget(enrollment.push_token, enrollment.push_magic, enrollment.topic or "")
