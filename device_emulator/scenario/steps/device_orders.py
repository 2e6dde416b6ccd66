"""Orders about one device: unlock it, give it to somebody, wipe it, forget it."""

from __future__ import annotations

from typing import ClassVar, Literal

from device_emulator.scenario.document import DeviceName, DeviceNames, UserName
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.ordering import Order
from device_emulator.scenario.steps.step import Played


class Unlock(Order, frozen=True, kw_only=True):
    """Clear the lock that a refusal has set on a device."""

    SHORTHAND = "device"

    device: DeviceName

    @property
    def sentence(self) -> str:
        """Which one."""
        return f"unlocks {self.device}"

    async def order(self, stage: Stage) -> None:
        """Unlock it."""
        await stage.office.unlock(self.device)


class Assign(Order, frozen=True, kw_only=True):
    """Change the enrolment user of a device that a staging user enrolled; to the staging user: check it in."""

    device: DeviceName
    user: UserName

    @property
    def sentence(self) -> str:
        """What to whom."""
        return f"assigns {self.device} to {self.user}"

    async def order(self, stage: Stage) -> None:
        """Assign it."""
        await stage.office.assign(self.device, self.user)


class Wipe(Order, frozen=True, kw_only=True):
    """Order a wipe: `enterprise` takes what was managed, `device` takes everything."""

    SHORTHAND = "device"
    KIND: ClassVar[str] = "wipe"

    device: DeviceNames
    kind: Literal["enterprise", "device"] = "enterprise"
    prevent_reenrollment: bool = False

    async def perform(self, stage: Stage) -> Played:
        """Order it for each device."""
        for device in stage.devices(self.device):
            step = Wipe(
                device=device,
                kind=self.kind,
                prevent_reenrollment=self.prevent_reenrollment,
                refused=self.refused,
            )
            yield await step._done(stage)

    @property
    def sentence(self) -> str:
        """What is wiped, and how."""
        return f"orders {'an enterprise' if self.kind == 'enterprise' else 'a device'} wipe of {self.device}"

    async def order(self, stage: Stage) -> None:
        """Order it."""
        await stage.office.wipe(self.device, self.kind, prevent_reenrollment=self.prevent_reenrollment)


class ApproveWipe(Order, frozen=True, kw_only=True):
    """Let a wipe go on that was put on hold."""

    SHORTHAND = "device"

    device: DeviceName

    @property
    def sentence(self) -> str:
        """Which one."""
        return f"approves the wipe of {self.device}"

    async def order(self, stage: Stage) -> None:
        """Approve it."""
        await stage.office.decide_wipe(self.device, approve=True)


class RejectWipe(Order, frozen=True, kw_only=True):
    """Drop a wipe that was put on hold."""

    SHORTHAND = "device"

    device: DeviceName

    @property
    def sentence(self) -> str:
        """Which one."""
        return f"rejects the wipe of {self.device}"

    async def order(self, stage: Stage) -> None:
        """Reject it."""
        await stage.office.decide_wipe(self.device, approve=False)


class DeleteDevice(Order, frozen=True, kw_only=True):
    """Delete the record of a device; what is registered stays registered."""

    SHORTHAND = "device"

    device: DeviceName

    @property
    def sentence(self) -> str:
        """Which one."""
        return f"deletes the record of {self.device}"

    async def order(self, stage: Stage) -> None:
        """Delete it."""
        await stage.office.delete_device(self.device)
