"""Holding one conversation at a time: what it wants sent gets a number, and only the reply with that number goes on.

This half of a device knows nothing of what is talked about. The other half says what follows from the end (`_finish`),
and from a failure (`_try_again`).
"""

from __future__ import annotations

from datetime import datetime

from certs.identity import Identity
from device_emulator.core.conversation import Conversation, Draft, Pause, Reply
from device_emulator.core.errors import ExchangeError
from device_emulator.core.messages import Request, RequestFailed, ResponseArrived

OFFLINE = "offline"


class Conversing:
    """Something that converses with a server.

    `_resume_at` is when a paused conversation goes on, or when the next may begin.
    """

    __slots__ = ("_conversation", "_next_number", "_pending", "_resume_at", "_waits_for")

    def __init__(self) -> None:
        self._conversation: Conversation[None] | None = None
        self._pending: Request | None = None
        self._waits_for: int | None = None
        self._next_number = 1
        self._resume_at: datetime | None = None

    def requests(self) -> list[Request]:
        """Return, once, what the device wants to be sent now: no request or one."""
        pending, self._pending = self._pending, None
        return [] if pending is None else [pending]

    def _client_identity(self) -> Identity | None:
        """Return what the device proves itself with in a TLS handshake."""
        raise NotImplementedError

    def _finish(self) -> None:
        """Draw the consequences of a conversation that came to its end."""
        raise NotImplementedError

    def _try_again(self, failure: ExchangeError) -> None:
        """Draw the consequences of a conversation that failed."""
        raise NotImplementedError

    def _take_reply(self, reply: ResponseArrived | RequestFailed) -> None:
        """Hand a reply to the conversation that waits for it; a late or foreign one is nobody's."""
        if self._conversation is not None and reply.number == self._waits_for:
            self._waits_for = None
            self._advance(reply)

    def _lose_reply(self) -> None:
        """Give up waiting: no reply can reach the device any more."""
        if self._waits_for is not None:
            self._pending = None
            self._take_reply(RequestFailed(self._waits_for, OFFLINE))

    def _hang_up(self) -> None:
        """Drop the conversation under way: nobody waits for its reply any more."""
        if self._conversation is not None:
            self._conversation.close()
        self._conversation = self._pending = self._waits_for = self._resume_at = None

    def _resume(self, now: datetime) -> None:
        """Go on with a conversation whose pause is over."""
        if self._resume_at is not None and self._resume_at <= now:
            self._resume_at = None
            if self._conversation is not None:
                self._advance(None)

    def _advance(self, reply: Reply) -> None:
        """Let the conversation go on until it wants something sent, wants to wait, or ends."""
        assert self._conversation is not None
        try:
            step = self._conversation.send(reply)
        except StopIteration:
            self._finish()
        except ExchangeError as failure:
            self._try_again(failure)
        else:
            if isinstance(step, Pause):
                self._resume_at = step.until
            else:
                self._submit(step)

    def _submit(self, draft: Draft) -> None:
        identity = self._client_identity() if draft.by_tls else None
        number, self._next_number = self._next_number, self._next_number + 1
        self._waits_for = number
        self._pending = Request(number, draft.kind, draft.method, draft.url, draft.headers, draft.body, identity)
