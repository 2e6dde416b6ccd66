"""A whole world in one process and on one clock: our server, a fleet, and nothing that could come in another order.

    async with VirtualWorld.open(seed=7) as world:
        world.populate(1_000, DeviceSettings(poll=timedelta(hours=1)))
        for number in world.devices:
            world.happen(number, OpenEnrollmentLink(world.enrollment_url))
        await world.advance(timedelta(days=7))
        lines = await world.journal_lines()

Two worlds of one seed in which the same is done write the same journal, byte for byte. This module is a composition
root: of the emulator's rooms below the command line it is the only one that knows how a server is put together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from device_emulator.core.actions import PersonAction
from device_emulator.core.events import Event, NetworkChanged
from device_emulator.core.gauges import Network
from device_emulator.core.messages import PersonActs
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.virtual_device import VirtualDevice
from device_emulator.fleet.keys import KeySupply
from device_emulator.fleet.population import Population
from device_emulator.fleet.push_addresses import PushAddresses
from device_emulator.fleet.virtual_clock import EPOCH, VirtualClock
from device_emulator.fleet.virtual_keys import shared_keys
from device_emulator.fleet.virtual_loop import VirtualLoop, Watcher
from device_emulator.fleet.waking import ARRIVAL, DEPARTURE
from device_emulator.transport.faulty import FaultyTransport
from device_emulator.transport.memory import MemoryTransport, calling
from mdm_server.embed.in_process import (
    DEFAULTS,
    SWEEP_EVERY,
    InProcessServer,
    ServiceSettings,
    ServiceSuite,
    Store,
    journal_lines,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualSettings:
    """What is true of a virtual world.

    Attributes:
        start: the moment at which it begins.
        service: how its server behaves.
        apple: whether Apple is played beside the server, which then pushes through it.
        keys: where its devices' RSA keys come from; unless told otherwise from a few primes that all worlds of this
            process share (NOT SECRET, and no world is there long enough to have secrets).

    """

    start: datetime = EPOCH
    service: ServiceSettings = DEFAULTS
    apple: bool = False
    keys: KeySupply | None = None


class VirtualWorld:
    """A server, devices and a clock. Made by `open`.

    `devices` may be added to at any time. Nothing happens by itself: `settle` lets everything happen that happens now,
    `advance` lets time pass. Every one of `watchers` is called with a device's number for each event it shows.
    """

    def __init__(self, seed: int, clock: VirtualClock, server: InProcessServer, keys: KeySupply) -> None:
        self.seed = seed
        self.clock = clock
        self.server = server
        self.keys = keys
        self.devices: dict[int, VirtualDevice] = {}
        self.watchers: list[Watcher] = []
        self.transport = FaultyTransport(MemoryTransport(calling(server)))
        self.loop = VirtualLoop(self.devices, self.transport, clock, watch=self._see)
        self._pushes = PushAddresses(self.loop.push)
        server.deliver = self._pushes.deliver
        if server.apple is not None:
            server.apple.deliver = self._pushes.deliver
        self.loop.every(SWEEP_EVERY, server.sweep)

    @classmethod
    @asynccontextmanager
    async def open(cls, seed: int = 1, settings: VirtualSettings | None = None) -> AsyncIterator[VirtualWorld]:
        """Begin a world, and leave nothing of it behind."""
        settings = settings or VirtualSettings()
        clock = VirtualClock(settings.start)
        async with InProcessServer.open(
            clock=clock, seed=seed, settings=settings.service, with_apple=settings.apple
        ) as server:
            yield cls(seed, clock, server, settings.keys or shared_keys())

    @property
    def suite(self) -> ServiceSuite:
        """The server's use cases, for whoever administers it."""
        return self.server.suite

    @property
    def store(self) -> Store:
        """The server's store."""
        return self.server.store

    @property
    def enrollment_url(self) -> str:
        """Where an enrolment profile is to be had."""
        return f"{self.server.url}/enroll"

    def populate(self, count: int, settings: DeviceSettings | None = None, *, both_proofs: bool = False) -> None:
        """Add Apple devices, numbered from 0, which are the same for the same seed."""
        people = Population(count=count, seed=self.seed, settings=settings or DeviceSettings(), both_proofs=both_proofs)
        self.devices.update(people.devices(clock=self.clock, keys=self.keys))

    def happen(self, number: int, action: PersonAction) -> None:
        """Let the person holding a device do something, as soon as the world settles."""
        self.loop.happen(number, PersonActs(action))

    async def settle(self) -> None:
        """Let everything happen that happens now."""
        await self.loop.settle()

    async def advance(self, duration: timedelta) -> None:
        """Let time pass."""
        await self.loop.advance_to(self.clock.now + duration)

    async def until(self, done: Callable[[], bool], *, within: timedelta) -> bool:
        """Let time pass until `done()` holds; return whether it came to hold within this time."""
        return await self.loop.advance_until(done, self.clock.now + within)

    async def journal_lines(self) -> list[str]:
        """Return the server's journal, a JSON object a line; what only signatures make different is masked."""
        return [line async for line in journal_lines(self.store, masked=True)]

    def _see(self, number: int, event: Event) -> None:
        if isinstance(event, ARRIVAL):
            self._listen(number, self.devices[number].push_token)
        elif isinstance(event, DEPARTURE):
            self._listen(number, None)
        elif isinstance(event, NetworkChanged):
            self._come_and_go(self.devices[number].push_token, away=event.after is Network.NONE)
        for watcher in self.watchers:
            watcher(number, event)

    def _come_and_go(self, token: bytes | None, *, away: bool) -> None:
        """Have Apple keep a push for a device that is out of reach, and deliver it when the device is there again."""
        if self.server.apple is not None and token is not None:
            line = self.server.apple.line
            (line.forget if away else line.listen)(token)

    def _listen(self, number: int, token: bytes | None) -> None:
        """Let a device wait for pushes to a token; the one that it waited for before will never be used again."""
        before = self._pushes.forget(number)
        self._pushes.listen(number, token)
        if self.server.apple is None:
            return
        if before is not None and before != token:
            self.server.apple.line.gone(before)
        if token is not None:
            self.server.apple.line.listen(token)
