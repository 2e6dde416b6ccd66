"""Staging: which device is expected for whom, which may come, whose each is, what locks it, and its end."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.vocabulary import AssignmentState, ListAttribute, ListKind, Ownership, Platform
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.staging.device_commands import DeviceCommand
from mdm_server.service.staging.finding import key_of
from mdm_server.service.staging.lists import ListOrder
from mdm_server.service.staging.registrations import RegistrationOrder
from mdm_server.service.staging.views import (
    ListEntryView,
    RegistrationView,
    StagedDeviceView,
    WipeView,
    list_entry_view,
    registration_view,
    staged_device_view,
    wipe_view,
)
from mdm_server.service.staging.wipes import WipeOrder
from mdm_server.web.operations import Desk, Operations
from mdm_server.web.subjects.parameters import Key, Limit, Number, Offset

staging = Operations("Staging", "Registrations, lists, whose each device is, what locks it, and wipes.")

Identifier = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(max_length=256)]


class Identifiers(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a device is recognized by; one is enough."""

    udid: Identifier | None = None
    serial_number: Identifier | None = None
    imei: Identifier | None = None

    def for_service(self) -> DeviceIdentifiers:
        """Say the same in the words of the domain."""
        return DeviceIdentifiers(self.udid, self.serial_number, self.imei)


class NewRegistration(Identifiers, kw_only=True, forbid_unknown_fields=True):
    """A device to register to a user; without identifiers, the user's next one of the platform."""

    user: Key
    group: Key | None = None
    platform: Platform | None = None
    ownership: Ownership = Ownership.UNDEFINED
    friendly_name: Text = ""


class NewListEntries(Struct, kw_only=True, forbid_unknown_fields=True):
    """Devices to put on a list."""

    kind: ListKind
    attribute: ListAttribute
    values: Annotated[list[Identifier], Meta(description="Identifiers, 30 at most, or platforms.")]
    group: Key = "1"
    ownership: Ownership | None = None
    enrollment_group: Key | None = None


class NewOwner(Struct, forbid_unknown_fields=True):
    """Who shall have a device."""

    user: Key


class NewWipe(Struct, kw_only=True, forbid_unknown_fields=True):
    """A wipe that is wanted."""

    kind: WipeKind
    prevent_reenrollment: Annotated[bool, Meta(description="Deny the device afterwards.")] = False


class NewCommand(Struct, forbid_unknown_fields=True):
    """A command in the console's words."""

    command: DeviceCommand


class Approval(Struct, kw_only=True, forbid_unknown_fields=True):
    """How a wipe on hold is approved."""

    prevent_reenrollment: bool = False


class RegistrationPage(Struct):
    """Some registrations, and how many there are."""

    registrations: list[RegistrationView]
    total: int


class ListEntries(Struct):
    """Entries of the allow and deny lists."""

    entries: list[ListEntryView]


class StagedDevicePage(Struct):
    """Some devices, and how many there are."""

    devices: list[StagedDeviceView]
    total: int


class Wipes(Struct):
    """Wipes, newest first."""

    wipes: list[WipeView]


class Forgotten(Struct):
    """How many Hub sessions were forgotten."""

    sessions: int


class Sent(Struct):
    """What was queued: nothing, when a device was only woken."""

    queued: str | None


# --- registrations and lists -----------------------------------------------------------------------------------------


@staging.get("/registrations")
async def search_registrations(
    desk: Desk, text: Text | None = None, user: Key | None = None, limit: Limit = 100, offset: Offset = 0
) -> RegistrationPage:
    """Search registrations.

    By part of an identifier or name, or by user.
    """
    found = await desk.suite.staging.registrations.search(
        text=text, user=None if user is None else key_of(user), limit=limit, offset=offset
    )
    return RegistrationPage([registration_view(*each) for each in found], found.total)


