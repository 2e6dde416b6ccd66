"""Twenty Androids against a real server on real sockets: they enrol, are locked, reset and wiped."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from device_emulator.core.actions import HandOver, HubEnroll, HubLogin, HubLogout, SetPasscode
from device_emulator.core.android.actions import ScanCode
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.hardware import draw_android
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.android.states import Life, Screen, Verification
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.messages import PersonActs
from device_emulator.core.person import Person
from device_emulator.core.randomness import Randomness
from device_emulator.fleet.loop import FleetLoop, wall_clock
from device_emulator.fleet.tally import Tally
from device_emulator.fleet.waking import Waking
from device_emulator.transport.network import NetworkTransport
from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, Platform
from mdm_server.embed import Server, ServerSettings
from mdm_server.service.staging.users import UserOrder
from mdm_server.wire.android_channel import CommandType
from mdm_server.wire.android_provisioning import StagingExtras, staging_code

COUNT = 20
GROUP = "MDMSIM"
PATIENCE = 30.0


@dataclass
class Androids:
    """A server, its Androids, and what drives them."""

    server: Server
    devices: dict[int, AndroidDevice]
    fleet: FleetLoop

    async def until(self, life: Life, numbers: range) -> None:
        """Wait until these devices are there in their lives."""
        reached = await self.fleet.until(
            lambda: all(self.devices[number].life is life for number in numbers), seconds=PATIENCE
        )
        assert reached, Counter(device.life for device in self.devices.values())

    def everybody_is_known(self) -> bool:
        """Say whether nobody talks, and no work profile waits to be verified."""
        return self.fleet.is_quiet and {each.verification for each in self.devices.values()} == {Verification.CLEAR}

    def hub_says(self, state: str) -> bool:
        """Say whether nobody talks, and the first device's Hub shows this assignment."""
        hub = self.devices[0].handheld.hub
        return self.fleet.is_quiet and hub is not None and hub.state == state

    async def assignment(self) -> tuple[AssignmentState, int | None]:
        """Return whose the only device is, as the server has it."""
        (record,) = await self.records()
        return record.assignment.state, record.assignment.user

    async def records(self) -> list[DeviceRecord]:
        """Return what the server has on record of Androids."""
        found = await self.server.store.staging.read(lambda view: view.devices.search(platform=Platform.ANDROID))
        return list(found.rows)

    async def command(self, kind: CommandType, **parameters: object) -> None:
        """Send a command to every Android, and wait until all have carried it out."""
        for record in await self.records():
            await self.server.suite.android.commands.send(record.id, kind, parameters)
        answers = self.fleet.tally.answers
        assert await self.fleet.until(
            lambda: answers[kind, "SUCCEEDED"] == COUNT and self.fleet.is_quiet, seconds=PATIENCE
        ), answers


@asynccontextmanager
async def androids(count: int = COUNT) -> AsyncIterator[Androids]:
    """Start a server and take Androids out of their boxes."""
    async with Server.start(ServerSettings(weak_passwords=True)) as server:
        users = server.suite.staging.users
        await users.create(UserOrder(user_name="stager", password="depot", staging_type=DeviceStagingType.STANDARD))
        for number in range(count):
            await users.create(UserOrder(user_name=f"user{number}", password="secret"))
        devices = {}
        settings = AndroidSettings(start_up=timedelta(milliseconds=200), identifiers_after=timedelta(milliseconds=200))
        for number in range(count):
            randomness = Randomness(11, number)
            devices[number] = AndroidDevice(draw_android(randomness), settings, clock=wall_clock, randomness=randomness)
        waking: list[Waking] = []

        def watch(number: int, event: object) -> None:
            waking[0].see(number, event)

        fleet = FleetLoop(devices, NetworkTransport(ca_file=server.ca_file), tally=Tally(), watch=watch)
        waking.append(Waking(fleet, poll=0.5, ca_file=server.ca_file))
        async with fleet:
            try:
                yield Androids(server, devices, fleet)
            finally:
                await waking[0].stop()


async def test_twenty_androids_enrol_are_locked_reset_and_wiped() -> None:
    """Ten by code become all the organization's, ten get a work profile; each ends as its owner would expect."""
    owned, profiles = range(COUNT // 2), range(COUNT // 2, COUNT)
    async with androids() as world:
        code = staging_code(
            StagingExtras(server_url=world.server.url, group_id=GROUP, user_name="stager", password="depot")
        )
        for number in owned:
            world.fleet.happen(number, PersonActs(ScanCode(code)))
        for number in profiles:
            intent = HubIntent(url=world.server.url, group=GROUP, user_name=f"user{number}", password="secret")
            world.fleet.happen(number, PersonActs(HubEnroll(intent)))
        await world.until(Life.MANAGED, owned)
        await world.until(Life.WORK_PROFILE, profiles)
        assert await world.fleet.until(world.everybody_is_known, seconds=PATIENCE)
        records = await world.records()
        assert Counter((record.status, record.assignment.state) for record in records) == {
            (EnrollmentStatus.ENROLLED, AssignmentState.STAGED_UNCLAIMED): len(owned),
            (EnrollmentStatus.ENROLLED, AssignmentState.ASSIGNED): len(profiles),
        }

        for number in owned:
            world.fleet.happen(number, PersonActs(SetPasscode("271828")))
        await world.command(CommandType.LOCK)
        assert {device.screen for device in world.devices.values()} == {Screen.LOCKED}

        await world.command(CommandType.RESET_PASSWORD, new_password="314159")
        assert {world.devices[number].handheld.passcode.right_code for number in owned} == {"314159"}
        assert "314159" not in {world.devices[number].handheld.passcode.right_code for number in profiles}

        await world.command(CommandType.WIPE)
        await world.until(Life.SETUP_WIZARD, owned)
        await world.until(Life.UNMANAGED, profiles)
        assert {record.status for record in await world.records()} == {EnrollmentStatus.UNENROLLED}


async def test_a_shared_android_is_checked_out_and_in() -> None:
    """A code stages it for many; somebody takes it, chooses a passcode, and gives it back without one."""
    async with androids(1) as world:
        users, device = world.server.suite.staging.users, world.devices[0]
        await users.create(UserOrder(user_name="depot", password="depot", staging_type=DeviceStagingType.MULTI))
        extras = StagingExtras(server_url=world.server.url, group_id=GROUP, user_name="depot", password="depot")
        world.fleet.happen(0, PersonActs(ScanCode(staging_code(extras))))
        await world.until(Life.MANAGED, range(1))
        assert await world.assignment() == (AssignmentState.MULTI_IDLE, None)

        world.fleet.happen(0, PersonActs(HandOver(Person(name="Uma", user_name="user0", password="secret"))))
        world.fleet.happen(0, PersonActs(HubLogin()))
        assert await world.fleet.until(lambda: world.hub_says("CheckedOut"), seconds=PATIENCE)
        assert (await world.assignment())[0] is AssignmentState.CHECKED_OUT
        world.fleet.happen(0, PersonActs(SetPasscode("271828")))

        world.fleet.happen(0, PersonActs(HubLogout()))
        assert await world.fleet.until(lambda: world.hub_says("MultiIdle"), seconds=PATIENCE)
        assert await world.fleet.until(
            lambda: world.fleet.is_quiet and not device.handheld.passcode.is_set, seconds=PATIENCE
        )
        assert await world.assignment() == (AssignmentState.MULTI_IDLE, None)
        assert [record.status for record in await world.records()] == [EnrollmentStatus.ENROLLED]
