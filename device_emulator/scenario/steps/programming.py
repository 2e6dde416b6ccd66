"""Orders about Apple's Device Enrollment Program: what devices of Apple Business Manager are told, and which."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

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
    mandatory: bool = True
    supervised: bool = True
    removable: bool = False
    authentication: bool = True
    web_sign_in: bool = False
    default_user: UserName | None = None
    skip: tuple[str, ...] = ()
    minimum_os: str | None = None
    await_configuration: bool = False
    auto_advance: bool = False
    multi_user: bool = False
    allow_pairing: bool = True
    do_not_use_profile_from_backup: bool = False
    return_to_service: bool = False
    language: str | None = None
    region: str | None = None
    department: str | None = None
    support_phone_number: str | None = None
    support_email_address: str | None = None

    @property
    def sentence(self) -> str:
        """Which one."""
        return f"saves the DEP profile {self.name}"

    async def order(self, stage: Stage) -> None:
        """Save it: what is not said is as the server has it."""
        said: dict[str, Any] = asdict(self)
        del said["refused"]
        await stage.program.save({word: value for word, value in said.items() if value is not None})


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
            await stage.program.assign(device, self.profile)


class AbmRule(Order, frozen=True, kw_only=True):
    """Let devices that come from Apple Business Manager have a DEP profile by themselves: all, or those that match."""

    SHORTHAND = "profile"

    profile: str
    device_family: str | None = None
    model: str | None = None
    serial_prefix: str | None = None

    @property
    def sentence(self) -> str:
        """Which devices get what."""
        said = [str(one) for one in (self.device_family, self.model) if one is not None]
        said += [] if self.serial_prefix is None else [f"serial numbers {self.serial_prefix}…"]
        return f"lets {' and '.join(said) or 'every device that comes'} have the DEP profile {self.profile}"

    async def order(self, stage: Stage) -> None:
        """Make the rule."""
        said = {"device_family": self.device_family, "model": self.model, "serial_prefix": self.serial_prefix}
        await stage.program.rule(self.profile, {word: value for word, value in said.items() if value is not None})


class AbmSync(Order, frozen=True, kw_only=True):
    """Have the server ask Apple Business Manager which devices have come, changed and gone."""

    @property
    def sentence(self) -> str:
        """What happens."""
        return "has the server ask Apple Business Manager what is new"

    async def order(self, stage: Stage) -> None:
        """Ask."""
        await stage.program.synchronize()
