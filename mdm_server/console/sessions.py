"""Who is signed in: sessions in memory, known by a hash of what is in the browser's cookie.

A restart signs everybody out, and so does a new administrator's token, which needs one.
"""

from __future__ import annotations

import base64
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

from mdm_server.console.notices import Notice
from mdm_server.web.api import token_hash

SECRET_BYTES = 32
"""256 random bits: nobody guesses them, so a plain hash is enough to hide them."""

MOST_NOTICES = 8
"""What waits to be read: somebody who sends forms and never looks fills no memory."""


@dataclass(slots=True)
class Session:
    """One browser that is signed in.

    Attributes:
        door: the listener at which it signed in; a cookie carried to another one is worth nothing there.
        ticket: what the forms of its pages carry, and nobody else knows.

    """

    door: str
    ticket: str = field(repr=False)
    opened_at: datetime
    seen_at: datetime
    _notices: deque[Notice] = field(default_factory=lambda: deque(maxlen=MOST_NOTICES))

    def issued(self, ticket: str) -> bool:
        """Whether a form is one of this session's."""
        return compare_digest(ticket.encode(errors="surrogateescape"), self.ticket.encode())

    def leave(self, notice: Notice) -> None:
        """Leave something to be read on the next page."""
        self._notices.append(notice)

    def take_notices(self) -> list[Notice]:
        """Return what was left to be read, once."""
        notices = list(self._notices)
        self._notices.clear()
        return notices


class Sessions:
    """Knows who is signed in.

    A session ends when its person signs out, after `idle` without a request, after `longest` in any case, and when more
    than `most` are open and it is the one that was not seen for the longest time.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        *,
        idle: timedelta = timedelta(minutes=30),
        longest: timedelta = timedelta(hours=12),
        most: int = 100,
    ) -> None:
        self._clock = clock
        self._random_bytes = random_bytes
        self._idle = idle
        self._longest = longest
        self._most = most
        self._open: OrderedDict[str, Session] = OrderedDict()

    def open(self, door: str) -> tuple[str, Session]:
        """Open a session; return what goes into the cookie, too."""
        now, cookie = self._clock(), self._secret()
        session = Session(door, self._secret(), now, now)
        self._open[token_hash(cookie)] = session
        if len(self._open) > self._most:
            self._open.popitem(last=False)
        return cookie, session

    def find(self, cookie: str, door: str) -> Session | None:
        """Return the session of a cookie, if it is good here and now; it is seen."""
        known, now = token_hash(cookie), self._clock()
        session = self._open.get(known)
        if session is None or session.door != door:
            return None
        if now - session.seen_at > self._idle or now - session.opened_at > self._longest:
            del self._open[known]
            return None
        session.seen_at = now
        self._open.move_to_end(known)
        return session

    def end(self, cookie: str) -> None:
        """End the session of a cookie, if there is one."""
        self._open.pop(token_hash(cookie), None)

    def _secret(self) -> str:
        return base64.urlsafe_b64encode(self._random_bytes(SECRET_BYTES)).decode().rstrip("=")
