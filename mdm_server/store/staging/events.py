"""What is under way with devices: Hub sessions, wipes, the Android channel, commands, and the journal of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.hub_session import HubSession
from mdm_server.domain.staging.wipe_protection import WipeRequest
from mdm_server.store.records import CommandRow, NewCommand
from mdm_server.store.staging.records import AndroidChannel, Operation

Plain = str | int | float | bool | None


class SessionsView(Protocol):
    """Hub sessions."""

    def get(self, session_id: str) -> HubSession | None:
        """Find a session."""

    def by_invitation(self, invitation_id: str) -> HubSession | None:
        """Find the session that led to an invitation."""

    def of_device(self, identifiers: DeviceIdentifiers) -> Sequence[HubSession]:
        """List the sessions of a device, by any of its identifiers, newest first."""

    def any_expired(self, before: datetime) -> bool:
        """Say whether a session expired before."""


class Sessions(SessionsView, Protocol):
    """Hub sessions, to change."""

    def add(self, session: HubSession) -> HubSession:
        """Store a new session under the identifier it brings."""

    def replace(self, session: HubSession) -> None:
        """Store a session anew."""

    def purge(self, before: datetime) -> int:
        """Forget sessions that expired before; return how many."""

    def remove_of_device(self, identifiers: DeviceIdentifiers) -> int:
        """Forget the sessions of a device; return how many."""


class WipesView(Protocol):
    """Wipes that were asked for."""

    def get(self, wipe_id: int) -> WipeRequest | None:
        """Find a wipe."""

    def recent(self, groups: Collection[int], since: datetime) -> Sequence[WipeRequest]:
        """List what counts against the threshold of groups, oldest first: asked for since, or still on hold."""

    def all(self, groups: Collection[int] | None = None) -> Sequence[WipeRequest]:
        """List the wipes of groups (None: of all), newest first, one page at most."""

    def open_requests(self) -> Sequence[WipeRequest]:
        """List the wipes on hold, oldest first."""

    def open_of_device(self, device: int) -> WipeRequest | None:
        """Find the wipe of a device that is on hold or under way."""


class Wipes(WipesView, Protocol):
    """Wipes, to change."""

    def add(self, wipe: WipeRequest) -> WipeRequest:
        """Store a new wipe; a device has one that is on hold or under way at most."""

    def replace(self, wipe: WipeRequest) -> None:
        """Store a wipe anew. One that is under way is done when its device leaves: the store sees to that."""


class AndroidView(Protocol):
    """The project's own channel to Android devices."""

    def channel(self, name: str) -> AndroidChannel | None:
        """Find a channel by its name."""

    def channel_of(self, device: int) -> AndroidChannel | None:
        """Find the channel of a device."""

    def operation(self, device: int, name: str) -> Operation | None:
        """Find an operation of a device."""

    def operations(self, device: int, *, waiting: bool = False) -> Sequence[Operation]:
        """List the operations of a device in order: all, or those queued or sent."""


class Android(AndroidView, Protocol):
    """The project's own channel to Android devices, to change."""

    def open_channel(self, channel: AndroidChannel) -> None:
        """Store a channel, in place of the one the device had; its operations that wait are cancelled."""

    def replace_channel(self, channel: AndroidChannel) -> None:
        """Store a channel anew."""

    def close_channel(self, device: int) -> None:
        """Forget the channel of a device; its operations that wait are cancelled."""

    def add_operation(self, operation: Operation) -> Operation:
        """Queue an operation; its name is unique for its device."""

    def replace_operation(self, operation: Operation) -> None:
        """Store an operation anew."""


class Ledger(Protocol):
    """The journal, inside the transaction."""

    def tell(self, code: str, *, device: str | None = None, reason: str = "", **details: Plain) -> None:
        """Journal what happened; it stands or falls with the transaction. Never a password, token or challenge."""


class MdmCommands(Protocol):
    """The queues of iOS devices, inside the transaction."""

    def enqueue(self, command: NewCommand) -> CommandRow:
        """Queue a command, as `contract.Commands.enqueue` does; whoever called `transact` pushes the device."""

    def clear(self, enrollment_key: str, reason: str) -> int:
        """Clear every waiting command of a queue; return how many."""

    def enqueue_parting(self, command: NewCommand) -> CommandRow:
        """Queue the command that takes the MDM profile away: the enrolment is pending an enterprise wipe from now on.

        Its acknowledgement ends the enrolment, as a CheckOut does; any other end of it leaves the device enrolled.
        """


class Completion(Protocol):
    """What completing and ending an enrolment writes down.

    For an iOS device the store does both itself, where it takes in what the device says. An Android device's service
    calls these, after it has changed the record's status.
    """

    def enroll(self, device: DeviceRecord, session: HubSession) -> DeviceRecord:
        """Complete the enrolment that a Hub session at its INSTALL step led to, and return the record as stored.

        Assignment by the session's mode, the owner's registration bound (made when there is none), token used, session
        done, journal told. `device` is on record already and brings its new status.
        """

    def leave(self, device: DeviceRecord, *, wiped: bool = False) -> DeviceRecord:
        """Take note that a device is managed no longer, and return the record as stored: nobody's.

        Its registration stays bound, its wipe under way is done, and a wipe frees it from STAGING_USER_GONE. `device`
        brings its new status.
        """
