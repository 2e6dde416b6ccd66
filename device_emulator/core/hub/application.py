"""What Intelligent Hub keeps on a device: its server, and whose the device is.

Most devices never open it, so nothing is kept until somebody does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_emulator.core.events import Event, HubLoginShown, HubSignedIn, HubSignedOut
from device_emulator.core.sharing import shared

STAGED = "StagedUnclaimed"
IDLE = "MultiIdle"
CHECKED_OUT = "CheckedOut"
ASSIGNED = "Assigned"
UNMANAGED = "Unmanaged"
# In these states the Hub waits for somebody to log in.
WAITING = frozenset({STAGED, IDLE})


class HubApplication:
    """The Hub on one device.

    `state` and `user` are the assignment as the server last told it, in the server's spelling.
    """

    __slots__ = ("state", "url", "user")

    def __init__(self, url: str) -> None:
        self.url = shared(url)
        self.state = ""
        self.user = ""

    @property
    def is_settled(self) -> bool:
        """Say whether the device belongs to somebody for good, so that there is nothing to ask any more."""
        return self.state == ASSIGNED

    def learn(self, state: str, user: str) -> tuple[Event, ...]:
        """Take note of whose the device is, as the server says, and return what can be seen of the change."""
        before, (self.state, self.user) = (self.state, self.user), (state, user)
        if before == (state, user):
            return ()
        ended = (HubSignedOut(before[1]),) if before[0] == CHECKED_OUT else ()
        if state in WAITING:
            return (*ended, HubLoginShown(state))
        return (*ended, HubSignedIn(user, state)) if user else ended

    @classmethod
    def unmanaged(cls, url: str, user: str) -> HubApplication:
        """Return the application of somebody who uses it, and does not qualify to have the device managed."""
        application = cls(url)
        application.state, application.user = UNMANAGED, user
        return application

    def snapshot(self) -> dict[str, Any]:
        """Return the state in plain JSON types."""
        return {"url": self.url, "state": self.state, "user": self.user}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> HubApplication:
        """Return the Hub that `snapshot` describes."""
        hub = cls(snapshot["url"])
        hub.state, hub.user = snapshot["state"], snapshot["user"]
        return hub
