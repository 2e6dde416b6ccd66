"""The second line of defence: statements that refuse by themselves, whatever was decided before them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mdm_server.domain.command_queue import CommandEvent, CommandState
from mdm_server.domain.refusal import Refusal
from mdm_server.store.sqlite import SqliteStore, open_sqlite
from mdm_server.store.sqlite.certificates import _bind
from mdm_server.store.sqlite.invitations import consume
from mdm_server.store.sqlite.queues import end_command
from rigs.store_actors import Actors, device, hashed


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Return a store whose connection the test may use."""
    store = open_sqlite(tmp_path / "state.db", inline=True, durable=False)
    yield store
    await store.close()


@pytest.mark.parametrize("why", ["used", "revoked"])
async def test_an_invitation_is_not_consumed_beyond_its_uses(store: SqliteStore, actors: Actors, why: str) -> None:
    """I-09: the count is compared where it is raised."""
    await actors.invite("once")
    if why == "used":
        consume(store._room.connection, "once")
    else:
        await store.invitations.revoke("once", actors.occasion())
    with pytest.raises(Refusal) as caught:
        consume(store._room.connection, "once")
    assert caught.value.code == "scep.challenge_used"


async def test_a_bound_certificate_is_not_bound_again(store: SqliteStore, actors: Actors) -> None:
    """I-01: not even to its own device."""
    await actors.enrol("A", "a")
    for name in ("A", "B"):
        with pytest.raises(Refusal) as caught:
            _bind(store._room.connection, hashed("a"), name, actors.occasion())
        assert caught.value.code == "enroll.cert_reuse"


async def test_a_command_that_has_ended_is_not_ended_again(store: SqliteStore, actors: Actors) -> None:
    """I-25: the first ending stays."""
    await actors.enrol("A", "a")
    (row,) = await actors.enqueue("A", "one")
    await actors.idle(device("A"), "a")
    await actors.answer(device("A"), "a", "one")
    end_command(store._room.connection, row.sequence, CommandEvent.CLEAR, actors.now)
    assert await actors.states("A") == {"one": CommandState.ACKNOWLEDGED}
