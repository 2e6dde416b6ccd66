"""Enrolments as rows of SQLite."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from mdm_server.domain.enrollment import Channel, ChannelKind, EnrollmentStatus
from mdm_server.store.records import EnrollmentRow
from mdm_server.store.sqlite.values import moment, optional_flag, optional_moment, unpack

SELECT_ENROLLMENT = (
    "SELECT e.key, e.device, e.kind, e.status, e.topic, e.push_token, e.push_magic, e.unlock_token, e.bootstrap_token, "
    "e.serial_number, e.supervised, e.access_rights, e.awaiting_configuration, e.token_updates, e.details, "
    "e.invitation_id, e.created_at, e.authenticated_at, e.enrolled_at, e.unenrolled_at, a.last_seen "
    "FROM enrollment e LEFT JOIN activity a ON a.enrollment = e.key "
)


def enrollment_row(values: Any, seen: datetime | None = None) -> EnrollmentRow:
    """Return the record in a row of SELECT_ENROLLMENT; `seen` is newer than what is written."""
    return EnrollmentRow(
        channel=Channel(values[0], values[1], ChannelKind(values[2])),
        status=EnrollmentStatus(values[3]),
        topic=values[4],
        push_token=values[5],
        push_magic=values[6],
        unlock_token=values[7],
        bootstrap_token=values[8],
        serial_number=values[9],
        supervised=optional_flag(values[10]),
        access_rights=values[11],
        awaiting_configuration=bool(values[12]),
        token_updates=values[13],
        details=unpack(values[14]),
        invitation_id=values[15],
        created_at=moment(values[16]),
        authenticated_at=optional_moment(values[17]),
        enrolled_at=optional_moment(values[18]),
        unenrolled_at=optional_moment(values[19]),
        last_seen=seen or optional_moment(values[20]),
    )


def find_enrollment(connection: sqlite3.Connection, key: str, seen: datetime | None = None) -> EnrollmentRow | None:
    """Find an enrolment by its key."""
    values = connection.execute(SELECT_ENROLLMENT + "WHERE e.key = ?", (key,)).fetchone()
    return enrollment_row(values, seen) if values else None


def recorded_enrollment(connection: sqlite3.Connection, key: str) -> EnrollmentRow:
    """Return an enrolment that is known to be there."""
    row = find_enrollment(connection, key)
    assert row is not None
    return row
