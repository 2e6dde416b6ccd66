"""Waking devices: who sends pushes, and how the targets of devices are found.

A push is a hint, the queue is the truth: a push lost costs time and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from mdm_server.store.contract import LARGEST_PAGE, Store
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import EnrollmentRow, JournalEvent
from mdm_server.wire.apns import GONE_FOR_GOOD

MOST_UNREGISTERED = 100_000
"""So many tokens are remembered that nobody answers to any more; to forget one costs a push that is refused again."""


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where a push goes: the pair a device gave in TokenUpdate. The token alone identifies nobody (checklist row 9)."""

    token: bytes
    magic: str
    topic: str
    device: str = ""
    """Whose it is, for the journal."""


Refused: TypeAlias = Callable[[PushTarget, str], None]
"""Is told of a push that was refused, and the push service's word for it (mdm_server.wire.apns.Reason)."""


class PushSender(Protocol):
    """Delivers pushes: to the courier of this process, or to Apple's push service."""

    async def send(self, targets: Sequence[PushTarget]) -> None:
        """Send one push to each target; never raises for a target that cannot be reached."""


class Pusher:
    """Finds the push targets of enrolments and sends to them, until the push service says that a token is gone."""

    def __init__(self, store: Store, sender: PushSender, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._unregistered: OrderedDict[bytes, None] = OrderedDict()

    async def wake(self, enrollments: Iterable[EnrollmentRow]) -> int:
        """Push enrolments, one push each however often they are named; return how many could be pushed."""
        found = {row.channel.key: target for row in enrollments if (target := target_of(row)) is not None}
        targets = [target for target in found.values() if target.token not in self._unregistered]
        await self._sender.send(targets)
        return len(targets)

    def refused(self, target: PushTarget, reason: str) -> None:
        """Take note that a push was refused; one that says that the token is gone is the last to this token."""
        gone = reason in GONE_FOR_GOOD
        if gone:
            self._unregistered[target.token] = None
            if len(self._unregistered) > MOST_UNREGISTERED:
                self._unregistered.popitem(last=False)
        code = JournalCode.PUSH_UNREGISTERED if gone else JournalCode.PUSH_REFUSED
        self._store.journal.note(JournalEvent(self._clock(), code, reason=reason, device=target.device))

    def registered(self, token: bytes) -> None:
        """Push a token again: its device has just named it."""
        self._unregistered.pop(token, None)

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
    return PushTarget(enrollment.push_token, enrollment.push_magic, enrollment.topic or "", enrollment.channel.device)
