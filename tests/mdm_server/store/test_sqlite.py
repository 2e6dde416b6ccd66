"""SQLite does what every store must do, with the writer's thread and without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mdm_server.store.sqlite import SqliteStore, open_sqlite
from rigs.store_contract import StoreContract


class TestGroupCommit(StoreContract):
    """The writer on its own thread, as the server runs it."""


class TestInline(StoreContract):
    """The writer in line, as the virtual clock runs it."""

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SqliteStore]:
        """Return an empty store without a thread."""
        store = open_sqlite(tmp_path / "state.db", inline=True, durable=False)
        yield store
        await store.close()
