"""Profiles, credentials, journal and reset, in every store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mdm_server.store.contract import Store
from mdm_server.store.records import (
    JournalEvent,
    ProfileRow,
    ResetScope,
)
from rigs.store_actors import NOON, Actors, device, hashed, refused


class HouseholdContract:
    """Profiles, credentials, journal, reset."""

    async def test_a_profile_stored_again_replaces_the_first(self, store: Store, actors: Actors) -> None:
        """By its identifier."""
        for text in (b"old", b"new"):
            await store.profiles.put(ProfileRow("org.test", "uuid", "Test", text, True), actors.occasion())
        (row,) = await store.profiles.list()
        assert (row.raw, row.removal_disallowed, row.stored_at) == (b"new", True, NOON)
        await store.profiles.remove("org.test", actors.occasion())
        assert await store.profiles.find("org.test") is None
        async with refused(store, "api.not_found"):
            await store.profiles.remove("org.test", actors.occasion())

    async def test_a_credential_is_found_by_the_hash_of_its_token(self, store: Store, actors: Actors) -> None:
        """A replaced token no longer opens anything."""
        await store.credentials.put("admin", hashed("one"), actors.occasion())
        await store.credentials.put("admin", hashed("two"), actors.occasion())
        assert await store.credentials.find(hashed("one")) is None
        found = await store.credentials.find(hashed("two"))
        assert found is not None
        assert found.name == "admin"
        await store.credentials.remove("admin", actors.occasion())
        assert list(await store.credentials.list()) == []

    async def test_the_journal_keeps_order_and_is_found_by_device_and_code(self, store: Store, actors: Actors) -> None:
        """Notes nobody waited for are there for whoever reads."""
        for number in range(5):
            store.journal.note(JournalEvent(NOON, f"auth.case{number}", device="A" if number % 2 else ""))
        store.journal.note(JournalEvent(NOON, "other.case", detail={"lone surrogate": "no", "n": 1}))
        everything = await store.journal.list()
        assert [event.code for event in everything] == [*(f"auth.case{n}" for n in range(5)), "other.case"]
        assert [event.sequence for event in everything] == sorted({event.sequence for event in everything})
        assert [event.code for event in await store.journal.list(device="A")] == ["auth.case1", "auth.case3"]
        assert len(await store.journal.list(code="auth.")) == 5
        assert len(await store.journal.list(code="auth.case1")) == 1
        newest = await store.journal.list(newest_first=True, limit=1)
        assert newest[0].code == "other.case"
        assert [event.code for event in await store.journal.list(before=newest[0].sequence, limit=1)] == ["auth.case0"]
        assert await store.journal.trim(2) == 4
        assert [event.code for event in await store.journal.list()] == ["auth.case4", "other.case"]

    async def test_every_change_says_in_the_journal_who_asked_for_it(self, store: Store, actors: Actors) -> None:
        """The request, the peer, and sixteen digits of the certificate."""
        certificate = await actors.enrol("A")
        (event,) = await store.journal.list(device="A", code="enroll.enrolled")
        assert (event.at, event.peer, event.request_id) == (NOON, "127.0.0.1", "r1")
        assert event.certificate == hashed(certificate)[:16]

    @pytest.mark.parametrize("scope", list(ResetScope))
    async def test_reset_forgets_what_it_names_and_nothing_else(
        self, store: Store, actors: Actors, scope: ResetScope
    ) -> None:
        """The administrator's credentials always stay."""
        await actors.enrol("A")
        await actors.enqueue("A", "one")
        await store.profiles.put(ProfileRow("org.test", "uuid", "Test", b"p"), actors.occasion())
        await store.credentials.put("admin", hashed("token"), actors.occasion())
        await store.reset(scope, actors.occasion())
        counts = await store.counts()
        gone = {
            "devices": not counts.enrollments,
            "commands": not counts.commands,
            "profiles": not counts.profiles,
            "journal": counts.journal == 1,
        }
        expected = {
            ResetScope.EVERYTHING: {"devices", "commands", "profiles", "journal"},
            ResetScope.DEVICES: {"devices", "commands"},
            ResetScope.COMMANDS: {"commands"},
            ResetScope.PROFILES: {"profiles"},
            ResetScope.JOURNAL: {"journal"},
        }[scope]
        assert {name for name, is_gone in gone.items() if is_gone} == expected
        assert len(await store.credentials.list()) == 1
        await actors.enrol("B")

    async def test_open_invitations_are_counted_and_listed(self, store: Store, actors: Actors) -> None:
        """Used, revoked and expired ones are not open."""
        for name in ("used", "revoked", "open"):
            await actors.invite(name)
        await actors.issue("a", challenge="used")
        await store.invitations.revoke("revoked", actors.occasion())
        assert await store.invitations.count_half_open(actors.now, actors.occasion()) == 1
        assert [row.invitation_id for row in await store.invitations.list()] == ["open", "revoked", "used"]
        async with refused(store, "api.conflict"):
            await actors.invite("open")
        before = actors.now - timedelta(seconds=1)
        await actors.authenticate(device("A"), "a")
        assert await store.invitations.count_half_open(before, actors.occasion()) == 2
        assert await store.invitations.count_half_open(actors.now, actors.occasion()) == 1, "an old one"
        await actors.token_update(device("A"), "a")
        assert await store.invitations.count_half_open(before, actors.occasion()) == 1
        actors.now += timedelta(hours=2)
        assert await store.invitations.count_half_open(before, actors.occasion()) == 0
