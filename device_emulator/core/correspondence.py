"""The one conversation that a device holds at a time: what it wants sent, which reply it waits for, when it goes on."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from device_emulator.core.conversation import Conversation, Draft, Pause, Reply
from device_emulator.core.errors import ExchangeError
from device_emulator.core.messages import Request, RequestFailed, ResponseArrived


class Ending(Enum):
    """How a conversation ends that does not fail."""

    FINISHED = "finished"


Progress = Ending | ExchangeError | None
"""What came of going on: the end, a failure that ends it too, or nothing yet."""


class Correspondence:
    """Numbers the requests of a device and keeps the place of the conversation under way. Nothing here waits."""

    __slots__ = ("_conversation", "_next_number", "_pending", "resume_at", "waits_for")

    def __init__(self) -> None:
        self._conversation: Conversation[None] | None = None
        self._pending: Request | None = None
        self._next_number = 1
        self.waits_for: int | None = None
        self.resume_at: datetime | None = None

    @property
    def is_under_way(self) -> bool:
        """Say whether there is a conversation."""
        return self._conversation is not None

    def begin(self, conversation: Conversation[None]) -> Progress:
        """Begin a conversation; there must be none."""
        self._conversation = conversation
        return self._advance(None)

    def hear(self, reply: ResponseArrived | RequestFailed) -> Progress:
        """Hand over a reply; a late or foreign one is nobody's."""
        if self._conversation is None or reply.number != self.waits_for:
            return None
        self.waits_for = None
        return self._advance(reply)

    def lose_reply(self, reason: str) -> Progress:
        """Give up waiting for a reply that cannot reach the device any more."""
        if self.waits_for is None:
            return None
        number, self._pending = self.waits_for, None
        return self.hear(RequestFailed(number, reason))

    def resume(self, now: datetime) -> Progress:
        """Go on after a pause, if it is over."""
        if self.resume_at is None or self.resume_at > now:
            return None
        self.resume_at = None
        return self._advance(None) if self._conversation is not None else None

    def take_pending(self) -> list[Request]:
        """Return, once, what is to be sent now: no request or one."""
        pending, self._pending = self._pending, None
        return [] if pending is None else [pending]

    def hang_up(self) -> None:
        """Drop the conversation: nobody waits for its reply any more."""
        if self._conversation is not None:
            self._conversation.close()
        self._conversation = self._pending = self.waits_for = self.resume_at = None

    def _advance(self, reply: Reply) -> Progress:
        """Let the conversation go on until it wants something sent, wants to wait, or ends."""
        assert self._conversation is not None
        try:
            step = self._conversation.send(reply)
        except StopIteration:
            self._conversation = None
            return Ending.FINISHED
        except ExchangeError as failure:
            self._conversation = None
            return failure
        if isinstance(step, Pause):
            self.resume_at = step.until
        else:
            self._submit(step)
        return None

    def _submit(self, draft: Draft) -> None:
        number, self._next_number = self._next_number, self._next_number + 1
        self.waits_for = number
        self._pending = Request(number, draft.kind, draft.method, draft.url, draft.headers, draft.body)
