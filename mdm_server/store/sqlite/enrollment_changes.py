"""What the server itself, or an administrator, changes about an enrolment."""

from __future__ import annotations

import sqlite3

from mdm_server.domain.enrollment import GONE, TRANSITIONS, EnrollmentEvent
from mdm_server.domain.refusal import Refusal
from mdm_server.store.journal_codes import JournalCode
from mdm_server.store.records import Details, EnrollmentRow, Occasion
from mdm_server.store.sqlite.enrollment_rows import find_enrollment, recorded_enrollment
from mdm_server.store.sqlite.ledger import tell
from mdm_server.store.sqlite.queues import end_enrollment, set_status
from mdm_server.store.sqlite.values import pack


def describe(
    connection: sqlite3.Connection, *, key: str, details: Details, occasion: Occasion, supervised: bool | None
) -> EnrollmentRow:
    """Add facts to an enrolment; newer ones replace older ones of the same name."""
    row = _known(connection, key)
    connection.execute(
        "UPDATE enrollment SET details = ?, supervised = coalesce(?, supervised) WHERE key = ?",
        (pack({**row.details, **details}), supervised, key),
    )
    tell(connection, occasion, JournalCode.DESCRIBED, device=row.channel.device, enrollment=key, facts=len(details))
    return recorded_enrollment(connection, key)


def move(connection: sqlite3.Connection, *, key: str, event: EnrollmentEvent, occasion: Occasion) -> EnrollmentRow:
    """Move a device's enrolment where the table leads; an administrator who asks for the impossible has a conflict."""
    row = _known(connection, key)
    following = TRANSITIONS.after(row.status, event)
    if following is None or not row.channel.is_device:
        raise Refusal("api.conflict", reason=row.status.lower())
    if following in GONE:
        end_enrollment(connection, key, following, occasion, event.lower())
    else:
        set_status(connection, key, following)
    tell(connection, occasion, JournalCode.MOVED, device=key, reason=event, before=row.status, after=following)
    return recorded_enrollment(connection, key)


def _known(connection: sqlite3.Connection, key: str) -> EnrollmentRow:
    row = find_enrollment(connection, key)
    if row is None:
        raise Refusal("api.not_found", reason="enrollment")
    return row
