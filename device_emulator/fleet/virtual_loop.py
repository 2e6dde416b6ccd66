"""What drives a fleet in virtual time: one queue of what happens now, and one agenda of what happens later.

Everything takes its turn in the order in which it came about, one request after the other, and takes no time: between
two moments of the agenda the clock jumps. So a week of a fleet's life lasts as long as the work in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta

from device_emulator.core.events import Event
from device_emulator.core.messages import Happening, PushArrived, TimePassed
from device_emulator.core.virtual_device import VirtualDevice
from device_emulator.fleet.virtual_clock import Agenda, VirtualClock
from device_emulator.transport.contract import Transport

WAKINGS_AT_ONCE = 1_000
"""A device woken so often at one and the same moment wants to be woken for ever."""
HAPPENINGS_AT_ONCE = 100_000
"""For each device: a session of a thousand commands is two thousand of them."""

Work = Callable[[], Awaitable[None]]
Watcher = Callable[[int, Event], None]


class SleeplessDeviceError(RuntimeError):
    """A device wants to be woken, or to talk, again and again before any time has passed: a defect of ours."""


class VirtualLoop:
    """Drives the devices in `devices`; `watch` is called with a device's number for every event it shows."""

    def __init__(
        self,
        devices: Mapping[int, VirtualDevice],
        transport: Transport,
        clock: VirtualClock,
        *,
        watch: Watcher,
    ) -> None:
        self.devices = devices
        self._transport = transport
        self._clock = clock
        self._watch = watch
        self._now: deque[tuple[int, Happening]] = deque()
        self._later: Agenda[int | Work] = Agenda()
        self._noted: dict[int, datetime] = {}
        self._wakings = 0

    def happen(self, number: int, happening: Happening) -> None:
        """Let something happen to a device; it is told when it is its turn, which is before the clock moves."""
        self._now.append((number, happening))

    def happen_to_all(self, numbers: Iterable[int], happening: Happening) -> None:
        """Let the same happen to many devices."""
        for number in numbers:
            self.happen(number, happening)

    def push(self, number: int, magic: str) -> None:
        """Deliver a push, if the device is there to hear it."""
        if self.devices[number].is_reachable:
            self.happen(number, PushArrived(magic))

    def at(self, moment: datetime, work: Work) -> None:
        """Do something at a moment."""
        self._later.add(moment, work)

    def every(self, interval: timedelta, work: Work) -> None:
        """Do something again and again, for the first time after one interval."""

        async def again() -> None:
            self.at(self._clock.now + interval, again)
            await work()

        self.at(self._clock.now + interval, again)

    async def settle(self) -> None:
        """Let everything happen that happens now; afterwards nobody has anything to say before time passes.

        Raises:
            SleeplessDeviceError: somebody always has.

        """
        patience = HAPPENINGS_AT_ONCE * (1 + len(self.devices))
        while self._now:
            patience -= 1
            if not patience:
                raise SleeplessDeviceError(f"expected an end, found device {self._now[0][0]} talking for ever")
            number, happening = self._now.popleft()
            device = self.devices[number]
            device.handle(happening)
            # What it wants to be sent goes out before anybody hears of what it did: watchers may let more happen.
            for request in device.requests():
                self._now.append((number, await self._transport.send(number, request)))
            for event in device.events():
                self._watch(number, event)
            self._note_deadline(number, device)

    async def advance_to(self, moment: datetime) -> None:
        """Let time pass until a moment, and everything happen that happens meanwhile."""
        await self.settle()
        while (due := self._later.next) is not None and due <= moment:
            await self.wake_next()
        self._clock.move_to(moment)

    async def advance_until(self, done: Callable[[], bool], moment: datetime) -> bool:
        """Let time pass until `done()` holds, and not beyond a moment; return whether it came to hold.

        The clock then stands where it came to hold.
        """
        await self.settle()
        while not done():
            due = self._later.next
            if due is None or due > moment:
                self._clock.move_to(moment)
                return False
            await self.wake_next()
        return True

    async def wake_next(self) -> None:
        """Let time pass until the next appointment, and everything happen that follows from it."""
        due, whom = self._later.take()
        self._count_wakings(due)
        # What was due before it was asked for is due now.
        self._clock.move_to(max(due, self._clock.now))
        if isinstance(whom, int):
            if self._noted.get(whom) == due:
                del self._noted[whom]
                self.happen(whom, TimePassed())
        else:
            await whom()
        await self.settle()

    def _note_deadline(self, number: int, device: VirtualDevice) -> None:
        deadline = device.deadline
        if deadline is None:
            self._noted.pop(number, None)
        elif self._noted.get(number) != deadline:
            self._noted[number] = deadline
            self._later.add(deadline, number)

    def _count_wakings(self, due: datetime) -> None:
        self._wakings = self._wakings + 1 if due <= self._clock.now else 0
        if self._wakings > WAKINGS_AT_ONCE * max(1, len(self.devices)):
            raise SleeplessDeviceError(f"expected time to pass, found everybody awake at {due.isoformat()} for ever")
