"""Devices that wait in Setup Assistant to be configured, in every store."""

from __future__ import annotations

import plistlib
from datetime import timedelta
from typing import Any

import pytest

from mdm_server.domain.command_queue import CommandState
from mdm_server.domain.enrollment import Channel
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.store.contract import Store
from mdm_server.store.records import CommandRow, TokenUpdateFacts
from mdm_server.store.staging import NEW, ROOT_GROUP
from rigs.staging_actors import StagingActors
from rigs.store_actors import TOPIC, device, hashed, user

A, SERIAL = device("A"), "C02X"


class WaitingContract:
    """TokenUpdate with AwaitingConfiguration."""

    async def test_a_device_that_has_to_wait_is_let_go_behind_everything_else(
        self, store: Store, staging: StagingActors
    ) -> None:
        """What was queued while it enrolled comes first; DeviceConfigured is a command like any other."""
        await _assign(staging, await_configuration=True)
        await _begin(staging)
        await staging.enqueue("A", "one", "two")
        await _wait(staging)
        *before, last = await store.commands.list("A")
        assert [row.command_uuid for row in before] == ["one", "two"]
        assert (last.request_type, last.state) == ("DeviceConfigured", CommandState.QUEUED)
        written = plistlib.loads(last.raw)
        assert written == {"CommandUUID": last.command_uuid, "Command": {"RequestType": "DeviceConfigured"}}

    async def test_it_is_let_go_once_however_often_it_says_that_it_waits(
        self, store: Store, staging: StagingActors
    ) -> None:
        """Before it has answered, and after; but once more when it enrols anew."""
        await _assign(staging, await_configuration=True)
        await _begin(staging)
        await _wait(staging)
        (command,) = await _let_go(store)
        await _wait(staging)
        assert await staging.idle(A, "a") == command.command_uuid
        await staging.answer(A, "a", command.command_uuid)
        await _wait(staging)
        assert [row.state for row in await _let_go(store)] == [CommandState.ACKNOWLEDGED]
        staging.now += timedelta(hours=1)
        await staging.authenticate(A, "a", serial_number=SERIAL)
        await _wait(staging)
        assert [row.state for row in await _let_go(store)] == [CommandState.ACKNOWLEDGED, CommandState.QUEUED]

    @pytest.mark.parametrize("profile", [None, {}, {"await_configuration": True, "serial_number": "ANOTHER"}])
    async def test_a_device_that_need_not_wait_is_left_to_an_administrator(
        self, store: Store, staging: StagingActors, profile: dict[str, Any] | None
    ) -> None:
        """No profile, one that makes nobody wait, or another device's: the server sends nothing by itself."""
        if profile is not None:
            await _assign(staging, **profile)
        await _begin(staging)
        await _wait(staging)
        assert await _let_go(store) == []

    async def test_a_device_that_does_not_wait_is_not_let_go(self, store: Store, staging: StagingActors) -> None:
        """Neither is a user channel of one that does."""
        await _assign(staging, await_configuration=True)
        await _begin(staging)
        await staging.token_update(A, "a")
        await _wait(staging, user("A", "u"))
        assert await _let_go(store) == []


async def _assign(staging: StagingActors, *, serial_number: str = SERIAL, **terms: Any) -> None:
    profile = ProgramProfile(id=NEW, uuid="u", name="corporate", group=ROOT_GROUP, **terms)
    saved = await staging.act(lambda room: room.enrollment_program.add(profile))
    await staging.act(lambda room: room.enrollment_program.assign(serial_number, saved.id))


async def _begin(staging: StagingActors) -> None:
    await staging.invite("mine", udid="A")
    await staging.issue("a", challenge="mine")
    await staging.authenticate(A, "a", serial_number=SERIAL)


async def _wait(staging: StagingActors, channel: Channel = A) -> None:
    facts = TokenUpdateFacts(channel, TOPIC, b"token", "magic", None, awaiting_configuration=True, raw=b"<t/>")
    await staging.store.enrollments.token_update(facts, hashed("a"), staging.occasion())


async def _let_go(store: Store) -> list[CommandRow]:
    queues = [await store.commands.list(key) for key in ("A", "A:u")]
    return [row for queue in queues for row in queue if row.request_type == "DeviceConfigured"]
