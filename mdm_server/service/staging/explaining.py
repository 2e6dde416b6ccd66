"""Explaining a device to an administrator: its records and its journal, told in sentences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord, normal_identifier
from mdm_server.domain.staging.explanation import Explanation, explain
from mdm_server.domain.staging.journal_names import DeviceNames, nearest_name
from mdm_server.domain.staging.lists import list_verdict
from mdm_server.domain.staging.registration import find_registration
from mdm_server.domain.staging.standing import Standing, standing_of
from mdm_server.domain.staging.wipe_protection import WipeState
from mdm_server.service.refusals import DetailedRefusal
from mdm_server.store.contract import Store
from mdm_server.store.records import EnrollmentRow, JournalEvent
from mdm_server.store.staging import ROOT_GROUP, StagingView

UNNAMED_FAMILIES = ("hub.", "list.", "login.", "registration.")
"""Codes that may tell of a device before there is a record of it: then the entry names it by its serial number."""
PAGE = 500
MOST_PAGES = 20
"""Pages of the journal that are read for each name and each family, the newest first: an explanation that nobody could
read to its end is not worth the wait."""
REACH = 50_000
"""How far back entries are looked for that name a device only by its serial number: no index leads to them, and whoever
else asks the server something waits meanwhile (50,000 take 20 ms)."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the records say of a device."""

    title: str
    names: DeviceNames
    standing: Standing


class Explaining:
    """Says why a device is as it is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def explain(self, device: str) -> Explanation:
        """Explain the device with this UDID, serial number, IMEI, number or name.

        Raises Refusal `device.unknown`, with the nearest name there is.
        """
        known = await self._store.staging.read(lambda view: _know(view, device)) or await self._enrolled(device)
        return explain(known.title, known.standing, await self._entries(known.names))

    async def _enrolled(self, device: str) -> _Known:
        """Return what is known of a device that enrolled with a profile alone, of which staging knows nothing."""
        given = list(await self._store.staging.read(lambda view: [*_all_names(view)]))
        wanted = normal_identifier(device)
        async for row in self._enrollments():
            names = _enrollment_names(row)
            if wanted in map(normal_identifier, names):
                title = f"{names[-1]} ({row.serial_number or row.channel.key})"
                return _Known(title, DeviceNames((row.channel.key,)), Standing(status=row.status))
            given.extend(names)
        raise DetailedRefusal("device.unknown", detail=_not_found(device, nearest_name(given, device)))

    async def _enrollments(self) -> AsyncIterator[EnrollmentRow]:
        after = ""
        for _ in range(MOST_PAGES):
            page = await self._store.enrollments.list(after=after, limit=PAGE)
            for row in page:
                if row.channel.is_device:
                    yield row
            if len(page) < PAGE:
                return
            after = page[-1].channel.key

    async def _entries(self, names: DeviceNames) -> Sequence[JournalEvent]:
        """Return the entries about a device, in order."""
        found: dict[int, JournalEvent] = {}
        for name in names.names:
            found |= {entry.sequence: entry for entry in await self._newest(device=name)}
        newest = await self._store.journal.list(newest_first=True, limit=1)
        oldest = newest[0].sequence - REACH if newest else 0
        for family in UNNAMED_FAMILIES:
            told = await self._newest(code=family, after=max(0, oldest))
            found |= {entry.sequence: entry for entry in told if names.concerns(entry)}
        return [found[sequence] for sequence in sorted(found)]

    async def _newest(
        self, *, device: str | None = None, code: str | None = None, after: int = 0
    ) -> Sequence[JournalEvent]:
        found: list[JournalEvent] = []
        before: int | None = None
        for _ in range(MOST_PAGES):
            page = await self._store.journal.list(
                device=device, code=code, newest_first=True, limit=PAGE, after=after, before=before
            )
            found.extend(page)
            if len(page) < PAGE:
                break
            before = page[-1].sequence
            await asyncio.sleep(0)  # between two pages others have their turn
        return found


def _know(view: StagingView, text: str) -> _Known | None:
    """Return what the records of staging say of a device."""
    record = _find(view, text)
    if record is None:
        return None
    tree = view.groups.tree()
    group = record.group or ROOT_GROUP
    registrations = [*view.registrations.of_device(record.id), *view.registrations.for_identifiers(record.identifiers)]
    above = [ancestor.id for ancestor in tree.ancestors(group)]
    entries = view.lists.for_identifiers(record.identifiers, record.platform, above)
    wipe = view.wipes.open_of_device(record.id)

    def name_of(number: int | None) -> str | None:
        user = None if number is None else view.users.get(number)
        return None if user is None else user.user_name

    standing = standing_of(
        record,
        name_of,
        registration=find_registration(registrations, record.identifiers),
        mismatch_lock=tree.settings(group).reg_mismatch_lock,
        denied=list_verdict(entries, record.identifiers, record.platform).denied is not None,
        wipe_on_hold=wipe is not None and wipe.state is WipeState.ON_HOLD,
    )
    return _Known(_title(record), DeviceNames((*_journal_names(record), *_identifiers(record))), standing)


def _find(view: StagingView, text: str) -> DeviceRecord | None:
    """Find a device by whatever somebody calls it: what is printed on it counts before what only we know."""
    wanted = text.strip()
    for identifiers in (
        DeviceIdentifiers(udid=wanted),
        DeviceIdentifiers(serial_number=wanted),
        DeviceIdentifiers(imei=wanted),
    ):
        if identified := view.devices.by_identifiers(identifiers):
            return identified[0]
    number = wanted.removeprefix("device:")
    if number.isascii() and number.isdecimal() and len(number) <= 18 and (numbered := view.devices.get(int(number))):
        return numbered
    keyed = view.devices.by_enrollment_key(wanted) or view.devices.by_uuid(wanted.lower())
    if keyed is not None or not wanted:
        return keyed
    called = [each for each in view.devices.search(text=wanted) if each.friendly_name.casefold() == wanted.casefold()]
    return called[0] if called else None


def _journal_names(record: DeviceRecord) -> Iterable[str]:
    """Return the names under which the journal knows a device: its enrolment, and its number before that."""
    return (*((record.enrollment_key,) if record.enrollment_key else ()), f"device:{record.id}")


def _identifiers(record: DeviceRecord) -> Iterable[str]:
    known = (record.identifiers.udid, record.identifiers.serial_number, record.identifiers.imei)
    return tuple(identifier for identifier in known if identifier)


def _all_names(view: StagingView) -> Iterator[str]:
    """Yield what there is to call devices by: those of one page, which is all that a hint is worth."""
    for record in view.devices.search():
        yield from _identifiers(record)
        if record.friendly_name:
            yield record.friendly_name


def _enrollment_names(row: EnrollmentRow) -> Sequence[str]:
    """Return what an enrolment can be called by: its UDID, its serial number, and last what its person named it."""
    known = (row.channel.key, row.serial_number, row.details.get("DeviceName"))
    return [name for name in known if isinstance(name, str) and name]


def _title(record: DeviceRecord) -> str:
    """Return what the device is called in the first sentence."""
    called = record.friendly_name or record.model or f"{record.platform} device"
    printed = record.identifiers.serial_number or record.identifiers.udid or record.identifiers.imei
    return f"{called} ({printed})" if printed else f"{called} (number {record.id})"


def _not_found(text: str, nearest: str | None) -> str:
    return f"{text!r}; did you mean {nearest!r}?" if nearest else f"{text!r}, and nothing like it"
