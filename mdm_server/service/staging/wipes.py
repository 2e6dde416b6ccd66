"""Enterprise and device wipes: asked for, held back when there are too many, decided, and sent to the device.

A wipe ends a device's management. An iPhone is told to remove its MDM profile, or to erase itself; an Android is given
the operation of that name. It is done when the device says so: until then its status is pending (rows 65 and 66).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from mdm_server.domain.enrollment import MANAGED, EnrollmentEvent, EnrollmentStatus
from mdm_server.domain.enrollment import advance as enrollment_advance
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceLock, DeviceRecord
from mdm_server.domain.staging.group_exit import must_be_wiped
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import GroupTree
from mdm_server.domain.staging.vocabulary import (
    DeviceLockReason,
    ListAttribute,
    ListKind,
    Platform,
)
from mdm_server.domain.staging.wipe_protection import (
    WipeEvent,
    WipeKind,
    WipeRequest,
    WipeState,
    advance,
    must_hold,
)
from mdm_server.service.invitations import PROFILE_IDENTIFIER
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.admission import journal_name
from mdm_server.service.staging.device_facts import DeviceFacts, describe
from mdm_server.service.staging.finding import Key, the_device, the_group
from mdm_server.service.staging.waking import Waker
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import NewCommand
from mdm_server.store.staging import (
    NEW,
    ROOT_GROUP,
    Operation,
    OperationState,
    Staging,
    StagingRoom,
    StagingView,
)
from mdm_server.wire.android_channel import CommandType
from mdm_server.wire.command import build_command

_EVENTS = {
    WipeKind.ENTERPRISE: EnrollmentEvent.ENTERPRISE_WIPE_REQUESTED,
    WipeKind.DEVICE: EnrollmentEvent.ERASE_REQUESTED,
}
_OPERATIONS = {WipeKind.ENTERPRISE: CommandType.ENTERPRISE_WIPE, WipeKind.DEVICE: CommandType.WIPE}


class WipeSource(StrEnum):
    """On whose word a device is wiped, in the vendor's vocabulary."""

    ADMINISTRATOR = "ADMIN_ACTION"
    DENY_LIST = "DEVICE_DENYLIST_ACTION"
    GROUP_EXIT = "DEVICE_SYNC"
    DELETED = "ADMIN_ACTION_DELETE_DEVICE"


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeOrder:
    """A wipe that is wanted. `prevent_reenrollment` denies the device afterwards (staging-flows.md §4 row 41)."""

    kind: WipeKind
    source: WipeSource = WipeSource.ADMINISTRATOR
    prevent_reenrollment: bool = False


Described: TypeAlias = tuple[WipeRequest, DeviceFacts | None]
"""A wipe, and its device."""


