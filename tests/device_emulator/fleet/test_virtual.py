from __future__ import annotations

from datetime import timedelta

import pytest

from device_emulator.core.actions import OpenEnrollmentLink, RemoveProfile, ShutDown, TurnOn
from device_emulator.core.device import Device
from device_emulator.core.events import CommandAnswered, Enrolled, Event, SessionEnded
from device_emulator.core.settings import DeviceSettings, ProofOfIdentity
from device_emulator.core.states import LifeState
from device_emulator.fleet.virtual import VirtualSettings, VirtualWorld
from device_emulator.fleet.virtual_clock import EPOCH
from mdm_server.service.commanding import CommandOrder

HOUR = timedelta(hours=1)
HOURLY = DeviceSettings(poll=HOUR)


async def _enrolled(world: VirtualWorld, count: int, settings: DeviceSettings = HOURLY) -> None:
    world.populate(count, settings)
    for number in range(count):
        world.happen(number, OpenEnrollmentLink(world.enrollment_url))
    await world.settle()


def _device(world: VirtualWorld, number: int) -> Device:
    device = world.devices[number]
    assert isinstance(device, Device)
    return device


def _udid(world: VirtualWorld, number: int) -> str:
    return _device(world, number).handheld.hardware.udid


async def _a_day(seed: int, proof: ProofOfIdentity = ProofOfIdentity.AS_PROFILE_SAYS) -> list[str]:
    """Play a day in which everything that a journal tells of happens, and return the journal."""
    async with VirtualWorld.open(seed=seed) as world:
        await _enrolled(world, 3, DeviceSettings(poll=HOUR, proof=proof))
        order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})
        await world.suite.commanding.enqueue(_udid(world, 0), order)
        await world.advance(6 * HOUR)
        world.happen(1, RemoveProfile())
        await world.advance(6 * HOUR)
        await world.server.stop()
        await world.advance(6 * HOUR)
        await world.server.start()
        await world.advance(6 * HOUR)
        return await world.journal_lines()


@pytest.mark.parametrize("proof", [ProofOfIdentity.SIGNATURE, ProofOfIdentity.TLS])
async def test_two_worlds_of_one_seed_write_the_same_journal_and_another_seed_another(proof: ProofOfIdentity) -> None:
    """Byte for byte, however devices prove who they are: what only signatures make different is masked."""
    first = await _a_day(7, proof)
    assert len(first) > 20
    assert first == await _a_day(7, proof)
    assert first != await _a_day(8, proof)


async def test_devices_enrol_in_a_virtual_world_before_any_time_has_passed() -> None:
    """Settling carries every conversation to its end, and the clock stands still meanwhile."""
    async with VirtualWorld.open(seed=7) as world:
        seen: list[tuple[int, Event]] = []
        world.watchers.append(lambda number, event: seen.append((number, event)))
        await _enrolled(world, 2)
        assert world.clock() == EPOCH
        assert [number for number, event in seen if isinstance(event, Enrolled)] == [0, 1]
        assert (await world.store.counts()).enrollments == {"Enrolled": 2}


async def test_devices_that_check_in_hourly_do_so_as_often_as_hours_pass() -> None:
    """The first poll is spread over the hour; from then on each device comes every hour."""
    async with VirtualWorld.open(seed=7) as world:
        sessions: list[int] = []
        world.watchers.append(
            lambda number, event: sessions.append(number) if isinstance(event, SessionEnded) else None
        )
        await _enrolled(world, 2)
        await world.advance(24 * HOUR)
        assert [sessions.count(number) for number in (0, 1)] == [24, 24]
        assert world.clock() == EPOCH + 24 * HOUR


async def test_a_push_wakes_a_device_that_never_asks_by_itself() -> None:
    """A command that is queued is answered as soon as the world settles."""
    async with VirtualWorld.open(seed=7) as world:
        answered: list[Event] = []
        world.watchers.append(lambda _, event: answered.append(event) if isinstance(event, CommandAnswered) else None)
        await _enrolled(world, 1, DeviceSettings())
        order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})
        await world.suite.commanding.enqueue(_udid(world, 0), order)
        await world.settle()
        assert [event.status for event in answered if isinstance(event, CommandAnswered)] == ["Acknowledged"]


async def test_a_device_that_has_left_is_pushed_no_more() -> None:
    """When management ends, the token leads nowhere."""
    async with VirtualWorld.open(seed=7) as world:
        await _enrolled(world, 1)
        token = _device(world, 0).push_token
        assert token is not None
        world.happen(0, RemoveProfile())
        await world.settle()
        assert _device(world, 0).life is LifeState.IN_USE
        world.server.deliver(token, "magic")
        await world.settle()
        assert (await world.store.counts()).enrollments == {"Unenrolled": 1}


async def test_a_device_that_was_off_asks_when_it_is_on_again() -> None:
    """A push to a device that is off is lost; starting takes its time, and then it asks for what it missed."""
    async with VirtualWorld.open(seed=7) as world:
        await _enrolled(world, 1, DeviceSettings())
        world.happen(0, ShutDown())
        await world.settle()
        order = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})
        command = await world.suite.commanding.enqueue(_udid(world, 0), order)
        await world.advance(HOUR)
        world.happen(0, TurnOn())

        async def state() -> str:
            row = await world.store.commands.find(_udid(world, 0), command.command_uuid)
            return row.state if row else "none"

        assert await state() == "Queued"
        await world.advance(HOUR)
        assert await state() == "Acknowledged"


async def test_a_restarted_server_knows_its_devices_and_they_come_back_to_it() -> None:
    """Devices that cannot reach the server try again by themselves, and find it as it was."""
    async with VirtualWorld.open(seed=7) as world:
        await _enrolled(world, 1)
        await world.server.stop()
        await world.advance(2 * HOUR)
        await world.server.start()
        ended: list[str] = []
        world.watchers.append(lambda _, event: ended.append(event.reason) if isinstance(event, SessionEnded) else None)
        assert await world.until(lambda: "finished" in ended, within=HOUR)
        assert (await world.store.counts()).enrollments == {"Enrolled": 1}


async def test_a_world_may_begin_at_any_moment() -> None:
    """The settings say when; certificates are valid from then on."""
    start = EPOCH.replace(year=2031)
    async with VirtualWorld.open(seed=7, settings=VirtualSettings(start=start)) as world:
        await _enrolled(world, 1)
        assert world.clock() == start
        assert (await world.store.counts()).enrollments == {"Enrolled": 1}
