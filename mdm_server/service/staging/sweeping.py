"""What time does by itself: forgotten users are logged out, sessions end, failed logins are forgiven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.device_lock import LockEvent
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.vocabulary import DeviceLockReason
from mdm_server.service.request_facts import INTERNAL
from mdm_server.service.staging.checking_out import CheckingOut
from mdm_server.service.staging.locks import release
from mdm_server.service.staging.reservation import give_back
from mdm_server.service.staging.sessions import KEPT
from mdm_server.store.staging import ROOT_GROUP, Staging, StagingRoom, StagingView


@dataclass(frozen=True, slots=True)
class Swept:
    """How much a sweep found to do."""

    logged_out: int
    sessions: int
    attempts: int


class Sweep:
    """Does what is due; `run` is called every minute or so, and harmless whenever it is called."""

    def __init__(self, staging: Staging, checking_out: CheckingOut, clock: Callable[[], datetime]) -> None:
        self._staging = staging
        self._checking_out = checking_out
        self._clock = clock

    async def run(self) -> Swept:
        """Do what is due now."""
        logged_out = await self._checking_out.log_out_forgotten()
        now = self._clock()
        if not await self._staging.read(lambda view: _is_anything_due(view, now)):
            return Swept(logged_out, 0, 0)
        sessions, attempts = await self._staging.transact(lambda room: _purge(room, now), INTERNAL.occasion(now))
        return Swept(logged_out, sessions, attempts)


def _is_anything_due(view: StagingView, now: datetime) -> bool:
    """Say whether a sweep would find something: most find nothing, and nothing need be written for that."""
    return bool(
        _half_open(view)
        or _forgiven(view, now)
        or view.sessions.any_expired(now - KEPT)
        or view.attempts.any_older(_purged_before(view, now))
    )


def _purge(room: StagingRoom, now: datetime) -> tuple[int, int]:
    """Give back the places of devices that did not come, and forget what is old enough (T15, KB 115001665168)."""
    for device in _half_open(room):
        give_back(room, device, now)
    for device in _forgiven(room, now):
        release(room, device, LockEvent.RESET_ATTEMPTS)
    return room.sessions.purge(now - KEPT), room.attempts.purge(_purged_before(room, now))


def _half_open(view: StagingView) -> Sequence[DeviceRecord]:
    return view.devices.search(statuses=(EnrollmentStatus.ENROLLMENT_IN_PROGRESS,)).rows


def _forgiven(view: StagingView, now: datetime) -> Sequence[DeviceRecord]:
    """Return the devices whose lock is one that time releases."""
    before = _purged_before(view, now)
    return [
        device
        for device in view.devices.search(locked=True)
        if device.lock is not None
        and device.lock.reason is DeviceLockReason.CREATE_MDM_ERROR
        and device.lock.set_at < before
    ]


def _purged_before(view: StagingView, now: datetime) -> datetime:
    return now - timedelta(hours=view.groups.tree().settings(ROOT_GROUP).purge_hours)
