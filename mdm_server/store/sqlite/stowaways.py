"""What travels with other people's transactions: the journal's notes, and when each device was last seen.

Neither is worth a wait for the disk of its own. A poll that finds nothing to do therefore writes nothing; what it left
here goes out with the next batch, and what the last moments before a `kill -9` left here is lost. Nothing that was
acknowledged depends on it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from datetime import datetime
from itertools import islice

from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import JournalEvent
from mdm_server.store.sqlite.values import clean, moment, pack, stamp

MOST_NOTES = 20_000
"""Notes that may wait; beyond it the oldest are dropped, and their number is journaled."""
MOST_AT_ONCE = 2_000
"""Rows of each kind that one batch carries, so that no caller waits long for strangers."""

INSERT_EVENT = (
    "INSERT INTO journal (at, code, reason, device, certificate, peer, request_id, detail) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPSERT_ACTIVITY = (
    "INSERT INTO activity (enrollment, last_seen, reports) VALUES (?, ?, ?) ON CONFLICT (enrollment) DO UPDATE "
    "SET last_seen = max(last_seen, excluded.last_seen), reports = reports + excluded.reports"
)


EventValues = tuple[int, str, str, str, str, str, str, bytes]


def event_values(event: JournalEvent) -> EventValues:
    """Return an entry as the columns of INSERT_EVENT."""
    return (
        stamp(event.at),
        event.code,
        clean(event.reason),
        clean(event.device),
        event.certificate,
        event.peer,
        clean(event.request_id),
        pack(event.detail),
    )


class Waiting:
    """The notes and counters that wait. The loop adds, the writer's thread takes; a lock stands between them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: deque[EventValues] = deque()
        self._dropped = 0
        self._seen: dict[str, tuple[int, int]] = {}
        self._taken_notes = 0
        self._taken_seen: dict[str, tuple[int, int]] = {}

    def note(self, event: JournalEvent) -> None:
        """Keep an entry for the next batch."""
        values = event_values(event)
        with self._lock:
            # What a batch has taken is not ours to drop until it is written.
            if len(self._notes) >= MOST_NOTES and not self._taken_notes:
                self._notes.popleft()
                self._dropped += 1
            self._notes.append(values)

    def saw(self, enrollment: str, at: datetime) -> None:
        """Count a report of an enrolment."""
        with self._lock:
            _, reports = self._seen.get(enrollment, (0, 0))
            self._seen[enrollment] = (stamp(at), reports + 1)

    def last_seen(self, enrollment: str) -> datetime | None:
        """Return when an enrolment was last seen, if that is not written yet."""
        with self._lock:
            found = self._seen.get(enrollment) or self._taken_seen.get(enrollment)
        return moment(found[0]) if found else None

    def forget(self) -> None:
        """Drop the counters that wait (a reset)."""
        with self._lock:
            self._seen.clear()

    def notes(self) -> int:
        """Return how many notes wait."""
        return len(self._notes)

    def __len__(self) -> int:
        return len(self._notes) + len(self._seen)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write a bounded part of what waits."""
        with self._lock:
            notes = list(islice(self._notes, MOST_AT_ONCE))
            self._taken_notes = len(notes)
            for key in list(islice(self._seen, MOST_AT_ONCE)):
                self._merge(key, *self._seen.pop(key))
            dropped, self._dropped = self._dropped, 0
        if dropped and notes:
            overflow = JournalEvent(moment(notes[0][0]), JournalCode.JOURNAL_OVERFLOWED, detail={"count": dropped})
            notes.insert(0, event_values(overflow))
        connection.executemany(INSERT_EVENT, notes)
        if self._taken_seen:
            rows = ((key, at, reports) for key, (at, reports) in self._taken_seen.items())
            connection.executemany(_UPSERT_ACTIVITY, rows)

    def written(self) -> None:
        """Forget what the batch has written."""
        with self._lock:
            for _ in range(self._taken_notes):
                self._notes.popleft()
            self._taken_notes = 0
            self._taken_seen = {}

    def _merge(self, key: str, at: int, reports: int) -> None:
        # Something is there already when the batch that took it last failed.
        earlier, counted = self._taken_seen.get(key, (0, 0))
        self._taken_seen[key] = (max(at, earlier), counted + reports)
