"""A real server with people in it, and a few devices on real sockets that find it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from device_emulator.core.actions import PersonAction
from device_emulator.core.device import Device
from device_emulator.core.events import Event
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.messages import PersonActs
from device_emulator.core.settings import DeviceSettings, RetryPolicy
from device_emulator.fleet.loop import FleetLoop, Watcher, wall_clock
from device_emulator.fleet.population import Population
from device_emulator.fleet.tally import Tally
from device_emulator.fleet.virtual_keys import shared_keys
from device_emulator.fleet.waking import Waking
from device_emulator.transport.network import NetworkTransport
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import DeviceStagingType, Platform
from mdm_server.embed import Server, ServerSettings
from mdm_server.service.staging.device_facts import DeviceFacts
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.service.staging.users import UserOrder

Kind = TypeVar("Kind", bound=Event)

ROOT = "MDMSIM"
"""The Group ID of the group that every new server has."""
PATIENCE = 30.0
PASSWORDS = {"stager": "stage", "ada": "engine", "grace": "cobol"}


class StagedFleet:
    """Devices numbered from 0, whatever was seen of them, and the server's administrator."""

    def __init__(self, server: Server, count: int) -> None:
        self.server = server
        self.seen: dict[int, list[Event]] = defaultdict(list)
        self.watchers: list[Watcher] = []
        settings = DeviceSettings(retry=RetryPolicy(attempts=2))
        population = Population(count=count, seed=6, settings=settings, both_proofs=True)
        self.devices: dict[int, Device] = population.devices(clock=wall_clock, keys=shared_keys())
        self.loop = FleetLoop(
            self.devices, NetworkTransport(ca_file=server.ca_file), tally=Tally(), watch=self._see, threads=2
        )
        self.waking = Waking(self.loop, poll=1.0, ca_file=server.ca_file)

    def _see(self, number: int, event: Event) -> None:
        self.seen[number].append(event)
        self.waking.see(number, event)
        for watch in self.watchers:
            watch(number, event)

    # The people

    def intent(self, user: str, **answers: Any) -> HubIntent:
        """Return what somebody wants who goes through the wizard."""
        usual = HubIntent(url=self.server.url, group=ROOT, user_name=user, password=PASSWORDS[user])
        return replace(usual, **answers)

    async def act(self, number: int, action: PersonAction) -> list[Event]:
        """Let somebody act, wait until nobody talks any more, and return what could be seen of the device."""
        before = len(self.seen[number])
        self.loop.happen(number, PersonActs(action))
        await self.settle()
        return self.seen[number][before:]

    async def settle(self) -> None:
        """Wait until nobody talks any more."""
        numbers = list(self.devices)
        assert await self.loop.until(lambda: self.loop.has_finished(numbers), seconds=PATIENCE), "the fleet is busy"

    async def until_seen(self, number: int, event: Event) -> None:
        """Wait for an event that comes by itself, after a push."""
        assert await self.loop.until(lambda: event in self.seen[number], seconds=PATIENCE), self.seen[number]

    def managed(self, number: int) -> bool:
        """Say whether a device believes that somebody manages it."""
        return self.devices[number].handheld.management is not None

    def latest(self, number: int, kind: type[Kind]) -> Kind:
        """Return the last event of a kind."""
        return next(event for event in reversed(self.seen[number]) if isinstance(event, kind))

    # The administrator

    async def hire(self, user: str, staging_type: DeviceStagingType = DeviceStagingType.DISABLED) -> int:
        """Make a user."""
        order = UserOrder(user_name=user, password=PASSWORDS[user], staging_type=staging_type)
        return (await self.server.suite.staging.users.create(order)).id

    async def register(self, number: int, user: str) -> None:
        """Register a device to a user, by its serial number."""
        key = (await self.server.suite.staging.users.named(user)).id
        order = RegistrationOrder(user=key, platform=Platform.IOS, identifiers=self._serial_number(number))
        await self.server.suite.staging.registrations.register(order)

    async def record(self, number: int) -> DeviceFacts:
        """Return what the server knows of a device."""
        return await self.server.suite.staging.devices.identified(self._serial_number(number))

    def _serial_number(self, number: int) -> DeviceIdentifiers:
        return DeviceIdentifiers(serial_number=self.devices[number].handheld.hardware.serial_number)


@asynccontextmanager
async def staged_fleet(count: int) -> AsyncIterator[StagedFleet]:
    """Start a server and a fleet; take both down in the end."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server.start(ServerSettings(weak_passwords=True)))
        fleet = StagedFleet(server, count)
        await stack.enter_async_context(fleet.loop)
        stack.push_async_callback(fleet.waking.stop)
        yield fleet
