"""One device between Apple and our server, all on one virtual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cryptography import x509

from device_emulator.core.actions import PersonAction, SetUp
from device_emulator.core.activation import AppleAddress, SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import CommandAnswered, Event
from device_emulator.core.handheld import Handheld
from device_emulator.core.setting_up.answers import SetupAnswers
from device_emulator.core.settings import DeviceSettings
from device_emulator.fleet.virtual import VirtualSettings, VirtualWorld
from mdm_server.embed.apple_orders import AppleServices, NewDevice
from mdm_server.embed.orders import ProfileOrder, UserOrder
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.views import CommandView


class AppleWorld:
    """A device that knows where Apple is; its server is Apple's customer once `buy` was called."""

    def __init__(self, world: VirtualWorld) -> None:
        self.world = world
        self.seen: list[Event] = []
        world.watchers.append(lambda _, event: self.seen.append(event))

    @property
    def apple(self) -> AppleServices:
        """Apple."""
        assert self.world.server.apple is not None
        return self.world.server.apple.services

    @property
    def device(self) -> Device:
        """The device."""
        device = self.world.devices[0]
        assert isinstance(device, Device)
        return device

    @property
    def handheld(self) -> Handheld:
        """The device, from outside."""
        return self.device.handheld

    @property
    def serial_number(self) -> str:
        """What is printed on it."""
        return self.handheld.hardware.serial_number

    async def do(self, *actions: PersonAction) -> list[Event]:
        """Let the person act, one thing after the other, and return what could be seen."""
        before = len(self.seen)
        for action in actions:
            self.world.happen(0, action)
            await self.world.settle()
        return self.seen[before:]

    async def set_up(self, **answers: Any) -> list[Event]:
        """Go through Setup Assistant."""
        return await self.do(SetUp(SettingUp(answers=SetupAnswers(**answers))))

    async def buy(self, **profile: Any) -> None:
        """Have an organization buy the device for our server, with a DEP profile that asks nobody anything."""
        portal, suite = self.apple.business_manager, self.world.suite
        organization = portal.add_organization("Example Company").id
        server = portal.add_server(organization, "mdmsim").uuid
        token = await suite.abm.tokens.new("mdmsim")
        certificate = x509.load_pem_x509_certificate((await suite.abm.tokens.certificate(token.id)).encode())
        await suite.abm.tokens.upload(token.id, portal.server_token(server, certificate))
        portal.order(organization, [NewDevice(serial_number=self.serial_number)], server=server)
        user = await suite.staging.users.create(UserOrder(user_name="staff", password="secret"))
        terms = {"group": 1, "authentication_required": False, "default_user": user.id, **profile}
        saved = await suite.staging.program.save(ProfileOrder(name="everybody", **terms))
        await suite.abm.sync.run(token.id)
        await suite.staging.program.assign(self.serial_number, saved.id)
        await suite.abm.sync.run(token.id)

    async def command(self, request_type: str, **fields: Any) -> CommandView:
        """Send a command, whether the server believes in it or not, and return what became of it."""
        order = CommandOrder(request_type=request_type, fields=fields, force=True)
        udid = self.handheld.hardware.udid
        queued = await self.world.suite.commanding.enqueue(udid, order)
        await self.world.settle()
        return await self.world.suite.commanding.find(udid, queued.command_uuid)

    def answers(self) -> list[str]:
        """Return the statuses that the device answered commands with."""
        return [event.status for event in self.seen if isinstance(event, CommandAnswered)]


@asynccontextmanager
async def apple_world(seed: int = 3, **settings: Any) -> AsyncIterator[AppleWorld]:
    """Return a world with one device, fresh from its box."""
    async with VirtualWorld.open(seed=seed, settings=VirtualSettings(apple=True)) as world:
        assert world.server.apple is not None
        world.populate(1, DeviceSettings(apple=AppleAddress(world.server.apple.url), **settings))
        yield AppleWorld(world)