@staging.post("/registrations", status=201, refusals=(404, 409))
async def register_device(desk: Desk, body: NewRegistration) -> RegistrationView:
    """Register a device to a user.

    The token, where the group asks for tokens, is in this answer and nowhere else.
    """
    order = RegistrationOrder(
        user=key_of(body.user),
        group=None if body.group is None else key_of(body.group),
        platform=body.platform,
        identifiers=body.for_service(),
        ownership=body.ownership,
        friendly_name=body.friendly_name,
    )
    registered = await desk.suite.staging.registrations.register(order, desk.facts)
    user = await desk.suite.staging.users.find(order.user)
    return registration_view(registered.registration, user, registered.token)


@staging.get("/registrations/{registration}", refusals=(404,))
async def show_registration(desk: Desk, registration: Key) -> RegistrationView:
    """Show a registration."""
    return registration_view(*await desk.suite.staging.registrations.find(key_of(registration)))


@staging.delete("/registrations/{registration}", status=204, refusals=(404,))
async def delete_registration(desk: Desk, registration: Key) -> None:
    """Delete a registration.

    The lock it set is released.
    """
    await desk.suite.staging.registrations.delete(key_of(registration), desk.facts)


@staging.post("/registrations/{registration}/reset-token", refusals=(404,))
async def reset_token(desk: Desk, registration: Key) -> RegistrationView:
    """Give a registration a new token."""
    registered = await desk.suite.staging.registrations.reset_token(key_of(registration), desk.facts)
    _, user = await desk.suite.staging.registrations.find(registered.registration.id)
    return registration_view(registered.registration, user, registered.token)


@staging.post("/registrations/{registration}/revoke-token", refusals=(404,))
async def revoke_token(desk: Desk, registration: Key) -> RegistrationView:
    """Revoke the token of a registration."""
    revoked = await desk.suite.staging.registrations.revoke_token(key_of(registration), desk.facts)
    return registration_view(*await desk.suite.staging.registrations.find(revoked.id))


@staging.get("/list-entries")
async def list_entries(desk: Desk, kind: ListKind | None = None) -> ListEntries:
    """List what is allowed and denied."""
    return ListEntries([list_entry_view(entry) for entry in await desk.suite.staging.lists.all(kind)])


@staging.post("/list-entries", status=201, refusals=(404, 409))
async def add_list_entries(desk: Desk, body: NewListEntries) -> ListEntries:
    """Allow or deny devices.

    An enrolled device that is denied loses its management and is locked.
    """
    order = ListOrder(
        kind=body.kind,
        attribute=body.attribute,
        values=body.values,
        group=key_of(body.group),
        ownership=body.ownership,
        enrollment_group=None if body.enrollment_group is None else key_of(body.enrollment_group),
    )
    return ListEntries([list_entry_view(entry) for entry in await desk.suite.staging.lists.add(order, desk.facts)])


@staging.delete("/list-entries/{entry}", status=204, refusals=(404,))
async def remove_list_entry(desk: Desk, entry: Number) -> None:
    """Take an entry off its list.

    Devices that nothing denies any more are free.
    """
    await desk.suite.staging.lists.remove(entry, desk.facts)


# --- devices ---------------------------------------------------------------------------------------------------------


