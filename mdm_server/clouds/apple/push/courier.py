"""The device side of push: devices wait on a connection, and are told when there is work for them.

One connection may wait for many devices. The newest connection for a token wins; while nobody waits for a token one
push is kept for it, and more of them coalesce, as APNs does. A reader that is slow gets one push for a token instead of
a queue of them. Nothing here needs a thread or a lock: the courier lives in one event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from mdm_server.wire.courier import Forget, Listen, Listening, Push, encode, parse_from_client
from mdm_server.wire.errors import FrameError

UNREAD_CONFIRMATIONS = 64
"""A client that asks on and on and reads nothing is hung up on, instead of being remembered without end."""


class CourierLine:
    """One device-side connection; made by Courier.connect."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._confirmed: list[Listening] = []
        self._pushes: OrderedDict[bytes, str] = OrderedDict()
        self._something = asyncio.Event()
        self._closed = False

    def receive(self, frame: str | bytes) -> None:
        """Take in a frame from the client; raises FrameError for one that cannot be read, or that asks too much."""
        message = parse_from_client(frame)
        if isinstance(message, Listen):
            if len(self._confirmed) >= UNREAD_CONFIRMATIONS:
                raise FrameError("courier.unread", f"expected at most {UNREAD_CONFIRMATIONS} unread confirmations")
            self._courier.listen(self, message.tokens)
            self._confirmed.append(Listening(message.tokens))
            self._something.set()
        elif isinstance(message, Forget):
            self._courier.forget(self, message.tokens)

    async def frames(self) -> AsyncIterator[str]:
        """Yield frames to send, as they come; ends when the line is closed."""
        while not self._closed:
            await self._something.wait()
            self._something.clear()
            while self._confirmed and not self._closed:
                yield encode(self._confirmed.pop(0))
            while self._pushes and not self._closed:
                token, magic = self._pushes.popitem(last=False)
                yield encode(Push(token, magic))

    def deliver(self, token: bytes, magic: str) -> None:
        """Put a push in front of the reader."""
        self._pushes[token] = magic
        self._something.set()

    def close(self) -> None:
        """Hang up: stop listening for everything, hand back what was not read, and end `frames`."""
        if not self._closed:
            self._closed = True
            self._something.set()
            self._courier.hang_up(self, self._pushes)


class Courier:
    """Knows who listens for which token, and keeps a push for those that nobody listens for."""

    def __init__(self, *, pending_limit: int = 100_000, token_limit: int = 200_000) -> None:
        self._pending_limit = pending_limit
        self._token_limit = token_limit
        self._lines: set[CourierLine] = set()
        self._readers: dict[bytes, CourierLine] = {}
        # The same relation from the other side: what a line reads is what it has not lost to a newer one.
        self._tokens: dict[CourierLine, set[bytes]] = {}
        self._pending: OrderedDict[bytes, str] = OrderedDict()

    def connect(self) -> CourierLine:
        """Open a line for a new connection."""
        line = CourierLine(self)
        self._lines.add(line)
        self._tokens[line] = set()
        return line

    def send(self, token: bytes, magic: str) -> None:
        """Hand a push to whoever listens for its token now, or keep it until somebody does."""
        reader = self._readers.get(token)
        if reader is not None:
            reader.deliver(token, magic)
        else:
            self._keep(token, magic)

    def listen(self, line: CourierLine, tokens: Sequence[bytes]) -> None:
        """Make a line the reader of tokens; a token somebody else read is theirs no longer."""
        fresh = sum(1 for token in tokens if token not in self._readers)
        if len(self._readers) + fresh > self._token_limit:
            raise FrameError("courier.full", f"expected at most {self._token_limit} tokens on all connections together")
        for token in tokens:
            previous = self._readers.get(token)
            if previous is not None:
                self._tokens[previous].discard(token)
            self._readers[token] = line
            self._tokens[line].add(token)
            magic = self._pending.pop(token, None)
            if magic is not None:
                line.deliver(token, magic)

    def forget(self, line: CourierLine, tokens: Sequence[bytes]) -> None:
        """Stop reading tokens; one that a newer line reads by now stays with it."""
        for token in tokens:
            if self._readers.get(token) is line:
                del self._readers[token]
                self._tokens[line].discard(token)

    def hang_up(self, line: CourierLine, unread: OrderedDict[bytes, str]) -> None:
        """Forget a line, and keep the pushes that it did not get to read."""
        for token in self._tokens.pop(line, ()):
            del self._readers[token]
        self._lines.discard(line)
        for token, magic in unread.items():
            self.send(token, magic)

    def close(self) -> None:
        """Close every line."""
        for line in list(self._lines):
            line.close()

    def _keep(self, token: bytes, magic: str) -> None:
        """Keep one push for a token that nobody reads; the oldest one goes when there are too many."""
        self._pending[token] = magic
        self._pending.move_to_end(token)
        if len(self._pending) > self._pending_limit:
            self._pending.popitem(last=False)
