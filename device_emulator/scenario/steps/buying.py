"""Orders given in Apple Business Manager: devices that are bought, taken away from our server, and let go of."""

from __future__ import annotations

from device_emulator.scenario.document import DeviceNames, Seconds
from device_emulator.scenario.durations import seconds
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.ordering import Order


class OrderDevices(Order, frozen=True, kw_only=True):
    """Buy devices: when they arrive, they stand in Apple Business Manager, for our server."""

    SHORTHAND = "device"

    device: DeviceNames
    arrives_in: Seconds | None = None

    @property
    def sentence(self) -> str:
        """What is bought."""
        return f"buys {self.device}" + ("" if self.arrives_in is None else f", to arrive in {self.arrives_in}")

    async def order(self, stage: Stage) -> None:
        """Buy them."""
        later = 0.0 if self.arrives_in is None else seconds(self.arrives_in)
        await stage.portal.order(stage.devices(self.device), arrives_in=later)


class ReleaseDevices(Order, frozen=True, kw_only=True):
    """Let go of devices, for good: they were sold, or stolen, and Apple tells them nothing any more."""

    SHORTHAND = "device"

    device: DeviceNames

    @property
    def sentence(self) -> str:
        """What is let go of."""
        return f"releases {self.device} from Apple Business Manager"

    async def order(self, stage: Stage) -> None:
        """Let go."""
        await stage.portal.release(stage.devices(self.device))


class WithdrawDevices(Order, frozen=True, kw_only=True):
    """Take devices away from our server in Apple Business Manager; they stay the organization's."""

    SHORTHAND = "device"

    device: DeviceNames

    @property
    def sentence(self) -> str:
        """What is taken away."""
        return f"takes {self.device} away from the server in Apple Business Manager"

    async def order(self, stage: Stage) -> None:
        """Take them away."""
        await stage.portal.withdraw(stage.devices(self.device))


class LockActivation(Order, frozen=True, kw_only=True):
    """Lock the activation of a device as its organization: erased, it is activated only for who knows its code."""

    SHORTHAND = "device"

    device: DeviceNames
    message: str | None = None

    @property
    def sentence(self) -> str:
        """What is locked."""
        return f"locks the activation of {self.device}"

    async def order(self, stage: Stage) -> None:
        """Lock it."""
        for device in stage.devices(self.device):
            await stage.program.lock(device, self.message)