@staging.get("/staging/devices")
async def search_staged_devices(
    desk: Desk,
    text: Text | None = None,
    status: EnrollmentStatus | None = None,
    assignment: AssignmentState | None = None,
    platform: Platform | None = None,
    locked: bool | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> StagedDevicePage:
    """Search devices as staging sees them.

    By whose they are, whether they are locked, and part of an identifier or name.
    """
    found = await desk.suite.staging.devices.search(
        text=text,
        statuses=() if status is None else (status,),
        assignments=() if assignment is None else (assignment,),
        platform=platform,
        locked=locked,
        limit=limit,
        offset=offset,
    )
    return StagedDevicePage([staged_device_view(each) for each in found], found.total)


@staging.get("/staging/devices/{device}", refusals=(404,))
async def show_staged_device(desk: Desk, device: Key) -> StagedDeviceView:
    """Show a device as staging sees it.

    By its number, its UUID, or the key of its enrolment.
    """
    return staged_device_view(await desk.suite.staging.devices.find(key_of(device)))


@staging.post("/staging/devices/{device}/unlock", refusals=(404,))
async def unlock_device(desk: Desk, device: Key) -> StagedDeviceView:
    """Release the lock of a device.

    What set it may set it again: see the device's explanation for what that is.
    """
    unlocked = await desk.suite.staging.devices.unlock(key_of(device), desk.facts)
    return staged_device_view(await desk.suite.staging.devices.find(unlocked.id))


@staging.post("/staging/devices/{device}/assign", refusals=(404, 409))
async def assign_device(desk: Desk, device: Key, body: NewOwner) -> StagedDeviceView:
    """Give a staged device to a user.

    With its staging user, a shared device is taken back.
    """
    given = await desk.suite.staging.assignments.assign(key_of(device), key_of(body.user), desk.facts)
    return staged_device_view(given)


@staging.post("/staging/devices/{device}/command", refusals=(404, 409))
async def send_console_command(desk: Desk, device: Key, body: NewCommand) -> Sent:
    """Send a command in the console's words.

    Each platform has its own for it.
    """
    return Sent(await desk.suite.staging.commands.send(key_of(device), body.command, desk.facts))


@staging.post("/staging/devices/{device}/wipe", status=201, refusals=(404, 409))
async def wipe_device(desk: Desk, device: Key, body: NewWipe) -> WipeView:
    """Wipe a device.

    Altogether, or only what is the organization's on it. The state is `OnHold` when there were too many wipes: then it
    waits for an administrator.
    """
    order = WipeOrder(kind=body.kind, prevent_reenrollment=body.prevent_reenrollment)
    request = await desk.suite.staging.wipes.request(key_of(device), order, desk.facts)
    return wipe_view(request, await desk.suite.staging.devices.find(request.device))


@staging.delete("/staging/devices/{device}", status=204, refusals=(404, 409))
async def delete_staged_device(desk: Desk, device: Key) -> None:
    """Delete a device.

    Its management ends; its registration and its lock stay.
    """
    await desk.suite.staging.devices.delete(key_of(device), desk.facts)


@staging.post("/attempts/reset")
async def reset_device_attempts(desk: Desk, body: Identifiers) -> Forgotten:
    """Forget a device's failed logins.

    Its Hub sessions, too; the device need not be on record.
    """
    return Forgotten(await desk.suite.staging.devices.reset_attempts(body.for_service(), desk.facts))


# --- wipes -----------------------------------------------------------------------------------------------------------


@staging.get("/wipes")
async def list_wipes(desk: Desk) -> Wipes:
    """List wipes."""
    return Wipes([wipe_view(*each) for each in await desk.suite.staging.wipes.all()])


@staging.post("/wipes/{wipe}/approve", refusals=(404, 409))
async def approve_wipe(desk: Desk, wipe: Number, body: Approval) -> WipeView:
    """Approve a wipe on hold."""
    decided = await desk.suite.staging.wipes.decide(
        wipe, approve=True, prevent_reenrollment=body.prevent_reenrollment, facts=desk.facts
    )
    return wipe_view(decided, None)


@staging.post("/wipes/{wipe}/reject", refusals=(404, 409))
async def reject_wipe(desk: Desk, wipe: Number) -> WipeView:
    """Reject a wipe on hold."""
    return wipe_view(await desk.suite.staging.wipes.decide(wipe, approve=False, facts=desk.facts), None)


@staging.post("/directory-sync")
async def sync_directory(desk: Desk) -> Wipes:
    """Do as a directory sync does.

    Wipe the devices of those who left the user groups that may enrol, where a group's settings say so.
    """
    return Wipes([wipe_view(request, None) for request in await desk.suite.staging.wipes.leave_groups(desk.facts)])
