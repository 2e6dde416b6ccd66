"""A small fleet of real devices at a foreign server: real loop, real sockets, real time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import rsa

from device_emulator.core.actions import OpenEnrollmentLink
from device_emulator.core.device import Device
from device_emulator.core.events import Event, SessionEnded
from device_emulator.core.messages import Errand, PersonActs, Prompted
from device_emulator.core.settings import DeviceSettings, RetryPolicy
from device_emulator.fleet.keys import KeyChoice, KeySupply
from device_emulator.fleet.loop import FleetLoop, wall_clock
from device_emulator.fleet.population import Population
from device_emulator.fleet.tally import Tally
from device_emulator.transport.network import NetworkTransport
from rigs.foreign_servers import ForeignServer

SOON = 60.0
QUICK = RetryPolicy(first=timedelta(seconds=0.2), ceiling=timedelta(seconds=0.4), attempts=3)


@dataclass
class KeysOfTheSession:
    """The keys of the test session, as a pool."""

    keys: list[rsa.RSAPrivateKey]
    kind: Literal["pool"] = "pool"

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return one of them."""
        return self.keys[index]


@dataclass
class Fleet:
    """Some devices at one foreign server."""

    server: ForeignServer
    loop: FleetLoop
    seen: list[tuple[int, Event]] = field(default_factory=list)

    @property
    def device(self) -> Device:
        """The first device, which most tests look at."""
        return self.loop.devices[0]

    @property
    def udid(self) -> str:
        """Its UDID."""
        return self.device.handheld.hardware.udid

    def events(self, kind: type[Event], number: int = 0) -> list[Any]:
        """Return what could be seen of a device, of one kind."""
        return [event for each, event in self.seen if each == number and isinstance(event, kind)]

    def reasons(self) -> list[str]:
        """Return how the first device's sessions ended."""
        return [event.reason for event in self.events(SessionEnded)]

    async def quiet(self) -> None:
        """Wait until nobody talks."""
        assert await self.loop.until(lambda: self.loop.is_quiet, seconds=SOON)

    async def enroll(self) -> None:
        """Let everybody open the link, and see what comes of it."""
        link = OpenEnrollmentLink(self.server.url + self.server.manners.profile)
        self.loop.happen_to_all(self.loop.devices, PersonActs(link))
        await self.quiet()

    async def ask(self) -> None:
        """Let the first device ask for commands, until it has no more to say."""
        self.loop.happen(0, Prompted(Errand.SESSION))
        await self.quiet()

    async def act(self, *actions: Any) -> None:
        """Let the first device's person do something."""
        for action in actions:
            self.loop.happen(0, PersonActs(action))
        await self.quiet()

    async def sees(self, condition: Callable[[], object]) -> None:
        """Wait for something to be seen."""
        assert await self.loop.until(lambda: bool(condition()), seconds=SOON), self.server.messages


@asynccontextmanager
async def foreign_fleet(
    server: ForeignServer, keys: list[rsa.RSAPrivateKey], *, count: int = 1, concurrency: int = 64, **settings: Any
) -> AsyncIterator[Fleet]:
    """Make some devices and enrol them."""
    behaviour = DeviceSettings(**{"legacy_algorithms": True, "retry": QUICK, **settings})
    supply = KeySupply(KeyChoice.POOL, KeysOfTheSession(keys), len(keys))
    devices = Population(count=count, seed=7, settings=behaviour).devices(clock=wall_clock, keys=supply)
    seen: list[tuple[int, Event]] = []
    loop = FleetLoop(
        devices,
        NetworkTransport(timeout=30.0),
        tally=Tally(),
        watch=lambda number, event: seen.append((number, event)),
        concurrency=concurrency,
    )
    async with loop:
        fleet = Fleet(server, loop, seen)
        await fleet.enroll()
        yield fleet
