from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from device_emulator.core.events import Event
from device_emulator.core.messages import PushArrived, Request, ResponseArrived, TimePassed
from device_emulator.fleet import virtual_loop
from device_emulator.fleet.virtual_clock import EPOCH, VirtualClock
from device_emulator.fleet.virtual_loop import SleeplessDeviceError, VirtualLoop
from device_emulator.transport.contract import Outcome
from device_emulator.transport.memory import MemoryTransport
from rigs.small_device import SmallDevice

HOUR = timedelta(hours=1)
PUSH = PushArrived("magic")


class Stage:
    """A loop over small devices, with a note of who asked when."""

    def __init__(self, naps: dict[int, list[timedelta]]) -> None:
        self.clock = VirtualClock()
        self.devices = {number: SmallDevice(nap, clock=self.clock) for number, nap in naps.items()}
        self.asked: list[tuple[int, datetime]] = []
        self.seen: list[int] = []
        self.loop = VirtualLoop(self.devices, MemoryTransport(self._answer), self.clock, watch=self._watch)  # type: ignore[arg-type]

    async def _answer(self, number: int, request: Request) -> Outcome:
        self.asked.append((number, self.clock()))
        return ResponseArrived(request.number, 200, {}, b"")

    def _watch(self, number: int, event: Event) -> None:
        self.seen.append(number)

    def note(self, *numbers: int) -> None:
        """Let the loop learn of the deadlines that devices were made with."""
        self.loop.happen_to_all(numbers, TimePassed())


async def test_whatever_happens_now_takes_turns_in_the_order_in_which_it_came_about() -> None:
    """Two devices that begin at once have their requests carried in turn, and hear the answers in turn."""
    stage = Stage({1: [], 2: []})
    stage.loop.happen_to_all([2, 1], PUSH)
    await stage.loop.settle()
    assert [number for number, _ in stage.asked] == [2, 1]
    assert stage.seen == [2, 1]
    assert [type(each) for each in stage.devices[2].heard] == [PushArrived, ResponseArrived]
    assert stage.clock() == EPOCH


async def test_time_jumps_from_appointment_to_appointment() -> None:
    """Every device is woken exactly when it asked to be, and the clock ends where it was told to."""
    stage = Stage({1: [HOUR, 2 * HOUR], 2: [2 * HOUR]})
    # A small device naps again whenever time has passed, so each has one nap less when it is first looked at.
    for number in stage.devices:
        stage.loop._note_deadline(number, stage.devices[number])
    await stage.loop.advance_to(EPOCH + 10 * HOUR)
    assert stage.asked == [(1, EPOCH + HOUR), (2, EPOCH + 2 * HOUR), (1, EPOCH + 3 * HOUR)]
    assert stage.clock() == EPOCH + 10 * HOUR


async def test_a_deadline_that_was_put_off_wakes_nobody() -> None:
    """Only the deadline that a device has now counts, not those it had before."""
    stage = Stage({1: [HOUR]})
    device = stage.devices[1]
    stage.loop._note_deadline(1, device)
    device.deadline = EPOCH + 2 * HOUR
    stage.loop._note_deadline(1, device)
    await stage.loop.advance_to(EPOCH + 3 * HOUR)
    assert stage.asked == [(1, EPOCH + 2 * HOUR)]


async def test_a_device_that_is_off_hears_no_push() -> None:
    """A push to a device that cannot be reached is lost, as it is on a network."""
    stage = Stage({1: []})
    stage.devices[1].is_reachable = False
    stage.loop.push(1, "magic")
    await stage.loop.settle()
    assert stage.devices[1].heard == []


async def test_something_is_done_at_a_moment_and_something_again_and_again() -> None:
    """Work that is no device's own stands on the same agenda, in the same order."""
    stage = Stage({})
    done: list[tuple[str, datetime]] = []

    def work(name: str) -> Callable[[], object]:
        async def do() -> None:
            done.append((name, stage.clock()))

        return do

    stage.loop.every(2 * HOUR, work("again"))  # type: ignore[arg-type]
    stage.loop.at(EPOCH + 3 * HOUR, work("once"))  # type: ignore[arg-type]
    await stage.loop.advance_to(EPOCH + 5 * HOUR)
    assert done == [("again", EPOCH + 2 * HOUR), ("once", EPOCH + 3 * HOUR), ("again", EPOCH + 4 * HOUR)]


async def test_time_stops_where_what_was_waited_for_comes_to_hold() -> None:
    """`advance_until` leaves the clock at that moment; where it never comes, at the end of its patience."""
    stage = Stage({1: [HOUR, HOUR, HOUR]})
    stage.loop._note_deadline(1, stage.devices[1])
    assert await stage.loop.advance_until(lambda: len(stage.asked) == 2, EPOCH + 9 * HOUR)
    assert stage.clock() == EPOCH + 2 * HOUR
    assert not await stage.loop.advance_until(lambda: len(stage.asked) == 9, EPOCH + 9 * HOUR)
    assert stage.clock() == EPOCH + 9 * HOUR


async def test_a_device_that_never_sleeps_is_told_of_instead_of_waited_for() -> None:
    """A device that wants to be woken at a moment that has come, for ever, is a defect and ends the run."""
    stage = Stage({1: [timedelta(0)] * 5_000})
    stage.loop._note_deadline(1, stage.devices[1])
    with pytest.raises(SleeplessDeviceError, match="for ever"):
        await stage.loop.advance_to(EPOCH + HOUR)


async def test_a_conversation_without_end_is_told_of_instead_of_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who answer each other for ever before any time has passed are a defect, and end the run."""
    monkeypatch.setattr(virtual_loop, "HAPPENINGS_AT_ONCE", 10)
    stage = Stage({1: []})

    def answer_back(number: int, event: Event) -> None:
        stage.loop.push(number, "magic")

    stage.loop._watch = answer_back
    stage.loop.push(1, "magic")
    with pytest.raises(SleeplessDeviceError, match="device 1 talking for ever"):
        await stage.loop.settle()
