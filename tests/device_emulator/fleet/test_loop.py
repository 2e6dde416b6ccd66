from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from device_emulator.core.messages import (
    PushArrived,
    Request,
    RequestFailed,
    RequestKind,
    ResponseArrived,
    TimePassed,
)
from device_emulator.fleet.loop import LARGE_ANSWER, FleetLoop, wall_clock
from device_emulator.fleet.tally import Tally
from device_emulator.transport.contract import Outcome
from device_emulator.transport.memory import MemoryTransport
from rigs.small_device import SmallDevice

PUSH = PushArrived("magic")


async def _ok(_device: int, request: Request) -> Outcome:
    return ResponseArrived(request.number, 200, {}, b"body")


def _fleet(devices: dict[int, SmallDevice], transport: MemoryTransport, **options: int) -> FleetLoop:
    return FleetLoop(devices, transport, tally=Tally(), **options)  # type: ignore[arg-type]


async def test_a_push_starts_a_conversation_that_ends_when_the_device_has_nothing_to_ask() -> None:
    """The device hears of the push, sends its request, hears the answer, and is left alone."""
    device = SmallDevice(clock=wall_clock)
    asked: list[int] = []

    async def answer(number: int, request: Request) -> Outcome:
        asked.append(number)
        return await _ok(number, request)

    async with _fleet({7: device}, MemoryTransport(answer)) as fleet:
        fleet.push(7, "magic")
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
    assert [type(happening) for happening in device.heard] == [PushArrived, ResponseArrived]
    assert asked == [7]
    assert fleet.tally.sessions == {"finished": 1}


async def test_a_device_that_cannot_be_reached_hears_no_push() -> None:
    """A device that is switched off sleeps through its pushes."""
    device = SmallDevice(clock=wall_clock)
    device.is_reachable = False
    async with _fleet({1: device}, MemoryTransport(_ok)) as fleet:
        fleet.push(1, "magic")
        assert fleet.is_quiet
    assert device.heard == []


async def test_a_fleet_has_finished_when_nobody_will_come_back_to_anything() -> None:
    """A device that is to try again later is not done; one that is switched off is not waited for."""
    devices = {number: SmallDevice(clock=wall_clock) for number in range(2)}
    async with _fleet(devices, MemoryTransport(_ok)) as fleet:
        assert fleet.has_finished(devices)
        devices[1].is_busy = True
        assert not fleet.has_finished(devices)
        assert fleet.has_finished([0])
        devices[1].is_reachable = False
        assert fleet.has_finished(devices)
        fleet.happen(0, PUSH)
        assert not fleet.has_finished(devices)


async def test_no_more_devices_talk_at_once_than_allowed() -> None:
    """The rest wait their turn, and all of them get it."""
    talking, most = 0, 0

    async def slow(_device: int, request: Request) -> Outcome:
        nonlocal talking, most
        talking += 1
        most = max(most, talking)
        await asyncio.sleep(0.01)
        talking -= 1
        return ResponseArrived(request.number, 200)

    devices = {number: SmallDevice(clock=wall_clock) for number in range(20)}
    async with _fleet(devices, MemoryTransport(slow), concurrency=3) as fleet:
        fleet.happen_to_all(devices, PUSH)
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
    assert most == 3
    assert all(len(device.heard) == 2 for device in devices.values())


async def test_what_happens_during_a_conversation_is_told_in_it() -> None:
    """A second push does not start a second conversation with the same device."""
    device = SmallDevice(clock=wall_clock)
    started = asyncio.Event()
    go_on = asyncio.Event()

    async def held(_device: int, request: Request) -> Outcome:
        started.set()
        await go_on.wait()
        return ResponseArrived(request.number, 200, {}, b"body")

    async with _fleet({1: device}, MemoryTransport(held)) as fleet:
        fleet.happen(1, PUSH)
        await started.wait()
        fleet.happen(1, PUSH)
        go_on.set()
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
    assert [type(happening) for happening in device.heard].count(PushArrived) == 2


