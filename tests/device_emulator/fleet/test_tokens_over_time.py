"""Unlock and bootstrap tokens, from the first enrolment to an erase, between a device and the whole server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from device_emulator.core.actions import OpenEnrollmentLink, RemoveProfile, SetPasscode
from device_emulator.core.device import Device
from device_emulator.core.events import BootstrapTokenExchanged, CommandAnswered, Event, TokenUpdated
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeState
from device_emulator.fleet.virtual import VirtualSettings, VirtualWorld
from mdm_server.embed.in_process import ServiceSettings
from mdm_server.service.commanding import CommandOrder
from mdm_server.store.records import EnrollmentRow

FIRST, SECOND = "135790", "246801"
EVERYTHING_BUT_UNLOCKING = 8191 - 4


class Pair:
    """One device and its server."""

    def __init__(self, world: VirtualWorld) -> None:
        self.world = world
        self.seen: list[Event] = []
        world.watchers.append(lambda _, event: self.seen.append(event))

    @property
    def device(self) -> Device:
        """The device."""
        device = self.world.devices[0]
        assert isinstance(device, Device)
        return device

    async def record(self) -> EnrollmentRow:
        """Return what the server knows of it."""
        found = await self.world.store.enrollments.find(self.device.handheld.hardware.udid)
        assert found is not None
        return found

    async def do(self, *actions: Any) -> None:
        """Let the person act, one thing after the other."""
        for action in actions:
            self.world.happen(0, action)
            await self.world.settle()

    async def enroll(self) -> None:
        """Open the enrolment link."""
        await self.do(OpenEnrollmentLink(self.world.enrollment_url))
        assert self.device.life is LifeState.ENROLLED

    async def command(self, request_type: str, **fields: Any) -> str:
        """Send a command, and return the status of the answer."""
        udid = self.device.handheld.hardware.udid
        await self.world.suite.commanding.enqueue(udid, CommandOrder(request_type=request_type, fields=fields))
        await self.world.settle()
        answers = [event.status for event in self.seen if isinstance(event, CommandAnswered)]
        return answers[-1]


@pytest.fixture
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """Return a device fresh from its box, and the server that will have it; settings of both may be given."""
    device, service = getattr(request, "param", (DeviceSettings(), ServiceSettings()))
    async with VirtualWorld.open(seed=11, settings=VirtualSettings(service=service)) as world:
        world.populate(1, device)
        yield Pair(world)


async def test_an_unlock_token_is_announced_and_changes_with_the_passcode(pair: Pair) -> None:
    """The server always has the token that opens the present passcode, and only that."""
    await pair.enroll()
    tokens = [(await pair.record()).unlock_token]
    for code in (FIRST, SECOND):
        pair.seen.clear()
        await pair.do(SetPasscode(code))
        assert [event for event in pair.seen if isinstance(event, TokenUpdated)] == [TokenUpdated()]
        tokens.append((await pair.record()).unlock_token)
    assert None not in tokens
    assert len(set(tokens)) == 3


async def test_the_server_clears_a_passcode_with_the_token_it_kept(pair: Pair) -> None:
    """An older token opens nothing; what the server kept does, and is worth nothing afterwards."""
    await pair.enroll()
    await pair.do(SetPasscode(FIRST))
    old = (await pair.record()).unlock_token
    await pair.do(SetPasscode(SECOND))
    kept = (await pair.record()).unlock_token
    assert await pair.command("ClearPasscode", UnlockToken=old) == "Error"
    assert pair.device.handheld.passcode.is_set
    assert await pair.command("ClearPasscode") == "Acknowledged"
    assert not pair.device.handheld.passcode.is_set
    assert (await pair.record()).unlock_token not in {old, kept, None}
    await pair.do(SetPasscode(FIRST))
    assert await pair.command("ClearPasscode", UnlockToken=kept) == "Error"


async def test_an_erase_is_the_end_of_a_token(pair: Pair) -> None:
    """The device has another one from then on, and the server learns of it when the device enrols again."""
    await pair.enroll()
    await pair.do(SetPasscode(FIRST))
    before = (await pair.record()).unlock_token
    assert await pair.command("EraseDevice") == "Acknowledged"
    assert pair.device.life is LifeState.SETUP_ASSISTANT
    await pair.enroll()
    await pair.do(SetPasscode(FIRST))
    assert (await pair.record()).unlock_token not in {before, None}
    assert await pair.command("ClearPasscode", UnlockToken=before) == "Error"
    assert await pair.command("ClearPasscode") == "Acknowledged"


@pytest.mark.parametrize(
    "pair", [(DeviceSettings(), ServiceSettings(access_rights=EVERYTHING_BUT_UNLOCKING))], indirect=True
)
async def test_who_may_not_unlock_gets_no_token(pair: Pair) -> None:
    """The right to lock and to remove passcodes is what the token is announced for (schema, TokenUpdate)."""
    await pair.enroll()
    await pair.do(SetPasscode(FIRST))
    assert (await pair.record()).unlock_token is None


@pytest.mark.parametrize("pair", [(DeviceSettings(bootstrap_token=True), ServiceSettings())], indirect=True)
async def test_a_bootstrap_token_is_left_asked_for_and_forgotten(pair: Pair) -> None:
    """Left with the server by the first enrolment, gone with the end of management, another one with the next."""
    await pair.enroll()
    first = (await pair.record()).bootstrap_token
    assert first
    assert [event for event in pair.seen if isinstance(event, BootstrapTokenExchanged)] == [
        BootstrapTokenExchanged(found=False)
    ]
    await pair.do(RemoveProfile())
    assert (await pair.record()).bootstrap_token is None
    await pair.enroll()
    second = (await pair.record()).bootstrap_token
    assert second not in {first, None}
    assert await pair.command("EraseDevice") == "Acknowledged"
    await pair.enroll()
    assert (await pair.record()).bootstrap_token not in {first, second, None}
