"""The allow list and the deny list: what goes on them, and what a denial does to a device that is here already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.device_lock import LockEvent
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.lists import ListEntry, check_identifiers, list_verdict
from mdm_server.domain.staging.vocabulary import DeviceLockReason, ListAttribute, ListKind, Ownership, Platform
from mdm_server.domain.staging.wipe_protection import WipeKind
from mdm_server.service.abm.inventory import Messenger, look_at
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.adopting import Adoption, adopt
from mdm_server.service.staging.finding import Key, the_group
from mdm_server.service.staging.locks import release_devices
from mdm_server.service.staging.readable import check_readable
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import WipeOrder, Wipes, WipeSource
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.staging import NEW, ROOT_GROUP, Staging, StagingRoom

UNENROLL = WipeOrder(kind=WipeKind.ENTERPRISE, source=WipeSource.DENY_LIST)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrder:
    """Devices to put on a list: by identifiers, 30 at most, or a whole platform.

    `ownership` and `enrollment_group` are applied to allowed devices when they enrol. `group` None is the root.
    """

    kind: ListKind
    attribute: ListAttribute
    values: Sequence[str]
    group: Key | None = None
    ownership: Ownership | None = None
    enrollment_group: Key | None = None


class Lists:
    """Keeps the allow list and the deny list."""

    def __init__(
        self,
        staging: Staging,
        adoption: Adoption,
        wipes: Wipes,
        waker: Waker,
        tell_apple: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._staging = staging
        self._adoption = adoption
        self._wipes = wipes
        self._waker = waker
        self._tell_apple = tell_apple
        self._clock = clock

    async def all(self, kind: ListKind | None = None) -> list[ListEntry]:
        """Return the entries of a list, or of both."""
        return list(await self._staging.read(lambda view: view.lists.all(kind)))

    async def add(self, order: ListOrder, facts: RequestFacts = INTERNAL) -> list[ListEntry]:
        """Put devices on a list; an enrolled device that is denied loses its management and is locked (T4, row 19).

        A denied device of Apple Business Manager loses its DEP profile, there too (row 49).
        Raises Refusal `api.invalid` (more than 30 identifiers, an unknown platform), `group.unknown`, `api.conflict`.
        """
        values = _checked(order)
        enrolled = await self._adoption.find(_named_by(order, values))
        wiping = self._wipes.begin()

        def work(room: StagingRoom) -> tuple[list[ListEntry], list[DeviceRecord], set[int]]:
            adopt(room, enrolled)
            group = ROOT_GROUP if order.group is None else the_group(room, order.group).id
            leads_to = None if order.enrollment_group is None else the_group(room, order.enrollment_group).id
            entries = [
                room.lists.add(ListEntry(NEW, order.kind, order.attribute, value, group, order.ownership, leads_to))
                for value in values
            ]
            for entry in entries:
                _tell(room, JournalCode.LIST_DENIED if order.kind is ListKind.DENY else JournalCode.LIST_ALLOWED, entry)
            denied = _named(room, entries) if order.kind is ListKind.DENY else []
            for device in denied:
                if device.status in MANAGED:
                    wiping.ask(room, device, UNENROLL, hold=False)
                wiping.lock(room, device, DeviceLockReason.DEVICE_DENYLISTED)
            return entries, denied, look_at(room, _serial_numbers(entries), wiping.at)

        entries, denied, tokens = await self._staging.transact(work, facts.occasion(wiping.at))
        await self._waker.wake(denied)
        await self._tell_apple(tokens)
        return entries

    async def remove(self, entry_id: int, facts: RequestFacts = INTERNAL) -> None:
        """Take an entry off its list; a device that nothing denies any more is free (T5); raises `list.unknown`."""
        now = self._clock()

        def work(room: StagingRoom) -> tuple[list[DeviceRecord], set[int]]:
            entry = room.lists.get(entry_id)
            if entry is None:
                raise Refusal("list.unknown")
            devices = _named(room, [entry])
            room.lists.remove(entry_id)
            _tell(room, JournalCode.LIST_REMOVED, entry)
            if entry.kind is not ListKind.DENY:
                return [], set()
            free = [device for device in devices if not _denied(room, device)]
            released = release_devices(room, free, LockEvent.REMOVE_FROM_DENY_LIST)
            return released, look_at(room, _serial_numbers([entry]), now, arrived=True)

        released, tokens = await self._staging.transact(work, facts.occasion(now))
        await self._waker.wake(released)
        await self._tell_apple(tokens)


def _checked(order: ListOrder) -> Sequence[str]:
    if order.attribute is not ListAttribute.PLATFORM:
        for value in order.values:
            check_readable(values=value)
        return check_identifiers(order.values)
    known = {platform.casefold(): platform for platform in Platform}
    unknown = [value for value in order.values if value.strip().casefold() not in known]
    if unknown or not order.values:
        detail = f"values: expected {' or '.join(Platform)}, found {unknown[0][:50]!r}" if unknown else "values: none"
        raise DetailedRefusal("api.invalid", reason="platform", detail=detail)
    return [known[value.strip().casefold()] for value in dict.fromkeys(order.values)]


def _serial_numbers(entries: Sequence[ListEntry]) -> list[str]:
    return [entry.value for entry in entries if entry.attribute is ListAttribute.SERIAL_NUMBER]


def _named(room: StagingRoom, entries: Sequence[ListEntry]) -> list[DeviceRecord]:
    """Return the devices on record that entries are about: in the group of an entry, or below it."""
    tree = room.groups.tree()
    found: dict[int, DeviceRecord] = {}
    for entry in entries:
        for device in _candidates(room, entry):
            within = tree.is_within(device.group or ROOT_GROUP, entry.group)
            if within and entry.names(device.identifiers, device.platform):
                found[device.id] = device
    return list(found.values())


def _candidates(room: StagingRoom, entry: ListEntry) -> Sequence[DeviceRecord]:
    identifiers = _identifiers(entry.attribute, entry.value)
    if identifiers:
        return room.devices.by_identifiers(identifiers)
    found: list[DeviceRecord] = []
    while page := room.devices.search(platform=Platform(entry.value), offset=len(found)).rows:
        found += page
    return found


def _named_by(order: ListOrder, values: Sequence[str]) -> list[DeviceIdentifiers]:
    """Return what a denial names; allowing a device changes nothing for one that is here already."""
    return [_identifiers(order.attribute, value) for value in values] if order.kind is ListKind.DENY else []


def _identifiers(attribute: ListAttribute, value: str) -> DeviceIdentifiers:
    """Return an identifier as the domain has it; of a platform there is none."""
    name = {ListAttribute.UDID: "udid", ListAttribute.SERIAL_NUMBER: "serial_number", ListAttribute.IMEI: "imei"}
    return DeviceIdentifiers(**{name[attribute]: value}) if attribute in name else DeviceIdentifiers()


def _denied(room: StagingRoom, device: DeviceRecord) -> bool:
    """Say whether something denies a device still."""
    above = [group.id for group in room.groups.tree().ancestors(device.group or ROOT_GROUP)]
    entries = room.lists.for_identifiers(device.identifiers, device.platform, above)
    return list_verdict(entries, device.identifiers, device.platform).denied is not None


_NAMED = {ListAttribute.UDID: "udid", ListAttribute.SERIAL_NUMBER: "serial", ListAttribute.IMEI: "imei"}
"""What the journal calls the identifiers of devices."""


def _tell(room: StagingRoom, code: JournalCode, entry: ListEntry) -> None:
    group = room.groups.get(entry.group)
    told = {"list": entry.kind.value, "group": group.group_id if group else ""}
    told |= {_NAMED[entry.attribute]: entry.value} if entry.attribute in _NAMED else {"platform": entry.value}
    room.journal.tell(code, reason=entry.attribute, **told)
