"""What whoever drives a fleet needs of a device, be it an iPhone or an Android."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from device_emulator.core.events import Event
from device_emulator.core.messages import Happening, Request


class VirtualDevice(Protocol):
    """Feed it with `handle`, send what `requests` returns, and wake it at `deadline`.

    A device is not safe for concurrent use: one task touches it at a time.
    """

    def handle(self, happening: Happening) -> None:
        """Take in one happening. Then collect `requests` and `events` and look at `deadline`."""
        ...

    def requests(self) -> list[Request]:
        """Return, once, what the device wants to be sent now: no request or one."""
        ...

    def events(self) -> list[Event]:
        """Return, once, what could be seen since the last call."""
        ...

    @property
    def deadline(self) -> datetime | None:
        """When the device wants `TimePassed`, or None."""
        ...

    @property
    def push_token(self) -> bytes | None:
        """The token the device listens on; None while it is not enrolled."""
        ...

    @property
    def push_magic(self) -> str | None:
        """The magic a push must carry; None while it is not enrolled."""
        ...

    @property
    def is_reachable(self) -> bool:
        """Say whether the device runs and can be reached by a push."""
        ...

    @property
    def is_busy(self) -> bool:
        """Say whether a conversation with a server is under way or waiting to be resumed."""
        ...
