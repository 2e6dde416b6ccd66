"""The stage on a virtual clock: server and devices in one process, nothing that waits, one journal for one seed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from device_emulator.core.activation import AppleAddress
from device_emulator.core.messages import Happening
from device_emulator.core.settings import DeviceSettings
from device_emulator.fleet.virtual import VirtualSettings, VirtualWorld
from device_emulator.scenario.checking import Script
from device_emulator.scenario.company import Company
from device_emulator.transport.faulty import FaultyTransport
from mdm_server.embed.apple_orders import AppleServices
from mdm_server.embed.orders import ServiceSuite, Store


class VirtualStage(Company):
    """Implements `Stage` in a virtual world."""

    def __init__(self, script: Script, seed: int, world: VirtualWorld) -> None:
        super().__init__(script, seed)
        self._world = world
        world.watchers.append(self.see)

    @property
    def now(self) -> datetime:
        """The time on the virtual clock."""
        return self._world.clock.now

    @property
    def url(self) -> str:
        """The server's address, which nobody will look up."""
        return self._world.server.url

    @property
    def suite(self) -> ServiceSuite:
        """The server's use cases."""
        return self._world.suite

    @property
    def store(self) -> Store:
        """What the server keeps."""
        return self._world.store

    @property
    def apple(self) -> AppleServices | None:
        """Apple's services, beside the server."""
        apple = self._world.server.apple
        return None if apple is None else apple.services

    @property
    def faults(self) -> FaultyTransport:
        """What carries every message."""
        return self._world.transport

    def happen(self, number: int, happening: Happening) -> None:
        """Let something happen to a device as soon as the world settles."""
        self._world.loop.happen(number, happening)

    async def finish_now(self) -> None:
        """Let everything happen that happens now."""
        await self._world.settle()

    async def move_clock(self, moment: datetime) -> None:
        """Let time pass until a moment; on the way Apple delivers what it held back."""
        while (due := self.next_delivery) is not None and due <= moment:
            await self._world.advance(due - self.now)
            self.deliver_late_pushes()
            await self._world.settle()
        await self._world.advance(moment - self.now)

    async def restart_server(self) -> None:
        """Close the server's state and open it again."""
        await self._world.server.stop()
        await self._world.server.start()
        await self.settle()

    async def journal(self) -> Sequence[str]:
        """Return the server's journal; what only signatures make different is masked."""
        return await self._world.journal_lines()


@asynccontextmanager
async def virtual_stage(script: Script, seed: int) -> AsyncIterator[VirtualStage]:
    """Set the stage, and leave nothing behind."""
    async with VirtualWorld.open(seed=seed, settings=VirtualSettings(apple=script.plays_apple)) as world:
        stage = VirtualStage(script, seed, world)
        apple = world.server.apple
        stage.engage(DeviceSettings(apple=None if apple is None else AppleAddress(apple.url)), world.keys)
        world.devices.update(stage.fleet)
        await stage.prepare_server()
        yield stage
