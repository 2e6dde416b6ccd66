"""The journal: one structured event for each exchange and decision, made of allow-listed fields only.

A body, a challenge, a token or a key cannot get in, because no field is there to hold it: see FIELDS.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from mdm_server.domain.refusal import Refusal
from mdm_server.service.request_facts import RequestFacts
from mdm_server.store.contract import Store

FIELDS = frozenset(
    {
        "certificate",
        "command",
        "count",
        "device",
        "header",
        "invitation",
        "ip",
        "message",
        "reason",
        "request",
        "request_type",
        "serial_number",
        "state",
        "status",
        "transaction",
        "user",
    }
)
LONGEST_FIELD = 200


class Journal:
    """Writes events; `guard` writes the one event that R0 asks of every refusal."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def note(self, event: str, facts: RequestFacts | None = None, **fields: str | int | None) -> None:
        """Append one event; a field outside the allow-list is a programming error and raises ValueError."""
        raise NotImplementedError

    async def refused(self, refusal: Refusal, facts: RequestFacts, **fields: str | int | None) -> None:
        """Append the event of a refused request: `event=<code> reason=… device=… cert=… ip=… req=…`."""
        raise NotImplementedError

    @asynccontextmanager
    async def guard(self, facts: RequestFacts) -> AsyncIterator[None]:
        """Journal whatever Refusal leaves the block, then let it go on to the web room."""
        yield
