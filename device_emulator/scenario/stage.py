"""What a step needs of the world: devices with people, an administrator, and time.

A stage is that world. There is one on real sockets and one on a virtual clock; steps cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from device_emulator.core.actions import PersonAction
from device_emulator.core.activation import ActivationRecord
from device_emulator.core.events import Event
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.person import Person
from device_emulator.scenario.document import Identifier, ListEntry, Registration


class Refused(Exception):  # noqa: N818 - it says what it is
    """The server refused what the administrator asked; `code` is stable, `text` is what was read."""

    def __init__(self, code: str, text: str = "") -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code}: {text}" if text else code)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What could be seen of a device from an act of its person until nothing moved any more."""

    events: tuple[Event, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A device from both sides. `None` is that there is none: no user, no lock, no registration.

    Attributes:
        known: whether the server has a record of the device.
        status: its enrolment status.
        assignment: the state of its assignment.
        user: whose it is.
        stager: who staged it.
        group: the Group ID of its organization group.
        ownership: C, S or E.
        locked: the code of the refusal that locked it out.
        pending_verification: whether the server still waits for its identifiers.
        registration: the state of the registration for it, `none` where there is none.
        registered_to: the user of that registration.
        managed: whether the device itself believes to be managed.
        passcode: whether a passcode is set on it.
        screen: what its screen lets its person do.
        life: where it is in its life.
        profiles: the identifiers of the profiles on it.
        supervised: whether it is supervised.
        apple_account: whether its person is signed in with an Apple Account.
        panes: what Setup Assistant showed, the last time.

    """

    known: bool = False
    status: str | None = None
    assignment: str | None = None
    user: str | None = None
    stager: str | None = None
    group: str | None = None
    ownership: str | None = None
    locked: str | None = None
    pending_verification: bool = False
    registration: str = "none"
    registered_to: str | None = None
    managed: bool = False
    passcode: bool = False
    screen: str = "unlocked"
    life: str = ""
    profiles: Sequence[str] = ()
    supervised: bool = False
    apple_account: bool = False
    panes: Sequence[str] = ()


class ProgramProfile(Protocol):
    """A DEP profile that is wanted."""

    @property
    def name(self) -> str: ...  # noqa: D102 - the type says it
    @property
    def group(self) -> str | None: ...  # noqa: D102
    @property
    def supervised(self) -> bool: ...  # noqa: D102
    @property
    def removable(self) -> bool: ...  # noqa: D102
    @property
    def authentication(self) -> bool: ...  # noqa: D102
    @property
    def default_user(self) -> str | None: ...  # noqa: D102
    @property
    def skip(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def minimum_os(self) -> str | None: ...  # noqa: D102


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

    async def command(self, device: str, command: str) -> None:
        """Send a device a command."""

    async def delete_device(self, device: str) -> None:
        """Delete the record of a device."""

    async def save_program_profile(self, profile: ProgramProfile) -> None:
        """Save a DEP profile."""

    async def assign_program_profile(self, device: str, profile: str) -> None:
        """Assign a DEP profile to a device."""

    async def activation_record(self, device: str) -> ActivationRecord | None:
        """Return what Apple tells a device when it is activated; None for one that has no DEP profile."""

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


class Stage(Protocol):
    """A world to play in."""

    @property
    def office(self) -> Office:
        """The administrator."""

    @property
    def url(self) -> str:
        """The server's address, as a person would type it."""

    @property
    def group_id(self) -> str:
        """The Group ID that people type when nothing else is said."""

    @property
    def now(self) -> datetime:
        """The time on the clock of the play."""

    def devices(self, names: str) -> Sequence[str]:
        """Return the devices that a name, or a series `ipad-*`, stands for, in order."""

    def identifier(self, device: str) -> str:
        """Return what the server knows a device by: its UDID, or what an Android has in its place."""

    def person(self, name: str) -> Person:
        """Return somebody with their credentials, by the name of the person or of the user."""

    def token(self, registration: str) -> str:
        """Return the token of a registration."""

    async def act(self, device: str, action: PersonAction) -> Sighting:
        """Let the person of a device act, and wait until nothing moves."""

    async def enrol(self, device: str, intent: HubIntent) -> Sighting:
        """Let the person of a device enrol it with the Hub, in the way of its platform."""

    async def prepare(self, devices: Sequence[str], intent: HubIntent, *, ports: int) -> Sequence[Sighting]:
        """Put devices on the cart of Apple Configurator, so many at a time."""

    async def settle(self) -> None:
        """Wait until nothing moves, on no device."""

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and whatever was to happen in it happen."""

    async def look(self, device: str) -> Look:
        """Look at a device from both sides."""

    async def restart_server(self) -> None:
        """Stop the server and start it again with the state it has kept."""

    async def inject_fault(self, device: str, message: str, fault: str, nth: int) -> None:
        """Let the network do something bad to the nth message of a kind that a device will send."""

    def faults_struck(self) -> Sequence[str]:
        """Return, once, a sentence for every fault that has happened since the last call."""

    def faults_waiting(self) -> Sequence[str]:
        """Return a sentence for every fault that was arranged for and has not happened."""

    async def journal(self) -> Sequence[str]:
        """Return the server's journal, a JSON object a line."""
