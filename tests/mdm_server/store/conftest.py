"""Fixtures for the tests of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mdm_server.store.contract import Store
from mdm_server.store.sqlite import SqliteStore, open_sqlite
from rigs.staging_actors import StagingActors
from rigs.store_actors import Actors


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
