"""The journal in SQLite: append-only, in order, never waited for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from mdm_server.store.errors import StoreUnavailable
from mdm_server.store.records import JournalEvent
from mdm_server.store.sqlite.room import Room, page
from mdm_server.store.sqlite.values import moment, unpack
from mdm_server.store.sqlite.writer import InlineWriter

FLUSH_AFTER = 0.25
"""Seconds a note may wait for somebody else's transaction before it gets one of its own."""

_SELECT = "SELECT sequence, at, code, reason, device, certificate, peer, request_id, detail FROM journal "
_CHOSEN = "WHERE sequence > ? AND sequence < ? AND (? IS NULL OR code = ? OR substr(code, 1, length(?)) = ?) "
_OF_DEVICE = "AND device = ? AND device <> '' "
_NO_END = 2**63 - 1


def journal_event(values: Any) -> JournalEvent:
    """Return the record in a row of `_SELECT`."""
    return JournalEvent(
        sequence=values[0],
        at=moment(values[1]),
        code=values[2],
        reason=values[3],
        device=values[4],
        certificate=values[5],
        peer=values[6],
        request_id=values[7],
        detail=unpack(values[8]),
    )


class SqliteJournal:
    """Implements `contract.Journal`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._flush: asyncio.Task[None] | None = None

    def note(self, event: JournalEvent) -> None:
        """Append an entry without waiting."""
        self._room.waiting.note(event)
        if isinstance(self._room.writer, InlineWriter):
            self._room.writer.run_now(_nothing)
        elif self._flush is None or self._flush.done():
            self._flush = asyncio.get_running_loop().create_task(self._flush_later())

    async def list(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 100,
        device: str | None = None,
        code: str | None = None,
        newest_first: bool = False,
    ) -> Sequence[JournalEvent]:
        """List entries in order, everything noted until now included."""
        await self.flush()
        # "auth." asks for a whole family, "auth.missing" for one code.
        family = code if code is not None and code.endswith(".") else None
        values: list[object] = [after, _NO_END if before is None else before, code, code, family, family]
        if device is not None:
            values.append(device)
        order = "ORDER BY sequence DESC LIMIT ?" if newest_first else "ORDER BY sequence LIMIT ?"
        query = _SELECT + _CHOSEN + ("" if device is None else _OF_DEVICE) + order
        return [journal_event(found) for found in self._room.rows(query, *values, page(limit))]

    async def trim(self, keep: int) -> int:
        """Forget all but the newest entries."""
        return await self._room.writer.run(lambda connection: _trim(connection, keep))

    async def flush(self) -> None:
        """Write every note that waits."""
        while self._room.waiting.notes():
            await self._room.writer.run(_nothing)

    async def close(self) -> None:
        """Write everything that waits, counters included, as far as the disk allows."""
        if self._flush is not None:
            self._flush.cancel()
            await asyncio.gather(self._flush, return_exceptions=True)
        with suppress(StoreUnavailable):
            while len(self._room.waiting):
                await self._room.writer.run(_nothing)

    async def _flush_later(self) -> None:
        await asyncio.sleep(FLUSH_AFTER)
        with suppress(StoreUnavailable):  # the notes stay where they are, for a better moment
            await self.flush()


def _nothing(_: sqlite3.Connection) -> None:
    """Do nothing: the notes come along with whatever is written."""


def _trim(connection: sqlite3.Connection, keep: int) -> int:
    done = connection.execute(
        "DELETE FROM journal WHERE sequence <= (SELECT sequence FROM journal ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
        (max(0, keep),),
    )
    return done.rowcount
