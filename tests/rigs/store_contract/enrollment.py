"""Check-in messages, in every store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mdm_server.domain.command_queue import CommandState
from mdm_server.domain.enrollment import EnrollmentEvent, EnrollmentStatus
from mdm_server.store.contract import Store
from mdm_server.store.records import (
    Answer,
    AnswerEffect,
    NewCommand,
)
from rigs.store_actors import Actors, device, hashed, refused, user


class EnrollmentContract:
    """Check-in messages."""

    async def test_messages_out_of_order_are_refused(self, store: Store, actors: Actors) -> None:
        """T-29: nothing comes before Authenticate, and only CheckOut and TokenUpdate before TokenUpdate."""
        await actors.invite("mine", udid="A")
        await actors.issue("a", challenge="mine")
        a = device("A")
        for _ in range(2):
            async with refused(store, "state.order"):
                await actors.idle(a, "a")
            async with refused(store, "state.order"):
                await actors.answer(a, "a", "command")
            async with refused(store, "state.order"):
                await store.enrollments.set_bootstrap_token(a, b"x", hashed("a"), actors.occasion())
            async with refused(store, "state.order"):
                await store.enrollments.admit(a, hashed("a"), actors.occasion())
            await actors.authenticate(a, "a")
        async with refused(store, "state.order"):
            await actors.authenticate(user("A", "u"), "a")
        async with refused(store, "state.order"):
            await actors.token_update(user("A", "u"), "a")
        assert (await actors.token_update(a, "a")).status is EnrollmentStatus.ENROLLED

    async def test_a_token_update_before_authenticate_is_refused(self, store: Store, actors: Actors) -> None:
        """T-29, with a certificate that was issued for the device."""
        await actors.invite("mine", udid="A")
        await actors.issue("a", challenge="mine")
        async with refused(store, "state.order"):
            await actors.token_update(device("A"), "a")

    async def test_a_device_that_checked_out_gets_nothing_until_it_authenticates(
        self, store: Store, actors: Actors
    ) -> None:
        """CheckOut stops delivery: reports are answered with nothing, other check-ins refused."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "one")
        assert await actors.idle(device("A"), a) == "one"
        assert (await actors.check_out(device("A"), a)).status is EnrollmentStatus.UNENROLLED
        outcome = await actors.report(device("A"), a)
        assert (outcome.command, outcome.effect) == (None, AnswerEffect.NOT_ENROLLED)
        late = await actors.report(device("A"), a, Answer("one", "Acknowledged", b""))
        assert (late.command, late.effect) == (None, AnswerEffect.NOT_ENROLLED)
        assert await actors.states("A") == {"one": CommandState.CLEARED}
        async with refused(store, "state.order"):
            await actors.token_update(device("A"), a)
        async with refused(store, "state.order"):
            await store.enrollments.set_bootstrap_token(device("A"), b"x", hashed(a), actors.occasion())
        async with refused(store, "state.not_enrolled"):
            await actors.enqueue("A", "two")
        await actors.check_out(device("A"), a)  # repeated after a lost reply: harmless
        assert (await actors.authenticate(device("A"), a)).status is EnrollmentStatus.ENROLLMENT_IN_PROGRESS
        assert "report.not_enrolled" in await actors.codes("A")

    async def test_authenticating_again_clears_the_queues_of_the_device_and_its_users(
        self, store: Store, actors: Actors
    ) -> None:
        """I-31: all waiting commands, each with its line in the journal; what has ended stays as it ended."""
        a = await actors.enrol("A")
        u = user("A", "u")
        await actors.token_update(u, a)
        await actors.enqueue("A", "done", "waiting")
        await actors.enqueue(u.key, "hers")
        await actors.idle(device("A"), a)
        await actors.answer(device("A"), a, "done")
        await actors.authenticate(device("A"), a)
        assert await actors.states("A") == {"done": CommandState.ACKNOWLEDGED, "waiting": CommandState.CLEARED}
        assert await actors.states(u.key) == {"hers": CommandState.CLEARED}
        assert (await actors.codes("A")).count("command.cleared") == 2
        hers = await store.enrollments.find(u.key)
        assert hers is not None
        assert hers.status is EnrollmentStatus.UNENROLLED

    async def test_an_acknowledged_erase_ends_the_enrolment(self, store: Store, actors: Actors) -> None:
        """The queue is cleared and the old certificate superseded; only a new one enrols the device again."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "erase", request_type="EraseDevice")
        await actors.enqueue("A", "later")
        pending = await store.enrollments.find("A")
        assert pending is not None
        assert pending.status is EnrollmentStatus.DEVICE_WIPE_PENDING
        assert await actors.idle(device("A"), a) == "erase"
        outcome = await actors.report(device("A"), a, Answer("erase", "Acknowledged", b"<ok/>"))
        assert (outcome.unenrolled, outcome.command) == (True, None)
        assert await actors.states("A") == {"erase": CommandState.ACKNOWLEDGED, "later": CommandState.CLEARED}
        assert (await actors.report(device("A"), a)).effect is AnswerEffect.NOT_ENROLLED
        async with refused(store, "auth.cert_superseded"):
            await actors.authenticate(device("A"), a)
        await actors.enrol("A")

    @pytest.mark.parametrize("way", ["error", "cancel", "clear", "expire"])
    async def test_an_erase_that_will_not_happen_leaves_the_device_enrolled(
        self, store: Store, actors: Actors, way: str
    ) -> None:
        """DeviceWipePending goes back to Enrolled, however the command ended."""
        a = await actors.enrol("A")
        soon = actors.now + timedelta(minutes=1)
        await store.commands.enqueue([NewCommand("A", "erase", "EraseDevice", b"<e/>", soon)], actors.occasion())
        if way == "error":
            await actors.answer(device("A"), a, "erase", "Error")
        elif way == "cancel":
            await store.commands.cancel("A", "erase", actors.occasion())
        elif way == "clear":
            assert await store.commands.clear("A", actors.occasion()) == 1
        else:
            actors.now = soon
            assert await actors.idle(device("A"), a) is None
            assert await actors.states("A") == {"erase": CommandState.EXPIRED}
        row = await store.enrollments.find("A")
        assert row is not None
        assert row.status is EnrollmentStatus.ENROLLED

    async def test_a_late_duplicate_of_a_token_update_never_restores_an_old_token(
        self, store: Store, actors: Actors
    ) -> None:
        """I-47: it is accepted, and changes nothing."""
        a = await actors.enrol("A")
        await actors.token_update(device("A"), a, token=b"new", unlock=b"unlock")
        digest = await store.state_digest()
        row = await actors.token_update(device("A"), a, token=b"token")
        assert (row.push_token, row.unlock_token, row.token_updates) == (b"new", b"unlock", 2)
        assert await store.state_digest() == digest
        assert "enroll.token_stale" in await actors.codes("A")

    async def test_a_token_update_without_unlock_token_keeps_the_one_on_record(
        self, store: Store, actors: Actors
    ) -> None:
        """An absent or empty UnlockToken says nothing."""
        a = await actors.enrol("A")
        await actors.token_update(device("A"), a, unlock=b"unlock")
        assert (await actors.token_update(device("A"), a, unlock=b"")).unlock_token == b"unlock"

    async def test_a_bootstrap_token_is_kept_and_forgotten(self, store: Store, actors: Actors) -> None:
        """It belongs to the device, and re-enrolment forgets it."""
        a = await actors.enrol("A")
        row = await store.enrollments.set_bootstrap_token(device("A"), b"bootstrap", hashed(a), actors.occasion())
        assert row.bootstrap_token == b"bootstrap"
        assert (await actors.authenticate(device("A"), a)).bootstrap_token is None

    async def test_what_is_learnt_of_a_device_is_added_to_what_is_known(self, store: Store, actors: Actors) -> None:
        """DeviceInformation answers, supervision included."""
        await actors.enrol("A")
        row = await store.enrollments.describe("A", {"DeviceName": "Ada’s"}, actors.occasion(), supervised=True)
        assert (row.supervised, dict(row.details)) == (True, {"Model": "iPhone15,2", "DeviceName": "Ada’s"})

    async def test_an_invitation_for_a_device_registers_it_and_says_what_it_may(
        self, store: Store, actors: Actors
    ) -> None:
        """Access rights and supervision come from the invitation."""
        await actors.invite("mine", udid="A", supervised=True, access_rights=3)
        registered = await store.enrollments.find("A")
        assert registered is not None
        assert registered.status is EnrollmentStatus.REGISTERED
        await actors.issue("a", challenge="mine")
        row = await actors.authenticate(device("A"), "a")
        assert (row.supervised, row.access_rights, row.invitation_id) == (True, 3, "mine")

    async def test_retiring_a_device_ends_delivery_and_frees_its_name(self, store: Store, actors: Actors) -> None:
        """An administrator's move follows the table, or is a conflict."""
        a = await actors.enrol("A")
        await actors.enqueue("A", "one")
        row = await store.enrollments.move("A", EnrollmentEvent.RETIRE, actors.occasion())
        assert row.status is EnrollmentStatus.RETIRED
        assert await actors.states("A") == {"one": CommandState.CLEARED}
        assert (await actors.report(device("A"), a)).effect is AnswerEffect.NOT_ENROLLED
        async with refused(store, "api.conflict"):
            await store.enrollments.move("A", EnrollmentEvent.ERASE_REQUESTED, actors.occasion())
        async with refused(store, "api.not_found"):
            await store.enrollments.move("Z", EnrollmentEvent.RETIRE, actors.occasion())
        await actors.enrol("A")

    async def test_lists_are_paged_in_the_order_of_their_keys(self, store: Store, actors: Actors) -> None:
        """Device channels by themselves, or one device with its users."""
        certificates = {udid: await actors.enrol(udid) for udid in ("C", "A", "B")}
        await actors.token_update(user("A", "u"), certificates["A"])
        await actors.check_out(device("B"), certificates["B"])
        keys = [row.channel.key for row in await store.enrollments.list(limit=2)]
        assert keys == ["A", "B"]
        assert [row.channel.key for row in await store.enrollments.list(after="B")] == ["C"]
        assert [row.channel.key for row in await store.enrollments.list(device="A")] == ["A", "A:u"]
        gone = await store.enrollments.list(status=EnrollmentStatus.UNENROLLED)
        assert [row.channel.key for row in gone] == ["B"]
