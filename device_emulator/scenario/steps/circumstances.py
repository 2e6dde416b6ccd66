"""What happens to everybody: networks come and go, servers restart, time passes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from device_emulator.core import actions
from device_emulator.core.events import NetworkChanged
from device_emulator.scenario.document import DeviceName, DeviceNames, Message, Seconds
from device_emulator.scenario.durations import seconds, spoken
from device_emulator.scenario.findings import Deed
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.step import Played, Refusable, Step


class GoOffline(Refusable, frozen=True, kw_only=True):
    """A device loses its network."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "go-offline"

    device: DeviceNames

    async def perform(self, stage: Stage) -> Played:
        """Take each device out of reach."""
        for device in stage.devices(self.device):
            sighting = await stage.act(device, actions.GoOffline())
            yield self.ended(f"{device} goes offline", sighting, NetworkChanged)


class GoOnline(Refusable, frozen=True, kw_only=True):
    """A device finds its network again."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "go-online"

    device: DeviceNames

    async def perform(self, stage: Stage) -> Played:
        """Bring each device back."""
        for device in stage.devices(self.device):
            yield self.ended(f"{device} is online again", await stage.act(device, actions.GoOnline()), NetworkChanged)


class RestartServer(Step, frozen=True, kw_only=True):
    """The server stops, and starts again with the state it has kept."""

    KIND: ClassVar[str] = "restart-server"

    async def perform(self, stage: Stage) -> Played:
        """Restart it."""
        await stage.restart_server()
        yield Deed(kind=self.KIND, sentence="The server restarts")


class Wait(Step, frozen=True, kw_only=True):
    """Time passes. On the real clock nobody sits it out: the clocks of server and devices are put forward."""

    SHORTHAND = "time"
    KIND: ClassVar[str] = "wait"

    time: Seconds

    async def perform(self, stage: Stage) -> Played:
        """Let it pass."""
        length = seconds(self.time)
        await stage.pass_time(length)
        passed = spoken(length)
        yield Deed(kind=self.KIND, sentence=f"{passed} {'passes' if passed.startswith('1 ') else 'pass'}")


class InjectFault(Step, frozen=True, kw_only=True):
    """The network does something bad, once, to the nth message of a kind that a device will send from now on.

    `request-lost`: it never arrives. `answer-lost`: the server acts on it, and the device does not hear of it.
    """

    KIND: ClassVar[str] = "inject-fault"

    device: DeviceName
    message: Message
    fault: Literal["request-lost", "answer-lost"]
    nth: Annotated[int, Meta(ge=1)] = 1

    async def perform(self, stage: Stage) -> Played:
        """Arrange for it."""
        await stage.inject_fault(self.device, self.message, self.fault, self.nth)
        what = "never arrive" if self.fault == "request-lost" else "go unanswered"
        yield Deed(kind=self.KIND, sentence=f"Message {self.nth} of kind {self.message} from {self.device} will {what}")
