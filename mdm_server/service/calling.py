"""What a use case needs to call somebody else's server; who opens the connection is decided where all is wired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class CallFailedError(Exception):
    """The call did not get an answer; `reason` is a stable token such as `connect.refused`, `timeout`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True, slots=True)
class Called:
    """An answer. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Caller(Protocol):
    """Calls other people's servers."""

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Called:
        """Make one call; raises CallFailedError."""
        ...
