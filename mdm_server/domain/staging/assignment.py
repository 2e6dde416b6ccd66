"""Assignment: whose an enrolled device is. It moves apart from the enrolment and never changes its status."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from mdm_server.domain.staging.devices import Assignment, DeviceRecord
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import AssignmentState, StagingMode
from mdm_server.domain.table import TransitionTable


class AssignmentEvent(StrEnum):
    """What can happen to the assignment of a device."""

    ENROLL = "Enroll"
    STAGE = "Stage"
    STAGE_MULTI = "StageMulti"
    CLAIM = "Claim"
    REASSIGN = "Reassign"
    CHECK_OUT = "CheckOut"
    CHECK_IN = "CheckIn"
    ORPHAN = "Orphan"
    UNENROLL = "Unenroll"


_S, _E = AssignmentState, AssignmentEvent
# An orphaned device is enrolled again only after a wipe (T31); any other starts again from wherever it was.
_ENROLLABLE = tuple(state for state in _S if state is not _S.ORPHANED)

ASSIGNMENT = TransitionTable(
    name="Assignment",
    states=AssignmentState,
    events=AssignmentEvent,
    initial=AssignmentState.UNASSIGNED,
    moves={
        **{(state, _E.ENROLL): _S.ASSIGNED for state in _ENROLLABLE},
        **{(state, _E.STAGE): _S.STAGED_UNCLAIMED for state in _ENROLLABLE},
        **{(state, _E.STAGE_MULTI): _S.MULTI_IDLE for state in _ENROLLABLE},
        (_S.STAGED_UNCLAIMED, _E.CLAIM): _S.ASSIGNED,
        (_S.ASSIGNED, _E.REASSIGN): _S.ASSIGNED,
        (_S.MULTI_IDLE, _E.CHECK_OUT): _S.CHECKED_OUT,
        (_S.CHECKED_OUT, _E.CHECK_IN): _S.MULTI_IDLE,
        # Logging out twice is harmless: the first one may have been the timer's.
        (_S.MULTI_IDLE, _E.CHECK_IN): _S.MULTI_IDLE,
        **{(state, _E.ORPHAN): _S.ORPHANED for state in (_S.STAGED_UNCLAIMED, _S.MULTI_IDLE, _S.CHECKED_OUT)},
        (_S.ORPHANED, _E.ORPHAN): _S.ORPHANED,
        **{(state, _E.UNENROLL): _S.UNASSIGNED for state in _S},
    },
)


def enroll(record: DeviceRecord, mode: StagingMode, user: int, on_behalf: int | None, at: datetime) -> Assignment:
    """Return the assignment of a device whose enrolment is complete, by what was chosen in its session (T8–T12)."""
    raise NotImplementedError


def claim(record: DeviceRecord, user: int, at: datetime) -> Assignment:
    """Return the assignment of a staged device that its first qualified user takes: once (T16).

    Raises Refusal `ALREADY_CLAIMED` when it was taken before or is not staged, `STAGING_CANNOT_CLAIM` for its stager.
    """
    raise NotImplementedError


def reassign(record: DeviceRecord, user: int, at: datetime) -> Assignment:
    """Return the assignment of a device that an administrator gives to another user."""
    raise NotImplementedError


def check_out(record: DeviceRecord, user: int, at: datetime) -> Assignment:
    """Return the assignment of a shared device that somebody takes (T19); the same user again changes nothing.

    Raises Refusal `CHECKED_OUT` when somebody else has it (T21), `STAGING_USER_GONE` when it is orphaned, and
    `DEVICE_NOT_STAGED` when it is not shared.
    """
    raise NotImplementedError


def check_in(record: DeviceRecord, at: datetime) -> Assignment:
    """Return the assignment of a shared device that was given back (T20); twice is harmless.

    Raises Refusal `DEVICE_NOT_STAGED` when it is not shared.
    """
    raise NotImplementedError


def orphan(record: DeviceRecord, at: datetime) -> Assignment:
    """Return the assignment of a staged device whose staging user was deleted (T31); others stay as they are."""
    raise NotImplementedError


def unenroll(record: DeviceRecord, at: datetime) -> Assignment:
    """Return the assignment of a device that is managed no longer: nobody's."""
    raise NotImplementedError


def patch_enrollment_user(
    record: DeviceRecord, target: EnrollmentUser, enrolling_user: EnrollmentUser | None, at: datetime
) -> tuple[AssignmentEvent | None, Assignment]:
    """Return what the API's `PATCH …/enrollmentuser/{id}` means for a device, and the assignment that follows.

    The staging user's own id checks a shared device in; another's checks it out, claims it, or takes it over (T18–T22,
    conflict C2). None is a call that changes nothing. Raises Refusal `DEVICE_NOT_STAGED` when the device was not
    enrolled by a staging user, `CHECKED_OUT` when somebody else has it.
    """
    raise NotImplementedError
