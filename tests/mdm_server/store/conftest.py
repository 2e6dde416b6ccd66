"""Fixtures for the tests of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("rigs.store_contract", "rigs.store_actors", "rigs.staging_actors")

from mdm_server.store.contract import Store  # noqa: E402
from mdm_server.store.sqlite import SqliteStore, open_sqlite  # noqa: E402
from rigs.staging_actors import StagingActors  # noqa: E402
from rigs.store_actors import Actors  # noqa: E402 - after its assertions are made to explain themselves


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Return an empty store that groups commits, as the server runs it."""
    store = open_sqlite(tmp_path / "state.db")
    yield store
    await store.close()


@pytest.fixture
def actors(store: Store) -> Actors:
    """Return actors who speak to the store under test."""
    return Actors(store)


@pytest.fixture
def staging(store: Store) -> StagingActors:
    """Return actors who stage devices in the store under test."""
    return StagingActors(store)