async def test_an_idle_device_is_woken_at_its_deadline_and_costs_no_task_before() -> None:
    """Deadlines wait in a heap, not in tasks of their own."""
    naps = [timedelta(milliseconds=30), timedelta(milliseconds=30)]
    device = SmallDevice(list(naps), clock=wall_clock)
    async with _fleet({1: device}, MemoryTransport(_ok)) as fleet:
        fleet.happen(1, PUSH)
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
        tasks = len(asyncio.all_tasks())
        assert tasks <= 3, "the test, the timekeeper, and what it waits for"
        assert await fleet.until(lambda: TimePassed() in device.heard, seconds=5)
        assert await fleet.until(lambda: device.heard.count(TimePassed()) == 2 and fleet.is_quiet, seconds=5)
        assert len(asyncio.all_tasks()) <= tasks
    assert device.deadline is None


async def test_a_deadline_that_was_replaced_wakes_nobody(now: datetime) -> None:
    """Only the device's present deadline counts, however old the heap's entries are."""
    hours = 0

    def clock() -> datetime:
        return now + timedelta(hours=hours)

    fickle, punctual = SmallDevice([timedelta(hours=2)], clock=clock), SmallDevice([timedelta(hours=1)], clock=clock)
    devices = {1: fickle, 2: punctual}
    async with FleetLoop(devices, MemoryTransport(_ok), tally=Tally(), clock=clock) as fleet:  # type: ignore[arg-type]
        fleet.happen(1, PUSH)
        assert await fleet.until(lambda: fleet.is_quiet, seconds=5)
        fickle.deadline = None
        hours = 3
        fleet.happen(2, PUSH)
        assert await fleet.until(lambda: TimePassed() in punctual.heard and fleet.is_quiet, seconds=5)
    assert TimePassed() not in fickle.heard


@pytest.mark.parametrize(
    ("kind", "body", "thread"),
    [
        (RequestKind.SCEP_CERTIFICATES, b"body", "device"),
        (RequestKind.IDLE, b"body", "MainThread"),
        (RequestKind.IDLE, bytes(LARGE_ANSWER + 1), "device"),
    ],
)
async def test_what_takes_a_device_long_happens_in_a_thread(kind: RequestKind, body: bytes, thread: str) -> None:
    """Making a key and reading a large answer must not stop the loop; what takes a moment is not worth the way."""
    threads: list[str] = []

    class Watched(SmallDevice):
        def handle(self, happening: object) -> None:
            threads.append(threading.current_thread().name)
            super().handle(happening)  # type: ignore[arg-type]

        def requests(self) -> list[Request]:
            return [replace(request, kind=kind) for request in super().requests()]

    async def answer(_device: int, request: Request) -> Outcome:
        return ResponseArrived(request.number, 200, {}, body)

    async with _fleet({1: Watched(clock=wall_clock)}, MemoryTransport(answer)) as fleet:
        fleet.happen(1, PUSH)
        await fleet.until(lambda: fleet.is_quiet, seconds=5)
    assert threads[0] == "MainThread"
    assert threads[1].startswith(thread)


async def test_a_device_that_breaks_is_our_bug_and_is_not_passed_over() -> None:
    """Waiting for a fleet raises what one of its devices raised."""

    class Broken(SmallDevice):
        def handle(self, happening: object) -> None:
            raise ZeroDivisionError

    async with _fleet({1: Broken(clock=wall_clock)}, MemoryTransport(_ok)) as fleet:
        fleet.happen(1, PUSH)
        with pytest.raises(ZeroDivisionError):
            await fleet.until(lambda: False, seconds=5)


async def test_failures_are_counted_by_their_reason() -> None:
    """A report says what went wrong on the wire, and how long that took."""

    async def refused(_device: int, request: Request) -> Outcome:
        return RequestFailed(request.number, "connect.refused")

    device = SmallDevice(clock=wall_clock)
    async with _fleet({1: device}, MemoryTransport(refused)) as fleet:
        fleet.happen(1, TimePassed())
        assert await fleet.until(lambda: bool(fleet.tally.statuses) and fleet.is_quiet, seconds=5)
    assert fleet.tally.statuses == {"connect.refused": 1}
    assert fleet.tally.requests["idle"].count == 1


async def test_a_fleet_can_be_left_in_the_moment_in_which_a_device_sets_its_alarm() -> None:
    """The timekeeper is told of an alarm and to stop at once; it stops."""
    device = SmallDevice([timedelta(hours=1)], clock=wall_clock)
    async with asyncio.timeout(10), _fleet({1: device}, MemoryTransport(_ok)) as fleet:
        for _ in range(2):
            await asyncio.sleep(0.01)  # the timekeeper waits, the second time for the first alarm
            fleet._note_deadline(1, device)  # type: ignore[arg-type]
