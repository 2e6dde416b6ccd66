"""Orders about groups and people: settings, accounts, failed logins."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import asdict

from device_emulator.scenario import document
from device_emulator.scenario.document import DeviceName, GroupId, Settings, UserGroupName, UserName
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.ordering import Order


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