class Wipes:
    """Asks for wipes, and decides about those on hold."""

    def __init__(
        self,
        staging: Staging,
        waker: Waker,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._staging = staging
        self._waker = waker
        self._clock = clock
        self._random_bytes = random_bytes

    def begin(self) -> Wiping:
        """Return what a transaction wipes with: the time, and a source of names that draws nothing in there."""
        return Wiping(self._clock(), uuid.UUID(bytes=self._random_bytes(16), version=4))

    async def wake(self, devices: Iterable[DeviceRecord]) -> None:
        """Wake devices that were told to wipe themselves."""
        await self._waker.wake(devices)

    async def request(self, device: Key, order: WipeOrder, facts: RequestFacts = INTERNAL) -> WipeRequest:
        """Ask for a wipe: it is sent, or on hold when there were too many (the state says which).

        Raises Refusal `device.unknown`, `state.not_enrolled`.
        """
        wiping = self.begin()

        def work(room: StagingRoom) -> tuple[WipeRequest, DeviceRecord]:
            record = the_device(room, device)
            return wiping.ask(room, record, order), record

        request, record = await self._staging.transact(work, facts.occasion(wiping.at))
        if request.state is WipeState.SENT:
            await self.wake([record])
        return request

    async def decide(
        self, wipe: int, *, approve: bool, prevent_reenrollment: bool = False, facts: RequestFacts = INTERNAL
    ) -> WipeRequest:
        """Approve or reject a wipe on hold; raises Refusal `wipe.unknown`, `wipe.decided`."""
        wiping = self.begin()

        def work(room: StagingRoom) -> tuple[WipeRequest, DeviceRecord | None]:
            request = room.wipes.get(wipe)
            if request is None:
                raise Refusal("wipe.unknown")
            return wiping.decide(room, request, approve, prevent_reenrollment)

        request, record = await self._staging.transact(work, facts.occasion(wiping.at))
        if record is not None and approve:
            await self.wake([record])
        return request

    async def release(self, group: Key, facts: RequestFacts = INTERNAL) -> list[WipeRequest]:
        """Approve every wipe that is on hold in a group and below it: the lock of its threshold is reset."""
        branch = await self._staging.read(lambda view: view.groups.tree().branch(the_group(view, group).id))
        held = [request for request, _ in await self.all(branch) if request.state is WipeState.ON_HOLD]
        return [await self.decide(request.id, approve=True, facts=facts) for request in reversed(held)]

    async def all(self, groups: Collection[int] | None = None) -> list[Described]:
        """Return the wipes of groups, or all of them, newest first, each with its device."""

        def look(view: StagingView) -> list[Described]:
            found = [(request, view.devices.get(request.device)) for request in view.wipes.all(groups)]
            return [(request, describe(view, device) if device else None) for request, device in found]

        return await self._staging.read(look)

    async def leave_groups(self, facts: RequestFacts = INTERNAL) -> list[WipeRequest]:
        """Look, as a directory sync does, whose user groups allow their devices no longer, and wipe these (row 64)."""
        wiping = self.begin()
        order = WipeOrder(kind=WipeKind.ENTERPRISE, source=WipeSource.GROUP_EXIT)

        def work(room: StagingRoom) -> list[tuple[WipeRequest, DeviceRecord]]:
            tree = room.groups.tree()
            leaving = [device for device in _managed(room) if _left(room, tree, device)]
            return [(wiping.ask(room, device, order), device) for device in leaving]

        asked = await self._staging.transact(work, facts.occasion(wiping.at))
        await self.wake(device for request, device in asked if request.state is WipeState.SENT)
        return [request for request, _ in asked]


@dataclass(frozen=True, slots=True)
class Wiping:
    """What wipes inside one transaction."""

    at: datetime
    names: uuid.UUID
    """The namespace of the names of commands: drawn before the transaction, for nothing is drawn in it."""

    def ask(self, room: StagingRoom, device: DeviceRecord, order: WipeOrder, *, hold: bool = True) -> WipeRequest:
        """Ask for a wipe of a managed device; one that is under way already stays as it is, or becomes the larger.

        With `hold` False the threshold does not count: a denied device goes, however many go with it.
        """
        if device.status not in MANAGED:
            raise Refusal("state.not_enrolled", reason=device.status)
        group = device.group or ROOT_GROUP
        under_way = room.wipes.open_of_device(device.id)
        if under_way is not None and under_way.state is WipeState.ON_HOLD and not hold:
            return self.decide(room, under_way, True, order.prevent_reenrollment)[0]
        if under_way is not None and _covers(under_way, device, order):
            return under_way
        held = hold and self._must_hold(room, group)
        state = WipeState.ON_HOLD if held else WipeState.SENT
        request = under_way and replace(under_way, kind=order.kind, state=state, requested_at=self.at)
        if request is None:
            request = room.wipes.add(WipeRequest(NEW, device.id, group, order.kind, state, self.at, order.source))
        else:
            room.wipes.replace(request)
        name = journal_name(device)
        room.journal.tell(JournalCode.WIPE_REQUESTED, device=name, reason=order.kind, by=order.source)
        if held:
            room.journal.tell(JournalCode.WIPE_ON_HOLD, device=name, reason=order.kind)
        else:
            self._send(room, device, request, order.prevent_reenrollment)
        return request

    def decide(
        self, room: StagingRoom, request: WipeRequest, approve: bool, prevent_reenrollment: bool = False
    ) -> tuple[WipeRequest, DeviceRecord | None]:
        """Approve or reject a wipe on hold; raises Refusal `wipe.decided`."""
        event = WipeEvent.APPROVE if approve else WipeEvent.REJECT
        decided = advance(request, event, self.at, WipeSource.ADMINISTRATOR)
        device = room.devices.get(request.device)
        room.wipes.replace(decided)
        code = JournalCode.WIPE_APPROVED if approve else JournalCode.WIPE_REJECTED
        room.journal.tell(code, device=journal_name(device), reason=request.kind)
        if approve and device is not None and device.status in MANAGED:
            self._send(room, device, decided, prevent_reenrollment)
        return decided, device

    def lock(self, room: StagingRoom, device: DeviceRecord, reason: DeviceLockReason) -> None:
        """Lock a device; a lock that is there stays."""
        current = room.devices.get(device.id)
        if current is None or current.lock is not None:
            return
        room.devices.replace(replace(current, lock=DeviceLock(reason, self.at)))
        room.journal.tell(JournalCode.LOCK_SET, device=journal_name(current), reason=reason)

    def _must_hold(self, room: StagingRoom, group: int) -> bool:
        tree = room.groups.tree()
        threshold = tree.settings(group).wipe_threshold
        if threshold is None:
            return False
        since = self.at - timedelta(minutes=threshold.minutes)
        return must_hold(room.wipes.recent(_counted_together(tree, group), since), threshold, self.at)

    def _send(self, room: StagingRoom, device: DeviceRecord, request: WipeRequest, prevent: bool) -> None:
        name = str(uuid.uuid5(self.names, f"{device.id} {request.kind}"))
        if device.platform is Platform.ANDROID:
            operation = _OPERATIONS[request.kind]
            room.android.add_operation(Operation(NEW, device.id, name, operation, {}, OperationState.QUEUED, self.at))
        else:
            _queue(room, device, request.kind, name.upper())
        current = room.devices.get(device.id) or device
        status = enrollment_advance(device.status, _EVENTS[request.kind])
        if current.status is not status:
            room.devices.replace(replace(current, status=status))
        settings = room.groups.tree().settings(device.group or ROOT_GROUP)
        if prevent or settings.prevent_reenrollment:
            self._prevent(room, device)

    def _prevent(self, room: StagingRoom, device: DeviceRecord) -> None:
        """Deny a device from now on: by its serial number, or what else it is known by."""
        named = {
            ListAttribute.SERIAL_NUMBER: device.identifiers.serial_number,
            ListAttribute.UDID: device.identifiers.udid,
            ListAttribute.IMEI: device.identifiers.imei,
        }
        attribute, value = next(((name, value) for name, value in named.items() if value), (None, None))
        group = room.groups.tree().customer(device.group or ROOT_GROUP).id
        on_list = room.lists.for_identifiers(device.identifiers, None)
        if attribute and value and not any(entry.kind is ListKind.DENY for entry in on_list):
            room.lists.add(ListEntry(NEW, ListKind.DENY, attribute, value, group))
            room.journal.tell(JournalCode.LIST_DENIED, device=journal_name(device), reason="prevent_reenrollment")
        self.lock(room, device, DeviceLockReason.REENROLL_PREVENTED)


def _covers(under_way: WipeRequest, device: DeviceRecord, order: WipeOrder) -> bool:
    """Say whether a wipe that is under way does what is asked for: no less, and the device has not failed at it."""
    failed = under_way.state is WipeState.SENT and device.status is EnrollmentStatus.ENROLLED
    return not failed and (under_way.kind is WipeKind.DEVICE or order.kind is WipeKind.ENTERPRISE)


def _queue(room: StagingRoom, device: DeviceRecord, kind: WipeKind, command_uuid: str) -> None:
    """Queue Apple's command for a wipe: RemoveProfile of the enrolment profile, or EraseDevice."""
    assert device.enrollment_key is not None, "a managed device has an enrolment"
    if kind is WipeKind.ENTERPRISE:
        raw = build_command("RemoveProfile", {"Identifier": PROFILE_IDENTIFIER}, command_uuid)
        room.commands.enqueue_parting(NewCommand(device.enrollment_key, command_uuid, "RemoveProfile", raw))
    else:
        raw = build_command("EraseDevice", {}, command_uuid)
        room.commands.enqueue(NewCommand(device.enrollment_key, command_uuid, "EraseDevice", raw))


def _counted_together(tree: GroupTree, group: int) -> tuple[int, ...]:
    """Return the groups whose wipes count together: the branch of the nearest group that sets the threshold."""
    line = tree.ancestors(group)
    return tree.branch(next((each for each in line if "wipe_threshold" in each.overrides), line[-1]).id)


def _managed(room: StagingRoom) -> list[DeviceRecord]:
    found: list[DeviceRecord] = []
    while page := room.devices.search(statuses=MANAGED, offset=len(found)).rows:
        found += page
    return found


def _left(room: StagingRoom, tree: GroupTree, device: DeviceRecord) -> bool:
    """Say whether the one who has a device is in no group any more that allows it."""
    user = None if device.assignment.user is None else room.users.get(device.assignment.user)
    return user is not None and must_be_wiped(user, tree.settings(device.group or ROOT_GROUP))
