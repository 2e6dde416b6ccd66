"""Orders about devices that are expected, or not wanted: registrations, their tokens, and the two lists."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import asdict

from device_emulator.scenario import document
from device_emulator.scenario.document import (
    DeviceName,
    DeviceNames,
    GroupId,
    Identifier,
    Ownership,
    Platform,
    RegistrationName,
    UserName,
)
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.ordering import Order


class Register(Order, frozen=True, kw_only=True):
    """Register a device for a user."""

    SHORTHAND = "user"

    name: document.Name | None = None
    user: UserName
    device: DeviceNames | None = None
    identifiers: tuple[Identifier, ...] = ("serial_number",)
    platform: Platform | None = None
    group: GroupId | None = None
    ownership: Ownership | None = None

    @property
    def sentence(self) -> str:
        """Who is given what."""
        return f"registers {self.device or 'a device'} for {self.user}"

    async def order(self, stage: Stage) -> None:
        """Register it."""
        said = asdict(self)
        del said["refused"]
        await stage.office.register(document.Registration(**said))


class DeleteRegistration(Order, frozen=True, kw_only=True):
    """Delete a registration: by its name, or by the device it is for."""

    SHORTHAND = "device"

    device: DeviceName | None = None
    registration: RegistrationName | None = None

    @property
    def sentence(self) -> str:
        """Which one."""
        return f"deletes the registration {self.registration or f'of {self.device}'}"

    async def order(self, stage: Stage) -> None:
        """Delete it."""
        await stage.office.delete_registration(name=self.registration, device=self.device)


class RevokeToken(Order, frozen=True, kw_only=True):
    """Revoke the token of a registration."""

    SHORTHAND = "registration"

    registration: RegistrationName

    @property
    def sentence(self) -> str:
        """Whose."""
        return f"revokes the token of {self.registration}"

    async def order(self, stage: Stage) -> None:
        """Revoke it."""
        await stage.office.revoke_token(self.registration)


class ResetToken(Order, frozen=True, kw_only=True):
    """Give a registration a new token."""

    SHORTHAND = "registration"

    registration: RegistrationName

    @property
    def sentence(self) -> str:
        """Whose."""
        return f"resets the token of {self.registration}"

    async def order(self, stage: Stage) -> None:
        """Reset it."""
        await stage.office.reset_token(self.registration)


class PutOnList(Order, frozen=True, kw_only=True):
    """Put devices, or a whole platform, on a list; `made_up: 31` puts so many identifiers of nobody's device there."""

    SHORTHAND = "device"
    LIST: ClassVar[Literal["allow", "deny"]]

    device: DeviceNames | None = None
    identifier: Identifier = "serial_number"
    platform: Platform | None = None
    group: GroupId | None = None
    ownership: Ownership | None = None
    enrollment_group: GroupId | None = None
    made_up: Annotated[int, Meta(ge=1, le=100)] | None = None

    @property
    def sentence(self) -> str:
        """What is put where."""
        what = self.device or (f"{self.made_up} identifiers at once" if self.made_up else f"every {self.platform}")
        return f"puts {what} on the {self.LIST} list"

    async def order(self, stage: Stage) -> None:
        """Put it there."""
        if self.made_up is not None:
            values = [f"MADEUP{number:06}" for number in range(self.made_up)]
            await stage.office.put_values_on_list(self.LIST, self.identifier, values)
            return
        said = asdict(self)
        del said["refused"], said["made_up"]
        await stage.office.put_on_list(document.ListEntry(kind=self.LIST, **said))


class Allow(PutOnList, frozen=True, kw_only=True):
    """Put a device on the allow list."""

    LIST: ClassVar[Literal["allow", "deny"]] = "allow"


class Deny(PutOnList, frozen=True, kw_only=True):
    """Put a device on the deny list; if it is enrolled, its management ends."""

    LIST: ClassVar[Literal["allow", "deny"]] = "deny"


class TakeOffList(Order, frozen=True, kw_only=True):
    """Take a device off a list."""

    SHORTHAND = "device"
    LIST: ClassVar[Literal["allow", "deny"]]

    device: DeviceName

    @property
    def sentence(self) -> str:
        """What is taken from where."""
        return f"takes {self.device} off the {self.LIST} list"

    async def order(self, stage: Stage) -> None:
        """Take it off."""
        await stage.office.take_off_list(self.LIST, self.device)


class Disallow(TakeOffList, frozen=True, kw_only=True):
    """Take a device off the allow list."""

    LIST: ClassVar[Literal["allow", "deny"]] = "allow"


class Undeny(TakeOffList, frozen=True, kw_only=True):
    """Take a device off the deny list."""

    LIST: ClassVar[Literal["allow", "deny"]] = "deny"
