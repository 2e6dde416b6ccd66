"""What the administrator does. Every action goes to the server by the same doors that a console would use."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
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
    Settings,
    UserGroupName,
    UserName,
)
from device_emulator.scenario.findings import Deed
from device_emulator.scenario.stage import Refused, Stage
from device_emulator.scenario.steps.step import Played, Refusable


class Order(Refusable, frozen=True, kw_only=True):
    """Something the administrator wants done."""

    KIND: ClassVar[str] = "admin"

    async def perform(self, stage: Stage) -> Played:
        """Have it done, and wait until the devices have done what follows from it."""
        yield await self._done(stage)

    async def _done(self, stage: Stage) -> Deed:
        sentence = f"The administrator {self.sentence}"
        try:
            await self.order(stage)
        except Refused as refused:
            return self.deed(sentence, code=refused.code, text=refused.text)
        await stage.settle()
        return self.deed(sentence)

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What the administrator does, after their name."""

    @abstractmethod
    async def order(self, stage: Stage) -> None:
        """Do it; raises Refused."""


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


class Set(Order, frozen=True, kw_only=True):
    """Change the enrolment settings of an organization group."""

    group: GroupId
    settings: Settings

    @property
    def sentence(self) -> str:
        """What is set to what."""
        said = ", ".join(f"{name} to {value}" for name, value in self.settings.items())
        return f"sets {said} in {self.group}"

    async def order(self, stage: Stage) -> None:
        """Set it."""
        await stage.office.change_settings(self.group, self.settings)


class ChangeUser(Order, frozen=True, kw_only=True):
    """Change an enrolment user; what is not said stays."""

    SHORTHAND = "user"

    user: UserName
    status: Literal["Active", "Inactive"] | None = None
    staging: document.StagingType | None = None
    user_groups: tuple[UserGroupName, ...] | None = None
    group: GroupId | None = None
    shared_passcode: str | None = None
    shared_passcode_expires: document.Seconds | None = None

    @property
    def sentence(self) -> str:
        """What changes."""
        said = [name.replace("_", " ") for name in self._changes()]
        return f"changes {' and '.join(said) or 'nothing'} of {self.user}"

    def _changes(self) -> dict[str, object]:
        said = asdict(self)
        del said["user"], said["refused"]
        return {name: value for name, value in said.items() if value is not None}

    async def order(self, stage: Stage) -> None:
        """Change it."""
        await stage.office.change_user(self.user, self._changes())


class DeleteUser(Order, frozen=True, kw_only=True):
    """Delete an enrolment user."""

    SHORTHAND = "user"

    user: UserName

    @property
    def sentence(self) -> str:
        """Whom."""
        return f"deletes the user {self.user}"

    async def order(self, stage: Stage) -> None:
        """Delete them."""
        await stage.office.delete_user(self.user)


class ResetAttempts(Order, frozen=True, kw_only=True):
    """Forget failed logins: a user's, and those that were counted on a device."""

    user: UserName | None = None
    device: DeviceName | None = None

    @property
    def sentence(self) -> str:
        """Whose."""
        whose = " and ".join(filter(None, [self.user, self.device]))
        return f"forgets the failed logins of {whose or 'nobody'}"

    async def order(self, stage: Stage) -> None:
        """Forget them."""
        await stage.office.reset_attempts(user=self.user, device=self.device)


class Synchronize(Order, frozen=True, kw_only=True):
    """Let the server look, as a directory sync does, who has left which user group."""

    @property
    def sentence(self) -> str:
        """What happens."""
        return "lets the server look at the user groups"

    async def order(self, stage: Stage) -> None:
        """Look."""
        await stage.office.synchronize()


ADMINISTRATION: Mapping[str, type[Order]] = {
    "register": Register,
    "delete-registration": DeleteRegistration,
    "revoke-token": RevokeToken,
    "reset-token": ResetToken,
    "allow": Allow,
    "disallow": Disallow,
    "deny": Deny,
    "undeny": Undeny,
    "unlock": Unlock,
    "assign": Assign,
    "wipe": Wipe,
    "approve-wipe": ApproveWipe,
    "reject-wipe": RejectWipe,
    "delete-device": DeleteDevice,
    "set": Set,
    "change-user": ChangeUser,
    "delete-user": DeleteUser,
    "reset-attempts": ResetAttempts,
    "synchronize": Synchronize,
}
