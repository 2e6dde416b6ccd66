"""SQLite behind the contract: one writer that groups commits, one read-only connection for point queries."""

from __future__ import annotations

from pathlib import Path

from mdm_server.store.contract import Store


def open_sqlite(path: Path, *, inline: bool = False, durable: bool = True) -> Store:
    """Open (or make) the state in `path`; raises StoreError with what to do when that is impossible.

    `inline` runs every verb where it is called, without a thread: for the virtual clock and for tests. `durable=False`
    drops the wait for the disk; it is for a state that nobody will miss.
    """
    raise NotImplementedError


__all__ = ["open_sqlite"]
