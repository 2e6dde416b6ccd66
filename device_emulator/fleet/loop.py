"""What drives a fleet on the real clock: conversations for the devices that have something to say, a heap for the rest.

An idle device costs no task: it is a number in the heap of deadlines, and a token the courier knows. When something
happens to it (time, a push, its person) it gets a conversation, which ends when it has nothing more to ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from device_emulator.core.events import Event
from device_emulator.core.messages import Happening, PushArrived, RequestKind, ResponseArrived, TimePassed
from device_emulator.core.virtual_device import VirtualDevice
from device_emulator.fleet.tally import Tally
from device_emulator.transport.contract import Transport

Watcher = Callable[[int, Event], None]

MAKES_A_KEY = frozenset({RequestKind.SCEP_CERTIFICATES})
"""Knowing its certificate authority, a device makes a key (60 ms, if no pool has one) and signs three times with it."""
LARGE_ANSWER = 16 * 1024
"""Bytes; a property list of this size takes ten milliseconds to read."""


def wall_clock() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)


class FleetLoop:
    """Drives the devices in `devices`, at most `concurrency` conversations at once.

    `watch` is called with a device's number for every event it shows. What takes a device long (making a key, reading
    a large answer) runs in `threads` threads, so that the loop stays free. What takes it a moment does not: to hand
    that over and to take it back costs as much again.
    """

    def __init__(
        self,
        devices: Mapping[int, VirtualDevice],
        transport: Transport,
        *,
        tally: Tally,
        watch: Watcher | None = None,
        concurrency: int = 64,
        threads: int = 2,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self.devices = devices
        self.tally = tally
        self._transport = transport
        self._watch = watch
        self._concurrency = concurrency
        self._clock = clock
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="device")
        self._inbox: dict[int, deque[Happening]] = {}
        self._waiting: deque[int] = deque()
        self._talking: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._deadlines: list[tuple[datetime, int]] = []
        self._sooner = asyncio.Event()
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None
        self._timekeeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> FleetLoop:
        """Start to keep the devices' time."""
        self._timekeeper = asyncio.create_task(self._keep_time(), name="timekeeper")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Break off what is under way and let go of every connection."""
        tasks = [*self._tasks, *([self._timekeeper] if self._timekeeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._transport.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def happen(self, number: int, happening: Happening) -> None:
        """Let something happen to a device; it is told as soon as it is its turn."""
        self._inbox.setdefault(number, deque()).append(happening)
        if number not in self._talking:
            self._talking.add(number)
            self._waiting.append(number)
            self._admit()

    def happen_to_all(self, numbers: Iterable[int], happening: Happening) -> None:
        """Let the same happen to many devices."""
        for number in numbers:
            self.happen(number, happening)

    def push(self, number: int, magic: str) -> None:
        """Deliver a push, if the device is there to hear it."""
        if self.devices[number].is_reachable:
            self.happen(number, PushArrived(magic))

    async def until(self, done: Callable[[], bool], *, seconds: float) -> bool:
        """Wait until `done()` holds, looking after every event; return whether it came to hold in time.

        Raises what a conversation raised: a device that breaks is our bug, and must not pass for a slow one.
        """
        deadline = time.monotonic() + seconds
        while not done():
            if self._failure is not None:
                raise self._failure
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            self._changed.clear()
            await _wait(self._changed, remaining)
        return True

    def look_at_clock(self) -> None:
        """Look at the clock at once: whoever put it forward knows that appointments have come."""
        self._sooner.set()

    @property
    def is_quiet(self) -> bool:
        """Whether no device is in a conversation or waits for one."""
        return not self._talking and not self._tasks

    def has_finished(self, numbers: Iterable[int]) -> bool:
        """Whether nobody talks, and none of these devices will come back by itself to what it could not finish."""
        return self.is_quiet and not any(
            device.is_busy and device.is_reachable for device in map(self.devices.__getitem__, numbers)
        )

    def _admit(self) -> None:
        while self._waiting and len(self._tasks) < self._concurrency:
            task = asyncio.create_task(self._converse(self._waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
        self._changed.set()
        self._admit()

    async def _converse(self, number: int) -> None:
        device = self.devices[number]
        inbox = self._inbox[number]
        try:
            asked: RequestKind | None = None
            while inbox:
                happening = inbox.popleft()
                await self._tell(number, device, happening, takes_long=_takes_long(happening, asked))
                for request in device.requests():
                    asked = request.kind
                    began = time.perf_counter()
                    outcome = await self._transport.send(number, request)
                    self.tally.answered(request.kind, time.perf_counter() - began, outcome)
                    inbox.append(outcome)
                if not inbox:
                    # What happens while the line is closed is still told in this conversation: two at once would
                    # take each other's line away.
                    await self._transport.hang_up(number)
        finally:
            self._talking.discard(number)
            self._inbox.pop(number, None)
        self._note_deadline(number, device)

    async def _tell(self, number: int, device: VirtualDevice, happening: Happening, *, takes_long: bool) -> None:
        if takes_long:
            await asyncio.get_running_loop().run_in_executor(self._threads, device.handle, happening)
        else:
            device.handle(happening)
        for event in device.events():
            self.tally.see(event)
            if self._watch is not None:
                self._watch(number, event)
            self._changed.set()

    def _note_deadline(self, number: int, device: VirtualDevice) -> None:
        if device.deadline is not None:
            heapq.heappush(self._deadlines, (device.deadline, number))
            if self._deadlines[0][1] == number:
                self._sooner.set()

    async def _keep_time(self) -> None:
        while True:
            now = self._clock()
            while self._deadlines and self._deadlines[0][0] <= now:
                self._deadline_came(*heapq.heappop(self._deadlines))
            self._sooner.clear()
            wait = (self._deadlines[0][0] - now).total_seconds() if self._deadlines else None
            await _wait(self._sooner, wait)

    def _deadline_came(self, deadline: datetime, number: int) -> None:
        # An entry that the device has since replaced by another (or by none) is stale: its successor is in the heap.
        if number not in self._talking and self.devices[number].deadline == deadline:
            self.happen(number, TimePassed())


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for an event, but not for longer than this.

    `asyncio.wait_for` of Python 3.11 forgets that it was cancelled if the event comes in the same moment.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _takes_long(happening: Happening, asked: RequestKind | None) -> bool:
    """Say whether a device will be busy for more than a few milliseconds; `asked` is what it asked last."""
    return isinstance(happening, ResponseArrived) and (asked in MAKES_A_KEY or len(happening.body) > LARGE_ANSWER)
