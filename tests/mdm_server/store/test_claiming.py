"""Many who want one device at the same moment: exactly one of them has it afterwards."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.assignment import claim
from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, Platform, RegistrationState
from mdm_server.store.sqlite import SqliteStore, open_sqlite
from mdm_server.store.staging import NEW
from rigs.staging_actors import StagingActors
from rigs.store_actors import NOON, device

ROUNDS = 200
LARGEST_CROWD = 32


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Return a store with a writer's thread that does not wait for the disk."""
    store = open_sqlite(tmp_path / "state.db", durable=False)
    yield store
    await store.close()


@pytest.fixture
async def crowd(staging: StagingActors) -> list[EnrollmentUser]:
    """Return the users who want the device."""
    return [await staging.user(f"user {number}") for number in range(LARGEST_CROWD)]


async def staged(staging: StagingActors, name: str, stager: EnrollmentUser) -> DeviceRecord:
    """Put a staged device on record that nobody has claimed."""
    held = Assignment(AssignmentState.STAGED_UNCLAIMED, None, stager.id, NOON)
    record = DeviceRecord(NEW, name, Platform.IOS, DeviceIdentifiers(name), assignment=held, staged_at=NOON)
    return await staging.act(lambda room: room.devices.add(record))


async def test_of_many_who_log_in_at_once_exactly_one_has_the_device(
    staging: StagingActors, crowd: list[EnrollmentUser]
) -> None:
    """Two to thirty-two at once, two hundred times."""
    stager = await staging.user("pat", DeviceStagingType.STANDARD)
    sizes = itertools.cycle(range(2, LARGEST_CROWD + 1))
    for round_number, size in zip(range(ROUNDS), sizes, strict=False):
        record = await staged(staging, f"device {round_number}", stager)
        outcomes = await asyncio.gather(*(staging.claim(record.id, user) for user in crowd[:size]))
        assert sorted(outcomes) == ["ALREADY_CLAIMED"] * (size - 1) + ["claimed"]
        after = await staging.see(lambda view, number=record.id: view.devices.get(number))  # type: ignore[misc]
        assert after is not None
        assert after.assignment.user == crowd[outcomes.index("claimed")].id


async def test_of_many_who_decided_on_what_they_read_before_exactly_one_has_the_device(
    staging: StagingActors, crowd: list[EnrollmentUser]
) -> None:
    """The rules were asked too early, of an old record: the database itself lets one of them through."""
    stager = await staging.user("pat", DeviceStagingType.STANDARD)

    async def take(record: DeviceRecord, user: EnrollmentUser) -> str:
        taken = replace(
            record,
            assignment=claim(record, user.id, NOON),
            claimed_at=NOON.replace(microsecond=user.id),
            claimed_once=True,
        )
        try:
            await staging.act(lambda room: room.devices.replace(taken))
        except Refusal as refusal:
            return refusal.code
        return "claimed"

    for round_number in range(20):
        record = await staged(staging, f"device {round_number}", stager)
        outcomes = await asyncio.gather(*(take(record, user) for user in crowd))
        assert sorted(outcomes) == ["ALREADY_CLAIMED"] * (LARGEST_CROWD - 1) + ["claimed"]


async def test_of_many_whom_the_hub_let_in_for_one_device_exactly_one_enrols_it(
    store: SqliteStore, staging: StagingActors, crowd: list[EnrollmentUser]
) -> None:
    """Each with an install URL of their own, all at once: the others are told that it is somebody's."""

    async def enrol(user: EnrollmentUser, certificate: str) -> str:
        try:
            await staging.install("A", certificate, serial_number="C02X")
        except Refusal as refusal:
            return refusal.code
        return "enrolled"

    for size in (2, 7, LARGEST_CROWD):
        users = crowd[:size]
        certificates = [await staging.let_in("A", user, serial_number="C02X") for user in users]
        outcomes = await asyncio.gather(*map(enrol, users, certificates))
        assert outcomes.count("enrolled") == 1
        winner = users[outcomes.index("enrolled")]
        assert set(outcomes) <= {"enrolled", "REG_BOUND_TO_OTHER", "auth.cert_superseded", "state.order"}
        record = await staging.device_of("A")
        assert record.assignment.user == winner.id
        (bound,) = await staging.see(lambda view, number=record.id: view.registrations.of_device(number))  # type: ignore[misc]
        assert (bound.user, bound.state) == (winner.id, RegistrationState.BOUND)
        await staging.check_out(device("A"), certificates[outcomes.index("enrolled")])
        await staging.act(lambda room, number=bound.id: room.registrations.remove(number))  # type: ignore[misc]
