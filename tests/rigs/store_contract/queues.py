"""The command queue, in every store."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from mdm_server.domain.command_queue import CommandState
from mdm_server.store.contract import Store
from mdm_server.store.records import (
    Answer,
    AnswerEffect,
    NewCommand,
)
from rigs.store_actors import Actors, delivered, device, refused, user


class QueueContract:
    """The command queue."""

    async def test_the_head_of_the_line_is_sent_again_until_it_is_answered(self, store: Store, actors: Actors) -> None:
        """Order is the order of queueing, and nothing behind the head is sent."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "one", "two")
        assert [await actors.idle(device("A"), a) for _ in range(3)] == ["one", "one", "one"]
        assert await actors.answer(device("A"), a, "one") == "two"
        assert await actors.answer(device("A"), a, "two", "Error") is None
        assert await actors.states("A") == {"one": CommandState.ACKNOWLEDGED, "two": CommandState.ERROR}

    async def test_not_now_keeps_its_place_and_waits_for_the_next_session(self, store: Store, actors: Actors) -> None:
        """I-28: not offered again in this session, offered first in the next."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "one", "two")
        await actors.idle(device("A"), a)
        assert await actors.answer(device("A"), a, "one", "NotNow") == "two"
        assert await actors.answer(device("A"), a, "two") is None
        await actors.enqueue("A", "three")
        assert await actors.idle(device("A"), a) == "one"
        assert await actors.answer(device("A"), a, "one") == "three"

    async def test_the_first_terminal_answer_wins(self, store: Store, actors: Actors) -> None:
        """I-25, I-26: late answers of any kind are recorded in the journal, and change nothing."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "one")
        await actors.idle(device("A"), a)
        await actors.answer(device("A"), a, "one")
        digest = await store.state_digest()
        for status in ("NotNow", "Error", "CommandFormatError", "Acknowledged"):
            outcome = await actors.report(device("A"), a, Answer("one", status, b"<late/>"))
            assert outcome.effect is AnswerEffect.LATE
        assert await store.state_digest() == digest
        assert (await actors.codes("A")).count("command.late_answer") == 4

    async def test_an_answer_to_an_unknown_command_is_harmless(self, store: Store, actors: Actors) -> None:
        """It gets the next command like any other report."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "one")
        outcome = await actors.report(device("A"), a, Answer("nobody's", "Acknowledged", b""))
        assert (outcome.effect, delivered(outcome)) == (AnswerEffect.UNKNOWN, "one")

    async def test_a_status_nobody_knows_is_refused(self, store: Store, actors: Actors) -> None:
        """The wire room stops it earlier; the store does not depend on that."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "one")
        async with refused(store, "parse.schema"):
            await actors.answer(device("A"), a, "one", "Foo")

    async def test_device_and_user_channels_do_not_mix(self, store: Store, actors: Actors) -> None:
        """I-29, I-34: each is given, and answers, its own commands."""
        a = await actors.enrol("A")
        u = user("A", "u")
        await actors.token_update(u, a)
        await actors.enqueue("A", "for the device")
        await actors.enqueue(u.key, "for the user")
        assert await actors.idle(u, a) == "for the user"
        outcome = await actors.report(u, a, Answer("for the device", "Acknowledged", b""))
        assert outcome.effect is AnswerEffect.UNKNOWN
        assert await actors.idle(device("A"), a) == "for the device"

    async def test_the_same_command_queued_twice_is_one_command(self, store: Store, actors: Actors) -> None:
        """I-32: also by sixteen at once; other bytes under the same UUID are a conflict."""
        await actors.enrol("A")
        rows = await asyncio.gather(*(actors.enqueue("A", "one") for _ in range(16)))
        assert len({row.sequence for (row,) in rows}) == 1
        async with refused(store, "api.conflict"):
            await store.commands.enqueue([NewCommand("A", "one", "DeviceLock", b"<other/>")], actors.occasion())

    async def test_queueing_for_many_is_all_or_nothing(self, store: Store, actors: Actors) -> None:
        """I-33: one unknown device spoils the whole order, and nothing is queued."""
        await actors.enrol("A")
        commands = [NewCommand(key, "bulk", "DeviceInformation", b"<b/>") for key in ("A", "nobody")]
        async with refused(store, "api.not_found"):
            await store.commands.enqueue(commands, actors.occasion())

    async def test_an_expired_command_is_passed_over(self, store: Store, actors: Actors) -> None:
        """It ends Expired, and the next one is delivered at once."""
        a = await actors.enrol("A")
        soon = actors.now + timedelta(minutes=1)
        await store.commands.enqueue([NewCommand("A", "one", "DeviceLock", b"<o/>", soon)], actors.occasion())
        await actors.enqueue("A", "two")
        actors.now = soon
        assert await actors.idle(device("A"), a) == "two"
        assert (await actors.states("A"))["one"] is CommandState.EXPIRED

    async def test_commands_are_conserved(self, store: Store, actors: Actors) -> None:
        """I-30: whatever happens to them, as many are there as were queued."""
        a = await actors.enrol("A")
        await actors.enqueue("A", *(f"command {n}" for n in range(10)))
        await actors.idle(device("A"), a)
        await actors.answer(device("A"), a, "command 0")
        await actors.answer(device("A"), a, "command 1", "NotNow")
        await store.commands.cancel("A", "command 5", actors.occasion())
        async with refused(store, "api.conflict"):
            await store.commands.cancel("A", "command 5", actors.occasion())
        assert (await store.counts()).commands == {"Acknowledged": 1, "NotNow": 1, "Sent": 1, "Cleared": 1, "Queued": 6}
        assert list(await store.commands.waiting()) == ["A"]

    async def test_an_idle_that_finds_nothing_writes_nothing_but_is_counted(self, store: Store, actors: Actors) -> None:
        """The device was seen, and the state is the same."""
        a = await actors.enrol("A")
        digest, before = await store.state_digest(), len(await actors.codes())
        actors.now += timedelta(hours=5)
        assert await actors.idle(device("A"), a) is None
        row = await store.enrollments.find("A")
        assert row is not None
        assert row.last_seen == actors.now
        assert (await store.state_digest(), len(await actors.codes())) == (digest, before)
