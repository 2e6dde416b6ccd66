"""Who gives orders in a play: the administrator of the server, and whoever deals with Apple.

Each is a counter at which steps ask for something; what is behind it is the stage's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from device_emulator.scenario.document import Identifier, ListEntry, Registration


class Refused(Exception):  # noqa: N818 - it says what it is
    """Somebody refused what the administrator asked; `code` is stable, `text` is what was read."""

    def __init__(self, code: str, text: str = "") -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code}: {text}" if text else code)


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What has become of a command: its state, the number of the error, and what the device answered."""

    status: str = ""
    error: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure that is arranged for at one of Apple's services, in the words of that service."""

    service: str
    point: str
    response: str
    count: int | None = 1
    probability: float = 1.0
    delay: float = 0.0


class Office(Protocol):
    """The administrator. Whatever the server does not let them do is `Refused`."""

    async def register(self, registration: Registration) -> None:
        """Register a user's device; the registration's name is how it is spoken of from then on."""

    async def delete_registration(self, *, name: str | None, device: str | None) -> None:
        """Delete a registration, by its name or by its device."""

    async def revoke_token(self, name: str) -> None:
        """Revoke the token of a registration."""

    async def reset_token(self, name: str) -> None:
        """Give a registration a new token."""

    async def put_on_list(self, entry: ListEntry) -> None:
        """Put devices on the allow list or on the deny list."""

    async def put_values_on_list(self, kind: str, identifier: Identifier, values: Sequence[str]) -> None:
        """Put many identifiers on a list at once."""

    async def take_off_list(self, kind: str, device: str) -> None:
        """Take a device off a list."""

    async def unlock(self, device: str) -> None:
        """Clear the lock that a refusal has set."""

    async def assign(self, device: str, user: str) -> None:
        """Change the enrolment user of a device; to a staging user: check it in."""

    async def wipe(self, device: str, kind: str, *, prevent_reenrollment: bool) -> None:
        """Order an `enterprise` or a `device` wipe."""

    async def decide_wipe(self, device: str, *, approve: bool) -> None:
        """Decide on a wipe that was put on hold."""

    async def command(self, device: str, command: str, fields: Mapping[str, Any], *, force: bool = False) -> str | None:
        """Send a device a command, the console's or Apple's; return its UUID, or None where it has none.

        With `force` a command of Apple's is sent that this device is known to refuse.
        """

    async def answer(self, device: str, command_uuid: str) -> CommandAnswer:
        """Return how a device answered a command."""

    async def bypass_code(self, device: str) -> str | None:
        """Return what a device last answered when it was asked for its bypass code."""

    async def delete_device(self, device: str) -> None:
        """Delete the record of a device."""

    async def change_settings(self, group: str, settings: Mapping[str, Any]) -> None:
        """Change settings of an organization group."""

    async def change_user(self, user: str, changes: Mapping[str, Any]) -> None:
        """Change an enrolment user: status, staging type, user groups, shared passcode."""

    async def delete_user(self, user: str) -> None:
        """Delete an enrolment user."""

    async def synchronize(self) -> None:
        """Look, as a directory sync does, who has left which user group."""

    async def reset_attempts(self, *, user: str | None, device: str | None) -> None:
        """Forget failed logins of a user, or those counted on a device."""


class ProgramOffice(Protocol):
    """The administrator of the server, as a customer of Apple Business Manager; what is not done is `Refused`."""

    async def save(self, said: Mapping[str, Any]) -> None:
        """Save a DEP profile under the `name` it is given; the other words are those of the verb."""

    async def assign(self, device: str, profile: str) -> None:
        """Assign a DEP profile to a device."""

    async def rule(self, profile: str, said: Mapping[str, Any]) -> None:
        """Let every device that comes have a DEP profile: those of a family, of a model, or of a kind of serial."""

    async def synchronize(self) -> None:
        """Have the server ask Apple which devices have come, changed and gone."""

    async def lock(self, device: str, message: str | None) -> None:
        """Lock the activation of a device as the organization, with a code that is kept."""

    async def lock_code(self, device: str) -> str | None:
        """Return the code with which the organization locked a device."""


class Portal(Protocol):
    """Apple's side: what an organization does in Apple Business Manager, and what somebody lets go wrong there."""

    async def order(self, devices: Sequence[str], *, arrives_in: float) -> None:
        """Buy devices, which arrive in Apple Business Manager for our server in so many seconds."""

    async def release(self, devices: Sequence[str]) -> None:
        """Let go of devices: they are nobody's from then on, and Apple tells them nothing any more."""

    async def withdraw(self, devices: Sequence[str]) -> None:
        """Take devices away from our server: they stay the organization's."""

    async def add(self, device: str) -> None:
        """Add a device that somebody has in hand, with Apple Configurator; for thirty days its person may leave."""

    async def fail(self, failure: Failure) -> None:
        """Arrange for a failure."""
