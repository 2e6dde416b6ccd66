"""SCEP transactions, in every store."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.store.contract import Store
from mdm_server.store.records import (
    IssuanceRow,
    IssuanceState,
    NewIssuance,
)
from rigs.store_actors import Actors, device, hashed, refused


class IssuanceContract:
    """SCEP transactions."""

    async def test_of_sixteen_requests_with_one_challenge_exactly_one_is_recorded(
        self, store: Store, actors: Actors
    ) -> None:
        """T-11, I-09."""
        await actors.invite("once")
        outcomes = await asyncio.gather(
            *(actors.issue(f"request {n}", challenge="once") for n in range(16)), return_exceptions=True
        )
        assert sorted(one.code for one in outcomes if isinstance(one, Refusal)) == ["scep.challenge_used"] * 15
        assert (await store.counts()).certificates == 1

    async def test_a_reusable_challenge_admits_exactly_as_many_as_it_says(self, store: Store, actors: Actors) -> None:
        """I-17: five uses, thirty-two users."""
        await actors.invite("five", uses=5)
        outcomes = await asyncio.gather(
            *(actors.issue(f"request {n}", challenge="five") for n in range(32)), return_exceptions=True
        )
        assert sum(isinstance(one, IssuanceRow) for one in outcomes) == 5
        found = await store.invitations.get("five")
        assert found is not None
        assert found.uses == 5

    @pytest.mark.parametrize("case", ["unknown", "expired", "revoked", "missing"])
    async def test_a_challenge_that_is_no_good_is_refused(self, store: Store, actors: Actors, case: str) -> None:
        """T-14."""
        await actors.invite("challenge")
        if case == "expired":
            actors.now += timedelta(hours=1)
        if case == "revoked":
            await store.invitations.revoke("challenge", actors.occasion())
        name = {"unknown": "another", "missing": None}.get(case, "challenge")
        async with refused(store, "scep.challenge"):
            await store.issuance.reserve(actors.issuance("request", challenge=name), actors.occasion())

    async def test_a_retry_after_a_lost_reply_gets_the_same_certificate(self, store: Store, actors: Actors) -> None:
        """T-17: the same transaction with the same bytes; the challenge is used once."""
        await actors.invite("once")
        first = await actors.issue("request", challenge="once")
        again = await store.issuance.reserve(actors.issuance("request", challenge="once"), actors.occasion())
        assert again.replayed
        assert again.certificate == first.certificate == b"request"
        assert (await store.counts()).certificates == 1

    async def test_another_request_under_the_same_transaction_is_a_replay(self, store: Store, actors: Actors) -> None:
        """T-17: other bytes."""
        await actors.invite("twice", uses=2)
        await actors.issue("request", challenge="twice")
        other = actors.issuance("other", challenge="twice")
        changed = NewIssuance(**{**_fields(other), "transaction_id": "request"})
        async with refused(store, "scep.replay"):
            await store.issuance.reserve(changed, actors.occasion())
        actors.now += timedelta(minutes=59)
        async with refused(store, "scep.replay"):
            await store.issuance.reserve(changed, actors.occasion())

    async def test_after_the_retry_window_a_transaction_identifier_is_free_again(
        self, store: Store, actors: Actors
    ) -> None:
        """Clients that derive it from their key renew under the same identifier."""
        old = await actors.enrol("A", "derived")
        actors.now += timedelta(days=30)
        renewal = NewIssuance(**{**_fields(actors.issuance("renewal", renews=old)), "transaction_id": "derived"})
        assert (await store.issuance.reserve(renewal, actors.occasion())).state is IssuanceState.RECORDED

    async def test_a_certificate_is_renewed_at_once_under_the_identifier_that_brought_it(
        self, store: Store, actors: Actors
    ) -> None:
        """Whoever signs with the certificate has got the answer; a retry of the renewal is still a retry."""
        old = await actors.enrol("A", "derived")
        same = {**_fields(actors.issuance("renewal", renews=old)), "transaction_id": "derived"}
        renewal = NewIssuance(**same)
        recorded = await store.issuance.reserve(renewal, actors.occasion())
        assert (recorded.state, recorded.renewal, recorded.replayed) == (IssuanceState.RECORDED, True, False)
        await store.issuance.complete("derived", hashed("new"), b"new", actors.occasion())
        again = await store.issuance.reserve(renewal, actors.occasion())
        assert (again.replayed, again.certificate) == (True, b"new")

    async def test_an_interrupted_issuance_is_resumed_and_completed_once(self, store: Store, actors: Actors) -> None:
        """Record, sign, complete: what was recorded can be signed later, and the first signature stays."""
        await actors.invite("once", udid="A")
        wanted = actors.issuance("request", challenge="once")
        recorded = await store.issuance.reserve(wanted, actors.occasion())
        resumed = await store.issuance.reserve(wanted, actors.occasion())
        assert (resumed.state, resumed.replayed, resumed.serial_number) == (
            IssuanceState.RECORDED,
            True,
            recorded.serial_number,
        )
        await store.issuance.complete("request", hashed("first"), b"first", actors.occasion())
        second = await store.issuance.complete("request", hashed("second"), b"second", actors.occasion())
        assert second.certificate == b"first"
        row = await store.certificates.find(hashed("first"))
        assert row is not None
        assert row.device == "A"

    async def test_only_the_current_certificate_of_a_device_renews(self, store: Store, actors: Actors) -> None:
        """T-15, I-12."""
        old = await actors.enrol("A")
        await actors.issue("new", renews=old)
        async with refused(store, "scep.renewal"):
            await actors.issue("by the unused", renews="new")
        await actors.idle(device("A"), "new")
        async with refused(store, "scep.renewal"):
            await actors.issue("by the old", renews=old)
        async with refused(store, "scep.renewal"):
            await actors.issue("by nobody", renews="never issued")

    async def test_an_issuance_that_needs_approval_waits_for_it(self, store: Store, actors: Actors) -> None:
        """Pending, approved or denied; nothing is signed meanwhile."""
        await actors.invite("manual", uses=2, manual_approval=True)
        first = await store.issuance.reserve(actors.issuance("one", challenge="manual"), actors.occasion())
        await store.issuance.reserve(actors.issuance("two", challenge="manual"), actors.occasion())
        assert first.state is IssuanceState.PENDING
        assert [row.transaction_id for row in await store.issuance.list_pending()] == ["one", "two"]
        async with refused(store, "scep.denied"):
            await store.issuance.complete("one", hashed("one"), b"one", actors.occasion())
        assert (await store.issuance.approve("one", actors.occasion())).state is IssuanceState.RECORDED
        assert (await store.issuance.deny("two", actors.occasion())).state is IssuanceState.DENIED
        async with refused(store, "api.conflict"):
            await store.issuance.approve("two", actors.occasion())
        assert (await store.issuance.complete("one", hashed("one"), b"one", actors.occasion())).certificate == b"one"


def _fields(issuance: NewIssuance) -> dict[str, object]:
    return {name: getattr(issuance, name) for name in NewIssuance.__dataclass_fields__}
