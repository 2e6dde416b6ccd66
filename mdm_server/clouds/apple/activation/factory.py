"""What is known of the hardware itself, whoever owns it: which UDID belongs to which serial number, and who guesses.

A real factory writes both into the device. Ours never sees one, so the first activation of a serial number says which
UDID it has, for ever.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from mdm_server.clouds.apple.business_manager.ledger import Ledger, moment, stamp

MOST_GUESSES = 10
GUESSES_FORGOTTEN_AFTER = timedelta(hours=1)
"""A device at which so many wrong codes were typed takes none for so long."""

_TABLE = """
CREATE TABLE IF NOT EXISTS hardware (
    serial     TEXT PRIMARY KEY,
    udid       TEXT NOT NULL UNIQUE,
    guesses    INTEGER NOT NULL DEFAULT 0,
    guessed_at INTEGER
) WITHOUT ROWID
"""


class Factory:
    """Keeps the hardware's own facts, beside the records of Business Manager."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        with ledger.transaction() as connection:
            connection.execute(_TABLE)

    @contextmanager
    def unit(self) -> Iterator[None]:
        """Do all of the block or nothing, in the records of Business Manager too: one commit for one activation."""
        with self._ledger.transaction():
            yield

    def knows(self, udid: str, serial_number: str) -> bool:
        """Say whether a device with exactly these two was activated before."""
        with self._ledger.reading() as connection:
            found = connection.execute("SELECT udid FROM hardware WHERE serial = ?", (serial_number,)).fetchone()
        return found is not None and found[0] == udid

    def bind(self, udid: str, serial_number: str) -> bool:
        """Bind a serial number to a UDID, both for ever; False if one of them is another device's."""
        if self.knows(udid, serial_number):
            return True
        with self._ledger.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO hardware (serial, udid) VALUES (?, ?)", (serial_number, udid))
        return self.knows(udid, serial_number)

    def wait_after_guesses(self, serial_number: str, now: datetime) -> int | None:
        """Return for how many seconds a device takes no guess any more; None if it may."""
        with self._ledger.reading() as connection:
            guesses, guessed_at = _guesses(connection, serial_number, now)
        if guesses < MOST_GUESSES:
            return None
        return max(1, round((guessed_at + GUESSES_FORGOTTEN_AFTER - now).total_seconds()))

    def guessed(self, serial_number: str, now: datetime) -> None:
        """Count a wrong guess."""
        with self._ledger.transaction() as connection:
            guesses, _ = _guesses(connection, serial_number, now)
            connection.execute(
                "UPDATE hardware SET guesses = ?, guessed_at = ? WHERE serial = ?",
                (guesses + 1, stamp(now), serial_number),
            )


def _guesses(connection: sqlite3.Connection, serial_number: str, now: datetime) -> tuple[int, datetime]:
    """Return how many guesses still count, and when the last of them was made."""
    found = connection.execute(
        "SELECT guesses, guessed_at FROM hardware WHERE serial = ? AND guessed_at > ?",
        (serial_number, stamp(now - GUESSES_FORGOTTEN_AFTER)),
    ).fetchone()
    return (0, now) if found is None else (found[0], moment(found[1]))
