"""What an administrator does with one device: unlock it, give it to somebody, command it, delete it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from mdm_server.domain.enrollment import MANAGED, EnrollmentStatus
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.device_lock import LockEvent
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeState
from mdm_server.service.request_facts import INTERNAL, RequestFacts
from mdm_server.service.staging.device_facts import DeviceFacts, describe
from mdm_server.service.staging.finding import Key, the_device, the_group
from mdm_server.service.staging.locks import release_devices
from mdm_server.service.staging.waking import Waker
from mdm_server.service.staging.wipes import WipeOrder, Wipes, WipeSource
from mdm_server.store.staging import LARGEST_PAGE, Found, Staging, StagingRoom, StagingView

Change: TypeAlias = Callable[[StagingRoom, DeviceRecord], DeviceRecord]


class DeviceActions:
    """Finds devices, and does with them what administrators do."""

    def __init__(self, staging: Staging, wipes: Wipes, waker: Waker, clock: Callable[[], datetime]) -> None:
        self._staging = staging
        self._wipes = wipes
        self._waker = waker
        self._clock = clock

    async def find(self, key: Key) -> DeviceFacts:
        """Return a device by its number, UUID or enrolment; raises Refusal `device.unknown`."""
        return await self._staging.read(lambda view: describe(view, the_device(view, key)))

    async def identified(self, identifiers: DeviceIdentifiers) -> DeviceFacts:
        """Return a device by an identifier; raises Refusal `device.unknown`."""

        def look(view: StagingView) -> DeviceFacts:
            found = view.devices.by_identifiers(identifiers) if identifiers else ()
            if not found:
                raise Refusal("device.unknown")
            return describe(view, found[0])

        return await self._staging.read(look)

    async def search(self, *, limit: int = LARGEST_PAGE, offset: int = 0, **criteria: Any) -> Found[DeviceFacts]:
        """Return devices that match; the criteria are those of the store's `DevicesView.search`."""

        def look(view: StagingView) -> Found[DeviceFacts]:
            found = view.devices.search(limit=limit, offset=offset, **criteria)
            return Found(tuple(describe(view, device) for device in found), found.total)

        return await self._staging.read(look)

    async def unlock(self, key: Key, facts: RequestFacts = INTERNAL) -> DeviceRecord:
        """Release whatever lock a device has, and forget its failed logins; raises Refusal `device.unknown`.

        What set the lock may set it again: a registration to somebody else is still there. The device is woken for
        what was withheld from it.
        """

        def work(room: StagingRoom) -> tuple[DeviceRecord, list[DeviceRecord]]:
            device = the_device(room, key)
            freed = release_devices(room, [device], LockEvent.UNLOCK)
            room.attempts.reset_device(device.identifiers)
            return replace(device, lock=None), freed

        device, freed = await self._staging.transact(work, facts.occasion(self._clock()))
        await self._waker.wake(freed)
        return device

    async def reset_attempts(self, identifiers: DeviceIdentifiers, facts: RequestFacts = INTERNAL) -> int:
        """Forget the failed logins and the Hub sessions of a device, on record or not (KB 115001665168).

        Returns how many sessions there were. The lock that a door without a screen had set goes with them.
        """

        def work(room: StagingRoom) -> tuple[int, list[DeviceRecord]]:
            room.attempts.reset_device(identifiers)
            devices = room.devices.by_identifiers(identifiers)
            freed = release_devices(room, devices, LockEvent.RESET_ATTEMPTS)
            return room.sessions.remove_of_device(identifiers), freed

        sessions, freed = await self._staging.transact(work, facts.occasion(self._clock()))
        await self._waker.wake(freed)
        return sessions

    async def move(self, key: Key, group: Key, facts: RequestFacts = INTERNAL) -> DeviceRecord:
        """Put a device into another organization group; raises Refusal `device.unknown`, `group.unknown`."""

        def moved(room: StagingRoom, device: DeviceRecord) -> DeviceRecord:
            there = replace(device, group=the_group(room, group).id)
            room.devices.replace(there)
            return there

        return await self._change(key, moved, facts)

    async def delete(self, key: Key, facts: RequestFacts = INTERNAL) -> None:
        """Delete a device as a console does: its management ends, what was registered or allowed stays (T30).

        That is the behaviour of 9.6: the record says "unenrolled" and the device may enrol again. Only what nothing
        else names goes altogether: no registration, no lock, no enrolment.

        Raises Refusal `device.unknown`, and `WIPE_ON_HOLD` when the wipe that goes with it has to wait.
        """
        wiping = self._wipes.begin()
        order = WipeOrder(kind=WipeKind.ENTERPRISE, source=WipeSource.DELETED)

        def work(room: StagingRoom) -> tuple[DeviceRecord, bool]:
            device = the_device(room, key)
            if device.status in MANAGED:
                return device, wiping.ask(room, device, order).state is WipeState.ON_HOLD
            named = room.registrations.for_identifiers(device.identifiers) or room.registrations.of_device(device.id)
            if not named and device.lock is None and device.enrollment_key is None:
                room.devices.remove(device.id)
            elif device.status is EnrollmentStatus.ENROLLMENT_IN_PROGRESS:
                # An Android that waits to be verified is somebody's already.
                room.completion.leave(replace(device, status=EnrollmentStatus.UNENROLLED))
            return device, False

        device, held = await self._staging.transact(work, facts.occasion(wiping.at))
        if held:
            raise Refusal("WIPE_ON_HOLD")
        await self._waker.wake([device])

    async def _change(self, key: Key, change: Change, facts: RequestFacts) -> DeviceRecord:
        return await self._staging.transact(
            lambda room: change(room, the_device(room, key)), facts.occasion(self._clock())
        )
