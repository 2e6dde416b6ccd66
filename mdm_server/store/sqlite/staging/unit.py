"""The unit of work of staging in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from mdm_server.store.records import Occasion
from mdm_server.store.sqlite.room import Room
from mdm_server.store.sqlite.staging.room import SqliteRoom
from mdm_server.store.sqlite.staging.view import SqliteView
from mdm_server.store.staging import StagingRoom, StagingView

T = TypeVar("T")


class SqliteStaging:
    """Implements `staging.Staging`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def transact(self, work: Callable[[StagingRoom], T], occasion: Occasion) -> T:
        """Run `work` as one operation of the writer."""

        def operation(connection: sqlite3.Connection) -> T:
            return work(SqliteRoom(connection, self._room.waiting.last_seen, occasion))

        return await self._room.writer.run(operation)

    async def read(self, work: Callable[[StagingView], T]) -> T:
        """Run `work` on the reader, between BEGIN and COMMIT: whatever is committed meanwhile is not seen."""
        reader = self._room.reader
        reader.execute("BEGIN")
        try:
            return work(SqliteView(reader, self._room.waiting.last_seen))
        finally:
            reader.execute("COMMIT")

    def saw(self, enrollment_key: str, at: datetime) -> None:
        """Count it among what is written with the next batch."""
        self._room.waiting.saw(enrollment_key, at)
