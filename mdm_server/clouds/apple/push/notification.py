"""A push on its way to a device, and what is kept of those for whom nobody listens: one for each token and topic."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """A push that was taken: deliver `magic` to the device with this token.

    It is worth nothing from `expires` on; without one it is delivered at once or never, and not kept.
    """

    token: bytes
    topic: str
    magic: str
    expires: datetime | None = None

    @property
    def place(self) -> tuple[bytes, str]:
        """Where it waits: a later one for the same token and topic takes its place."""
        return self.token, self.topic


class Kept:
    """Pushes for devices that are away: the newest for each token and topic, until it expires.

    "APNs stores only one notification per bundle ID":
    https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
    The oldest token goes when there are more than `limit`: a push is a hint, and the queue is the truth.
    """

    def __init__(self, clock: Callable[[], datetime], limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._tokens: OrderedDict[bytes, dict[str, Notification]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tokens)

    @property
    def tokens(self) -> Sequence[bytes]:
        """The tokens for which something is kept, the one that waited longest first."""
        return tuple(self._tokens)

    def keep(self, notification: Notification) -> bool:
        """Keep a push, and say whether it is one that can be kept."""
        if notification.expires is None or notification.expires <= self._clock():
            return False
        self._tokens.setdefault(notification.token, {})[notification.topic] = notification
        self._tokens.move_to_end(notification.token)
        if len(self._tokens) > self._limit:
            self._tokens.popitem(last=False)
        return True

    def take(self, token: bytes) -> Sequence[Notification]:
        """Return, and keep no longer, what is still worth something to the device with this token."""
        kept = self._tokens.pop(token, None)
        if kept is None:
            return ()
        now = self._clock()
        return [each for each in kept.values() if each.expires is not None and now < each.expires]

    def drop(self, token: bytes) -> None:
        """Keep nothing for this token."""
        self._tokens.pop(token, None)
