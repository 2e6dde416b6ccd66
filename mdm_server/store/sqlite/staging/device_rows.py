"""Device records as rows of SQLite."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import Assignment, DeviceLock, DeviceRecord
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    EntryChannel,
    Management,
    Ownership,
    Platform,
)
from mdm_server.store.sqlite.staging.storing import Columns, identifier_columns, identifiers_of
from mdm_server.store.sqlite.values import moment, optional_moment, optional_stamp


def device_record(values: sqlite3.Row, seen: datetime | None = None) -> DeviceRecord:
    """Return the record in a row; `seen` is newer than what is written."""
    return DeviceRecord(
        id=values["id"],
        uuid=values["uuid"],
        platform=Platform(values["platform"]),
        identifiers=identifiers_of(values),
        model=values["model"],
        os_version=values["os_version"],
        friendly_name=values["friendly_name"],
        group=values["organization_group"],
        home_group=values["home_group"],
        ownership=Ownership(values["ownership"]),
        status=EnrollmentStatus(values["status"]),
        assignment=Assignment(
            state=AssignmentState(values["assignment"]),
            user=values["user"],
            stager=values["stager"],
            since=optional_moment(values["assigned_at"]),
        ),
        enrolling_user=values["enrolling_user"],
        staged_at=optional_moment(values["staged_at"]),
        claimed_at=optional_moment(values["claimed_at"]),
        claimed_once=bool(values["claimed_once"]),
        lock=_lock(values),
        pending_verification=bool(values["pending_verification"]),
        management=Management(values["management"]),
        enrollment_key=values["enrollment_key"],
        via=EntryChannel(values["via"]),
        work_profile=bool(values["work_profile"]),
        last_seen=seen or optional_moment(values["seen"] or None),
    )


def device_columns(device: DeviceRecord) -> Columns:
    """Return a record as columns."""
    lock = device.lock
    return {
        "id": device.id or None,
        "uuid": device.uuid,
        "platform": device.platform,
        **identifier_columns(device.identifiers),
        "model": device.model,
        "os_version": device.os_version,
        "friendly_name": device.friendly_name,
        "organization_group": device.group,
        "home_group": device.home_group,
        "ownership": device.ownership,
        "status": device.status,
        "assignment": device.assignment.state,
        "user": device.assignment.user,
        "stager": device.assignment.stager,
        "assigned_at": optional_stamp(device.assignment.since),
        "enrolling_user": device.enrolling_user,
        "staged_at": optional_stamp(device.staged_at),
        "claimed_at": optional_stamp(device.claimed_at),
        "claimed_once": device.claimed_once,
        "lock_reason": lock.reason if lock else None,
        "lock_set_at": optional_stamp(lock.set_at) if lock else None,
        "lock_user": lock.user if lock else None,
        "pending_verification": device.pending_verification,
        "management": device.management,
        "enrollment_key": device.enrollment_key,
        "via": device.via,
        "work_profile": device.work_profile,
        "last_seen": optional_stamp(device.last_seen),
    }


def _lock(values: sqlite3.Row) -> DeviceLock | None:
    if values["lock_reason"] is None:
        return None
    return DeviceLock(DeviceLockReason(values["lock_reason"]), moment(values["lock_set_at"]), values["lock_user"])
