"""Journaling inside a transaction: what a verb changes and the line that tells of it stand or fall together."""

from __future__ import annotations

import sqlite3

from mdm_server.store.records import JournalEvent, Occasion
from mdm_server.store.sqlite.stowaways import INSERT_EVENT, event_values

Plain = str | int | float | bool | None


def tell(
    connection: sqlite3.Connection,
    occasion: Occasion,
    code: str,
    *,
    device: str = "",
    certificate: str = "",
    reason: str = "",
    **detail: Plain,
) -> None:
    """Journal a change as part of the transaction that makes it."""
    event = JournalEvent(
        at=occasion.at,
        code=code,
        reason=reason,
        device=device,
        certificate=certificate[:16],
        peer=occasion.peer,
        request_id=occasion.request_id,
        detail=detail,
    )
    connection.execute(INSERT_EVENT, event_values(event))
