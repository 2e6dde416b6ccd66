"""Orders about Apple's Device Enrollment Program: what devices of Apple Business Manager are told, and which."""

from __future__ import annotations

from device_emulator.scenario.document import DeviceNames, GroupId, UserName
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.ordering import Order


class SaveDepProfile(Order, frozen=True, kw_only=True):
    """Save a DEP profile.

    `skip` names panes of Setup Assistant as Apple does; without `authentication` nobody is asked who they are.
    """

    SHORTHAND = "name"

    name: str
    group: GroupId | None = None
    supervised: bool = True
    removable: bool = False
    authentication: bool = True
    default_user: UserName | None = None
    skip: tuple[str, ...] = ()
    minimum_os: str | None = None

    @property
    def sentence(self) -> str:
        """Which one."""
        return f"saves the DEP profile {self.name}"

    async def order(self, stage: Stage) -> None:
        """Save it."""
        await stage.office.save_program_profile(self)


class AssignDepProfile(Order, frozen=True, kw_only=True):
    """Assign a DEP profile to devices."""

    device: DeviceNames
    profile: str

    @property
    def sentence(self) -> str:
        """Which one to what."""
        return f"assigns the DEP profile {self.profile} to {self.device}"

    async def order(self, stage: Stage) -> None:
        """Assign it."""
        for device in stage.devices(self.device):
            await stage.office.assign_program_profile(device, self.profile)
