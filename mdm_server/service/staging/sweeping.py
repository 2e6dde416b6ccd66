"""What time does by itself: forgotten users are logged out, sessions end, failed logins are forgiven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.device_lock import LockEvent
from mdm_server.domain.staging.vocabulary import DeviceLockReason
from mdm_server.service.request_facts import INTERNAL
from mdm_server.service.staging.checking_out import CheckingOut
from mdm_server.service.staging.locks import release
from mdm_server.service.staging.reservation import give_back
from mdm_server.service.staging.sessions import KEPT
from mdm_server.store.staging import ROOT_GROUP, Staging, StagingRoom


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
        sessions, attempts = await self._staging.transact(lambda room: _purge(room, now), INTERNAL.occasion(now))
        return Swept(logged_out, sessions, attempts)


def _purge(room: StagingRoom, now: datetime) -> tuple[int, int]:
    """Give back the places of devices that did not come, and forget what is old enough (T15, KB 115001665168)."""
    for device in room.devices.search(statuses=(EnrollmentStatus.ENROLLMENT_IN_PROGRESS,)):
        give_back(room, device, now)
    forgiven = now - timedelta(hours=room.groups.tree().settings(ROOT_GROUP).purge_hours)
    for device in room.devices.search(locked=True):
        lock = device.lock
        if lock is not None and lock.reason is DeviceLockReason.CREATE_MDM_ERROR and lock.set_at < forgiven:
            release(room, device, LockEvent.RESET_ATTEMPTS)
    return room.sessions.purge(now - KEPT), room.attempts.purge(forgiven)
