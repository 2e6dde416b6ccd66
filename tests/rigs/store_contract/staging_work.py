"""The unit of work of staging, in every store."""

from __future__ import annotations

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.store.contract import Store
from mdm_server.store.records import NewCommand
from mdm_server.store.staging import (
    NEW,
    StagingRoom,
    StagingView,
)
from rigs.staging_actors import StagingActors
from rigs.staging_samples import (
    IPHONE,
)
from rigs.store_actors import NOON


class StagingWorkContract:
    """All or nothing, and one moment."""

    async def test_work_that_fails_has_done_nothing(self, store: Store, staging: StagingActors) -> None:
        """Whatever it wrote, and whatever it told; a refusal that it returns instead leaves what it wrote."""
        before, told = await store.state_digest(), await staging.codes()

        def crash(room: StagingRoom) -> None:
            room.users.add(EnrollmentUser(NEW, "u", "ann"))
            room.journal.tell("user.created", user="ann")
            raise RuntimeError("power cut")

        with pytest.raises(RuntimeError, match="power cut"):
            await staging.act(crash)
        assert (await store.state_digest(), await staging.codes()) == (before, told)

        def refuse(room: StagingRoom) -> Refusal:
            room.devices.add(IPHONE)
            room.journal.tell("lock.set", device="A", reason="REG_USER_MISMATCH")
            return Refusal("REG_USER_MISMATCH")

        assert (await staging.act(refuse)).code == "REG_USER_MISMATCH"
        (event,) = await store.journal.list(code="lock.")
        assert (event.at, event.device, event.reason, event.request_id) == (NOON, "A", "REG_USER_MISMATCH", "r1")

    async def test_the_journal_takes_no_secret(self, store: Store, staging: StagingActors) -> None:
        """A line that would hold one is a mistake of the program, and nothing of its work stands."""
        with pytest.raises(ValueError, match="password"):
            await staging.act(lambda room: room.journal.tell("login.failed", password="hunter2"))

    async def test_a_snapshot_does_not_see_what_is_written_meanwhile(
        self, store: Store, staging: StagingActors
    ) -> None:
        """And it can be taken again and again, also after one that failed."""

        def look(view: StagingView) -> int:
            return view.users.search().total

        def fail(_: StagingView) -> None:
            raise RuntimeError("nothing to see")

        assert await staging.see(look) == 0
        with pytest.raises(RuntimeError):
            await staging.see(fail)
        await staging.user("ann")
        assert await staging.see(look) == 1

    async def test_commands_are_queued_in_the_same_transaction(self, store: Store, staging: StagingActors) -> None:
        """All of the work or nothing: a claim and the profile that comes with it."""
        await staging.enrol("A", "a")

        def fail(room: StagingRoom) -> None:
            room.commands.enqueue(NewCommand("A", "one", "InstallProfile", b"<p/>"))
            raise RuntimeError("power cut")

        with pytest.raises(RuntimeError):
            await staging.act(fail)
        assert await staging.states("A") == {}
        row = await staging.act(lambda room: room.commands.enqueue(NewCommand("A", "one", "InstallProfile", b"<p/>")))
        assert row.command_uuid == "one"
        assert await staging.act(lambda room: room.commands.clear("A", "checked_in")) == 1
        with pytest.raises(Refusal, match="no such thing"):
            await staging.act(lambda room: room.commands.enqueue(NewCommand("B", "one", "InstallProfile", b"<p/>")))
