"""What every role of the store shares: the writer, the reader, and what waits to be written along."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mdm_server.store.contract import LARGEST_PAGE
from mdm_server.store.sqlite.stowaways import Waiting
from mdm_server.store.sqlite.writer import Writer


@dataclass(frozen=True, slots=True)
class Room:
    """One open state.

    `reader` is used on the loop's own thread, for point queries (20 µs) and bounded pages: handing them to a thread
    would cost more than they do. It sees every commit that a caller was told of.
    """

    writer: Writer
    reader: sqlite3.Connection
    connection: sqlite3.Connection
    """The writer's own; nobody but the writer touches it, unless the writer works in line."""
    waiting: Waiting

    def row(self, query: str, *values: object) -> Any:
        """Return the first row of a query, or None."""
        return self.reader.execute(query, values).fetchone()

    def rows(self, query: str, *values: object) -> Sequence[Any]:
        """Return all rows of a query that bounds itself."""
        return self.reader.execute(query, values).fetchall()


def page(limit: int) -> int:
    """Return how many rows a list may have."""
    return max(1, min(limit, LARGEST_PAGE))
