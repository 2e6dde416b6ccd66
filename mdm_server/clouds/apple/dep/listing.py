"""Which devices there are: all of them by fetch, what changed by sync, some by their serial numbers.

https://developer.apple.com/documentation/devicemanagement/get-a-list-of-devices
https://developer.apple.com/documentation/devicemanagement/sync-the-list-of-devices
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from mdm_server.clouds.apple.business_manager.program import Page, Program
from mdm_server.clouds.apple.dep.asking import Asking, named
from mdm_server.clouds.apple.dep.cursors import Cursor, Cursors, Walk
from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.wire.dep import (
    DepDevice,
    DepErrorCode,
    DevicesReply,
    DevicesRequest,
    DisownReply,
    FetchReply,
    FetchRequest,
    ResponseStatus,
    SyncRequest,
)

FIRST_WITH_SYSTEMS = 2
FIRST_WITH_IPADOS = 7
FIRST_WITH_MIGRATION = 8


class Listing:
    """Answers about devices."""

    def __init__(
        self, program: Program, cursors: Cursors, settings: DepSettings, clock: Callable[[], datetime]
    ) -> None:
        self._program = program
        self._cursors = cursors
        self._settings = settings
        self._clock = clock

    def fetch(self, asking: Asking) -> FetchReply:
        """Return a page of all devices; when there are no more, the next thing to do is a sync."""
        request, now = asking.read(FetchRequest), self._clock()
        if request.cursor:
            cursor = self._cursors.read(request.cursor, asking.server, now)
        else:
            newest = self._program.newest()
            cursor = Cursor(walk=Walk.FETCH, server=asking.server, since=newest, position=0, issued=now)
        if cursor.walk is Walk.FETCHED:
            raise DepApiError(DepErrorCode.EXHAUSTED_CURSOR, "all devices were fetched")
        page = self._program.page(
            asking.server, behind=cursor.position, until=cursor.since, limit=self._limit(request.limit)
        )
        walk = Walk.FETCH if page.more else Walk.FETCHED
        return self._reply(asking, page, walk, since=cursor.since, position=page.end)

    def sync(self, asking: Asking) -> FetchReply:
        """Return a page of changes since a cursor of a fetch that is over, or of a sync."""
        request = asking.read(SyncRequest)
        if not request.cursor:
            raise DepApiError(DepErrorCode.CURSOR_REQUIRED, "no cursor")
        cursor = self._cursors.read(request.cursor, asking.server, self._clock())
        if cursor.walk is Walk.FETCH:
            raise DepApiError(DepErrorCode.INVALID_CURSOR, "its fetch is not over")
        page = self._program.changes(asking.server, behind=cursor.since, limit=self._limit(request.limit))
        return self._reply(asking, page, Walk.FETCHED, since=page.end, position=0)

    def details(self, asking: Asking) -> DevicesReply:
        """Return particular devices."""
        serials = named(asking.read(DevicesRequest).devices, self._settings.page_limit)
        found = self._program.details(asking.server, serials)
        return DevicesReply({serial: _as_spoken(device, asking.version) for serial, device in found.items()})

    def details_failing(self, asking: Asking, status: ResponseStatus) -> DevicesReply:
        """Say of every device that it could not be looked up."""
        serials = named(asking.read(DevicesRequest).devices, self._settings.page_limit)
        return DevicesReply({each: DepDevice(serial_number=each, response_status=status) for each in serials})

    def disown(self, asking: Asking) -> DisownReply:
        """Take devices out of the organization for good."""
        serials = named(asking.read(DevicesRequest).devices, self._settings.page_limit)
        return DisownReply(self._program.disown(asking.server, serials))

    def disown_failing(self, asking: Asking, status: ResponseStatus) -> DisownReply:
        """Say of every device that it was not disowned."""
        serials = named(asking.read(DevicesRequest).devices, self._settings.page_limit)
        return DisownReply(dict.fromkeys(serials, status))

    def _limit(self, wanted: int | None) -> int:
        """Return how many devices a page has: what was asked for, within what there is."""
        if not wanted:
            return self._settings.usual_limit
        if wanted < 0:
            raise DepApiError(DepErrorCode.MALFORMED_REQUEST_BODY, f"expected a limit above zero, found {wanted}")
        return min(wanted, self._settings.page_limit)

    def _reply(self, asking: Asking, page: Page, walk: Walk, *, since: int, position: int) -> FetchReply:
        now = self._clock()
        cursor = Cursor(walk=walk, server=asking.server, since=since, position=position, issued=now)
        devices = page.devices
        if asking.version < FIRST_WITH_MIGRATION:
            devices = tuple(_as_spoken(device, asking.version) for device in devices)
        return FetchReply(
            cursor=self._cursors.write(cursor),
            devices=devices,
            fetched_until=now.replace(microsecond=0),
            more_to_follow=page.more,
        )


def _as_spoken(device: DepDevice, version: int) -> DepDevice:
    """Return a device as an older version of the protocol has it."""
    changes: dict[str, str | None] = {}
    if version < FIRST_WITH_SYSTEMS:
        changes = {"os": None, "device_family": None}
    elif version < FIRST_WITH_IPADOS and device.os == "iPadOS":
        changes = {"os": "iOS"}
    if version < FIRST_WITH_MIGRATION and device.mdm_migration_deadline is not None:
        changes["mdm_migration_deadline"] = None
    return msgspec.structs.replace(device, **changes) if changes else device
