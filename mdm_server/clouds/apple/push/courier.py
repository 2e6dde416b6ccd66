"""The device side of push: devices wait on a connection, and are told when there is work for them.

One connection may wait for many devices. The newest connection for a token wins; while nobody waits for a token one
push of each topic is kept for it, and more of them coalesce, as APNs does. A reader that is slow gets one push for a
token instead of a queue of them. Nothing here needs a thread or a lock: the courier lives in one event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from mdm_server.clouds.apple.push.notification import Kept, Notification
from mdm_server.wire.apns import LONGEST_STORED_DAYS
from mdm_server.wire.courier import FromClient, Gone, Listen, Listening, Push, encode, parse_from_client
from mdm_server.wire.errors import FrameError

UNREAD_CONFIRMATIONS = 64
"""A client that asks on and on and reads nothing is hung up on, instead of being remembered without end."""
STORED = timedelta(days=LONGEST_STORED_DAYS)

Place = tuple[bytes, str]


class Fate(Enum):
    """What became of a push."""

    DELIVERED = auto()
    """It is in front of somebody who listens."""
    KEPT = auto()
    DROPPED = auto()
    """Nobody listens, and it was not one to be kept."""


class Line(Protocol):
    """The device side of a connection, as the courier sees it."""

    def deliver(self, notification: Notification) -> None:
        """Put a push in front of the device."""


class CourierLine:
    """One device-side connection; made by Courier.connect."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._confirmed: list[Listening] = []
        self._pushes: OrderedDict[Place, Notification] = OrderedDict()
        self._something = asyncio.Event()
        self._closed = False

    def receive(self, frame: str | bytes) -> None:
        """Take in a frame from the client; raises FrameError for one that cannot be read, or that asks too much."""
        message = parse_from_client(frame)
        if isinstance(message, Listen):
            if len(self._confirmed) >= UNREAD_CONFIRMATIONS:
                raise FrameError("courier.unread", f"expected at most {UNREAD_CONFIRMATIONS} unread confirmations")
            self._courier.listen(self, message.tokens, topic=message.topic)
            self._confirmed.append(Listening(message.tokens))
            self._something.set()
        else:
            self._leave(message)

    async def frames(self) -> AsyncIterator[str]:
        """Yield frames to send, as they come; ends when the line is closed."""
        while not self._closed:
            await self._something.wait()
            self._something.clear()
            while self._confirmed and not self._closed:
                yield encode(self._confirmed.pop(0))
            while self._pushes and not self._closed:
                _, push = self._pushes.popitem(last=False)
                yield encode(Push(push.token, push.magic))

    def deliver(self, notification: Notification) -> None:
        """Put a push in front of the reader."""
        self._pushes[notification.place] = notification
        self._something.set()

    def close(self) -> None:
        """Hang up: stop listening for everything, hand back what was not read, and end `frames`."""
        if not self._closed:
            self._closed = True
            self._something.set()
            self._courier.hang_up(self, self._pushes.values())

    def _leave(self, message: FromClient) -> None:
        if isinstance(message, Gone):
            self._courier.gone(self, message.tokens)
        else:
            self._courier.forget(self, message.tokens)


class DirectLine:
    """A connection that is a call: devices of the same process, on a clock that only its owner moves.

    `deliver(token, magic)` is called for every push, at once.
    """

    def __init__(self, courier: Courier, deliver: Callable[[bytes, str], None]) -> None:
        self._courier = courier
        self._deliver = deliver
        courier.attach(self)

    def deliver(self, notification: Notification) -> None:
        """Call."""
        self._deliver(notification.token, notification.magic)

    def listen(self, token: bytes, topic: str | None = None) -> None:
        """Wait for pushes to this token; what was kept for it comes before this returns."""
        self._courier.listen(self, (token,), topic=topic)

    def forget(self, token: bytes) -> None:
        """Wait no longer: what comes is kept."""
        self._courier.forget(self, (token,))

    def gone(self, token: bytes) -> None:
        """Say that nobody will ever wait for this token again."""
        self._courier.gone(self, (token,))


