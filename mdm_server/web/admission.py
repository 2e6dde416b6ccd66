"""Who may connect, and how many at once: counted when a connection is accepted, before its TLS handshake."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from types import TracebackType

from mdm_server.domain.refusal import Refusal
from mdm_server.web.limits import Limits

RETRY_AFTER = (1, 5)
"""Between how many seconds a turned-away client comes back: a range, or all of them would come back together."""


class Admission:
    """Counts connections, in total and per peer; its tables hold nobody who is not connected."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._per_peer: Counter[str] = Counter()
        self.connected = 0
        self.turned_away = 0

    def enter(self, peer: str) -> bool:
        """Count a peer in, or return False when there is no room for it."""
        full = self.connected >= self._limits.connections
        greedy = self._per_peer[peer] >= self._limits.connections_per_peer and not self._exempt(peer)
        if full or greedy:
            self.turned_away += 1
            if not self._per_peer[peer]:
                del self._per_peer[peer]
            return False
        self.connected += 1
        self._per_peer[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        """Count a peer out."""
        self.connected -= 1
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]

    def _exempt(self, peer: str) -> bool:
        return self._limits.exempt_loopback and is_loopback(peer)


class Turns:
    """Bounds the requests being worked on: `async with turns:` waits a moment for its turn, then gives up with 503."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(limits.requests_in_flight)

    async def __aenter__(self) -> None:
        """Take a turn.

        Raises:
            Refusal: `limit.overload`, everybody is busy, and stayed so.

        """
        if not self._free.locked():
            await self._free.acquire()  # returns at once: the common case needs no clock
            return
        try:
            async with asyncio.timeout(self._limits.queue_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Refusal("limit.overload") from None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the turn back."""
        self._free.release()


def is_loopback(address: str) -> bool:
    """Whether an address, as sockets write it, is this machine's own."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
