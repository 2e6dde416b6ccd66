"""The stage on real sockets: our server with its listeners and its files, a fleet over TLS, woken by the courier.

The clock is the time of day and what has been put on top of it: nobody waits for an hour to pass.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from certs.identity import certificates_to_pem
from device_emulator.core.activation import AppleAddress
from device_emulator.core.events import Event
from device_emulator.core.messages import Happening
from device_emulator.core.settings import DeviceSettings, ProofOfIdentity
from device_emulator.fleet.loop import FleetLoop
from device_emulator.fleet.tally import Tally
from device_emulator.fleet.virtual_keys import shared_keys
from device_emulator.fleet.waking import Waking
from device_emulator.scenario.checking import Script
from device_emulator.scenario.company import Company
from device_emulator.scenario.errors import StageError
from device_emulator.transport.faulty import FaultyTransport
from device_emulator.transport.network import NetworkTransport
from mdm_server.embed import Server, ServerSettings, ServerStartError
from mdm_server.embed.apple_orders import AppleServices
from mdm_server.embed.journal_lines import journal_lines
from mdm_server.embed.orders import Platform, ServiceSuite, StagingView, Store

PATIENCE = 30.0
"""Seconds after which what should happen on a machine of our own is not going to happen."""
ANY_PORT = "127.0.0.1:0"
DELIVERY = 5.0
"""Seconds that a push may take to a device that is there."""
AFTER_A_LOST_PUSH = 1.0
"""Seconds in which another one may follow a push that Apple lost or held back."""


class ForwardClock:
    """Tells the time of day, and what was put on top of it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Tell the time."""
        return datetime.now(UTC) + self._ahead

    def move_to(self, moment: datetime) -> None:
        """Put the clock forward to a moment; one that has passed changes nothing."""
        self._ahead += max(timedelta(), moment - self())


class SocketStage(Company):
    """Implements `Stage` with a server and a fleet on real sockets."""

    def __init__(self, script: Script, seed: int, state: Path) -> None:
        super().__init__(script, seed)
        self._clock = ForwardClock()
        self._state = state
        self._closing = AsyncExitStack()
        self._server: Server | None = None

    async def open(self) -> None:
        """Start the server and the fleet; raises StageError."""
        apple = ANY_PORT if self.script.plays_apple else None
        self._server = server = await self._launch(ServerSettings(seed=self.seed, apple=apple, apns=apple))
        trusted = self._trusted(server)
        address = None if server.apple_url is None else AppleAddress(server.apple_url)
        # A certificate that is issued on a clock put forward is not yet valid for the TLS of today.
        self.engage(DeviceSettings(proof=ProofOfIdentity.SIGNATURE, apple=address), shared_keys())
        self._faults = FaultyTransport(NetworkTransport(ca_file=trusted))
        self._loop = FleetLoop(self.fleet, self._faults, tally=Tally(), watch=self.see, clock=self._clock)
        self._waking = Waking(self._loop, poll=1.0, ca_file=server.ca_file)
        await self._loop.__aenter__()
        await self.prepare_server()

    async def close(self) -> None:
        """Take everything down."""
        if self._server is not None:
            await self._waking.stop()
            await self._loop.__aexit__(None, None, None)
            await self._server.stop()

    # What Company asks for

    @property
    def now(self) -> datetime:
        """The time of day, and what was put on top of it."""
        return self._clock()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._running.url

    @property
    def suite(self) -> ServiceSuite:
        """The server's use cases."""
        return self._running.suite

    @property
    def store(self) -> Store:
        """What the server keeps."""
        return self._running.store

    @property
    def apple(self) -> AppleServices | None:
        """Apple's services, beside the server."""
        return self._running.apple

    @property
    def faults(self) -> FaultyTransport:
        """What carries every message."""
        return self._faults

    @property
    def _running(self) -> Server:
        assert self._server is not None, "the stage is not set"
        return self._server

    def happen(self, number: int, happening: Happening) -> None:
        """Let something happen to a device."""
        self._loop.happen(number, happening)

    def see(self, number: int, event: Event) -> None:
        """Take note of an event, and of who can be woken from now on."""
        super().see(number, event)
        self._waking.see(number, event)

    async def finish_now(self) -> None:
        """Wait until nobody talks, and no command waits for a device that could be woken for it."""
        began = time.monotonic()
        while True:
            if not await self._loop.until(self._is_quiet, seconds=PATIENCE):
                raise StageError(f"devices were still talking after {PATIENCE:g} s")
            patience = AFTER_A_LOST_PUSH if self.portal.holds_push_back else DELIVERY
            if time.monotonic() > began + patience or not await self._somebody_is_called():
                return
            await asyncio.sleep(0.005)

    def _is_quiet(self) -> bool:
        """Say whether nobody talks, nor will for a reason of the moment; trying again later is another matter."""
        soon = self.now
        return self._loop.is_quiet and not any(
            device.deadline is not None and device.deadline <= soon for device in self.fleet.values()
        )

    async def _somebody_is_called(self) -> bool:
        """Say whether a push is on its way to a device that is there to hear it."""
        store = self._running.store
        apples = set(await store.commands.waiting())
        androids = await store.staging.read(_androids_with_operations)
        return any(
            device.is_reachable
            and (device.push_token in androids or (device.push_token and self._office.named(name).udid in apples))
            for name, device in self.by_name.items()
        )

    async def move_clock(self, moment: datetime) -> None:
        """Put the clock forward, from one appointment of a device to the next, and let happen what happens then."""
        while (due := self._next_appointment()) is not None and due < moment:
            await self._stop_at(due)
        await self._stop_at(moment)
        # What the server does by itself every now and then it does by the time of day.
        await self.suite.hub.sweep.run()
        await self.finish_now()

    async def _stop_at(self, moment: datetime) -> None:
        self._clock.move_to(moment)
        self.deliver_late_pushes()
        self._loop.look_at_clock()
        await self.finish_now()

    def _next_appointment(self) -> datetime | None:
        moments = [self.next_delivery, *(device.deadline for device in self.fleet.values())]
        return min((moment for moment in moments if moment is not None), default=None)

    async def restart_server(self) -> None:
        """Stop the server and start it again on the same port, with the state it has kept."""
        before = self._running
        await before.stop()
        settings = ServerSettings(
            listen=_address(before.url) or ANY_PORT, apple=_address(before.apple_url), apns=_address(before.push_url)
        )
        self._server = await self._launch(settings)
        await self._waking.ready()
        await self.settle()

    async def journal(self) -> Sequence[str]:
        """Return the server's journal."""
        return [line async for line in journal_lines(self._running.store)]

    def _trusted(self, server: Server) -> Path:
        """Return the file of the authorities that devices believe: the server's own, and Apple's."""
        if server.apple is None:
            return server.ca_file
        trusted = self._state.with_name("trusted.pem")
        apples = certificates_to_pem([server.apple.authority.root.certificate])
        trusted.write_bytes(server.ca_file.read_bytes() + apples)
        return trusted

    async def _launch(self, settings: ServerSettings) -> Server:
        settings = replace(settings, state_dir=self._state, weak_passwords=True)
        try:
            return await Server.launch(settings, clock=self._clock)
        except ServerStartError as error:
            raise StageError(error.text) from error


def _androids_with_operations(view: StagingView) -> set[bytes]:
    """Return the push tokens of Androids for which an operation waits."""
    devices = view.devices.search(platform=Platform.ANDROID).rows
    channels = [
        view.android.channel_of(device.id) for device in devices if view.android.operations(device.id, waiting=True)
    ]
    return {bytes.fromhex(channel.push_token) for channel in channels if channel is not None}


def _address(url: str | None) -> str | None:
    return None if url is None else url.rpartition("/")[2]


@asynccontextmanager
async def socket_stage(script: Script, seed: int) -> AsyncIterator[SocketStage]:
    """Set the stage, and leave nothing behind."""
    with TemporaryDirectory(prefix="mdmsim-scenario-") as folder:
        stage = SocketStage(script, seed, Path(folder) / "state")
        try:
            await stage.open()
            yield stage
        finally:
            await stage.close()