class Courier:
    """Knows who listens for which token, keeps a push for those that are away, and which tokens are gone for good."""

    def __init__(
        self, clock: Callable[[], datetime], *, pending_limit: int = 100_000, token_limit: int = 200_000
    ) -> None:
        self._clock = clock
        self._token_limit = token_limit
        self._readers: dict[bytes, Line] = {}
        # The same relation from the other side: what a line reads is what it has not lost to a newer one.
        self._tokens: dict[Line, set[bytes]] = {}
        self._kept = Kept(clock, pending_limit)
        self._topics: dict[bytes, str] = {}
        self._gone: OrderedDict[bytes, datetime] = OrderedDict()
        self._met: OrderedDict[bytes, None] = OrderedDict()

    def connect(self) -> CourierLine:
        """Open a line for a new connection."""
        line = CourierLine(self)
        self.attach(line)
        return line

    def attach(self, line: Line) -> None:
        """Take in a line that somebody else made."""
        self._tokens[line] = set()

    def send(self, token: bytes, magic: str) -> Fate:
        """Push a device, now or whenever it listens again."""
        return self.deliver(Notification(token, "", magic, self._clock() + STORED))

    def deliver(self, notification: Notification) -> Fate:
        """Hand a push to whoever listens for its token now, or keep it until somebody does."""
        reader = self._readers.get(notification.token)
        if reader is not None:
            reader.deliver(notification)
            return Fate.DELIVERED
        return Fate.KEPT if self._kept.keep(notification) else Fate.DROPPED

    def has_met(self, token: bytes) -> bool:
        """Whether anybody ever listened for a token, as far as is remembered."""
        return token in self._met

    def topic_of(self, token: bytes) -> str | None:
        """Return for which topic a token is, if its device said so."""
        return self._topics.get(token)

    def gone_since(self, token: bytes) -> datetime | None:
        """Return since when a token is gone for good, or None."""
        return self._gone.get(token)

    def listen(self, line: Line, tokens: Sequence[bytes], *, topic: str | None = None) -> None:
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
            self._meet(token)
            self._gone.pop(token, None)  # "unless your application retrieves the same device token"
            if topic is not None:
                self._topics[token] = topic
            for notification in self._kept.take(token):
                line.deliver(notification)

    def forget(self, line: Line, tokens: Iterable[bytes]) -> None:
        """Stop reading tokens; one that a newer line reads by now stays with it."""
        for token in tokens:
            if self._readers.get(token) is line:
                self._let_go(token)

    def gone(self, line: Line, tokens: Iterable[bytes]) -> None:
        """Bury tokens: their devices were erased or left; one that a newer line reads by now lives on."""
        for token in tokens:
            if self._readers.get(token, line) is line:
                self.bury(token)

    def bury(self, token: bytes) -> None:
        """End a token: whoever pushes it is told since when nobody is there; the oldest graves are levelled."""
        if token in self._readers:
            self._let_go(token)
        self._kept.drop(token)
        self._gone.setdefault(token, self._clock())
        if len(self._gone) > self._token_limit:
            self._gone.popitem(last=False)

    def hang_up(self, line: Line, unread: Iterable[Notification]) -> None:
        """Forget a line, and keep the pushes that it did not get to read."""
        for token in self._tokens.pop(line, ()):
            del self._readers[token]
            self._topics.pop(token, None)
        for notification in unread:
            self.deliver(notification)

    def close(self) -> None:
        """Close every line."""
        for line in list(self._tokens):
            if isinstance(line, CourierLine):
                line.close()

    def _meet(self, token: bytes) -> None:
        self._met[token] = None
        self._met.move_to_end(token)
        if len(self._met) > self._token_limit:
            self._met.popitem(last=False)

    def _let_go(self, token: bytes) -> None:
        self._tokens[self._readers.pop(token)].discard(token)
        self._topics.pop(token, None)
