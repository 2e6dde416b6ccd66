"""A device on its way from the install URL to its enrolment: on record already, and counted against its user's limit.

Without that, ten wizards of one user would all be told that there is room for one device more. A session that ends
before its device came gives the place back (T15).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mdm_server.domain.enrollment import MANAGED, EnrollmentStatus
from mdm_server.domain.staging.attempt import Attempt
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.hub_session import HubSession
from mdm_server.domain.staging.vocabulary import Management
from mdm_server.service.staging.sessions import ENDED
from mdm_server.store.staging import NEW, StagingRoom


def reserve(room: StagingRoom, session: HubSession, attempt: Attempt, uuid: str) -> DeviceRecord | None:
    """Put the device of a session on record as about to be enrolled; one that is managed already stays what it is."""
    device, counted = session.device, attempt.counted_user
    if not device.identifiers:
        return None  # an Android that does not tell yet which one it is
    record = next(iter(room.devices.by_identifiers(device.identifiers, device.platform)), None)
    if record is not None and record.status in MANAGED:
        return record
    coming = replace(
        record or DeviceRecord(NEW, uuid, device.platform, device.identifiers),
        identifiers=device.identifiers.filled_from(record.identifiers) if record else device.identifiers,
        model=device.model,
        os_version=device.os_version,
        group=session.group,
        home_group=None,
        ownership=attempt.effective_ownership,
        status=EnrollmentStatus.ENROLLMENT_IN_PROGRESS,
        enrolling_user=None if counted is None else counted.id,
        management=Management.MDM,
        via=session.channel,
        work_profile=device.work_profile,
    )
    if record is None:
        return room.devices.add(coming)
    room.devices.replace(coming)
    return coming


def give_back(room: StagingRoom, record: DeviceRecord, at: datetime) -> None:
    """Take back what was put on record for a device that did not come, once its session is over.

    A work profile that waits to be verified did come.
    """
    sessions = room.sessions.of_device(record.identifiers)
    reserved = record.status is EnrollmentStatus.ENROLLMENT_IN_PROGRESS and record.enrolling_user is not None
    if not reserved or record.pending_verification or any(_is_open(each, at) for each in sessions):
        return
    if record.enrollment_key is None and record.lock is None and not room.registrations.of_device(record.id):
        if not room.registrations.for_identifiers(record.identifiers):
            room.devices.remove(record.id)
            return
        status = EnrollmentStatus.REGISTERED
    else:
        status = EnrollmentStatus.DISCOVERED if record.enrollment_key is None else EnrollmentStatus.UNENROLLED
    room.devices.replace(replace(record, status=status, enrolling_user=None))


def _is_open(session: HubSession, at: datetime) -> bool:
    return session.step not in ENDED and session.expires_at > at
