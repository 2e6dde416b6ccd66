"""Assignment: whose an enrolled device is. It moves apart from the enrolment and never changes its status."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from mdm_server.domain.refusal import Refusal
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
    event = _EVENT_OF_MODE[mode]
    if ASSIGNMENT.after(record.assignment.state, event) is None:
        raise Refusal("STAGING_USER_GONE")
    if event is AssignmentEvent.ENROLL:
        owner, stager = (user, None) if mode is StagingMode.NONE else (on_behalf, user)
        if owner is None:
            raise Refusal("STAGING_TARGET_INVALID", reason="missing")
        return Assignment(AssignmentState.ASSIGNED, owner, stager, at)
    return Assignment(ASSIGNMENT.moves[record.assignment.state, event], None, user, at)


_EVENT_OF_MODE = {
    StagingMode.NONE: _E.ENROLL,
    StagingMode.ADVANCED: _E.ENROLL,
    StagingMode.STANDARD: _E.STAGE,
    StagingMode.MULTI: _E.STAGE_MULTI,
}


def claim_refusal(record: DeviceRecord, user: int) -> str | None:
    """Return the code that stands against somebody's claim of a device, or None; its owner may log in again."""
    assignment = record.assignment
    if assignment.state is AssignmentState.STAGED_UNCLAIMED:
        if user == assignment.stager:
            return "STAGING_CANNOT_CLAIM"
        return "ALREADY_CLAIMED" if record.claimed_once else None
    if assignment.state is AssignmentState.ASSIGNED:
        return None if user == assignment.user else "ALREADY_CLAIMED"
    return "STAGING_USER_GONE" if assignment.state is AssignmentState.ORPHANED else "DEVICE_NOT_STAGED"


def check_out_refusal(record: DeviceRecord, user: int) -> str | None:
    """Return the code that stands against somebody's check-out of a device, or None; who has it may log in again."""
    assignment = record.assignment
    if assignment.state is AssignmentState.MULTI_IDLE:
        return "STAGING_CANNOT_CLAIM" if user == assignment.stager else None
    if assignment.state is AssignmentState.CHECKED_OUT:
        return None if user == assignment.user else "CHECKED_OUT"
    return "STAGING_USER_GONE" if assignment.state is AssignmentState.ORPHANED else "DEVICE_NOT_STAGED"


def claim(record: DeviceRecord, user: int, at: datetime) -> Assignment:
    """Return the assignment of a staged device that its first qualified user takes: once (T16).

    Its owner logging in again changes nothing. Raises the Refusal of `claim_refusal`.
    """
    _refuse(claim_refusal(record, user))
    if record.assignment.state is AssignmentState.ASSIGNED:
        return record.assignment
    return replace(_moved(record, AssignmentEvent.CLAIM, at), user=user)


def reassign(record: DeviceRecord, user: int, at: datetime) -> Assignment:
    """Return the assignment of a device that an administrator gives to another user."""
    if record.assignment.state is not AssignmentState.ASSIGNED:
        raise Refusal("DEVICE_NOT_STAGED", reason=record.assignment.state)
    if record.assignment.user == user:
        return record.assignment
    return replace(_moved(record, AssignmentEvent.REASSIGN, at), user=user)


def check_out(record: DeviceRecord, user: int, at: datetime) -> Assignment:
    """Return the assignment of a shared device that somebody takes (T19).

    The same user again changes nothing. Raises the Refusal of `check_out_refusal`.
    """
    _refuse(check_out_refusal(record, user))
    if record.assignment.state is AssignmentState.CHECKED_OUT:
        return record.assignment
    return replace(_moved(record, AssignmentEvent.CHECK_OUT, at), user=user)


def check_in(record: DeviceRecord, at: datetime) -> Assignment:
    """Return the assignment of a shared device that was given back (T20); twice is harmless.

    Raises Refusal `DEVICE_NOT_STAGED` when it is not shared.
    """
    if record.assignment.state is AssignmentState.MULTI_IDLE:
        return record.assignment
    if record.assignment.state is not AssignmentState.CHECKED_OUT:
        raise Refusal("DEVICE_NOT_STAGED", reason=record.assignment.state)
    return replace(_moved(record, AssignmentEvent.CHECK_IN, at), user=None)


def orphan(record: DeviceRecord, at: datetime) -> Assignment:
    """Return the assignment of a staged device whose staging user was deleted (T31); others stay as they are."""
    if ASSIGNMENT.after(record.assignment.state, AssignmentEvent.ORPHAN) in (None, record.assignment.state):
        return record.assignment
    return replace(_moved(record, AssignmentEvent.ORPHAN, at), user=None, stager=None)


def unenroll(record: DeviceRecord, at: datetime) -> Assignment:
    """Return the assignment of a device that is managed no longer: nobody's."""
    if record.assignment.state is AssignmentState.UNASSIGNED:
        return record.assignment
    return Assignment(since=at)


def patch_enrollment_user(
    record: DeviceRecord, target: EnrollmentUser, enrolling_user: EnrollmentUser | None, at: datetime
) -> tuple[AssignmentEvent | None, Assignment]:
    """Return what the API's `PATCH …/enrollmentuser/{id}` means for a device, and the assignment that follows.

    The staging user's own id checks a shared device in; another's checks it out, claims it, or takes it over (T18–T22,
    conflict C2). None is a call that changes nothing. Raises Refusal `DEVICE_NOT_STAGED` when the device was not
    enrolled by a staging user, `CHECKED_OUT` when somebody else has it, and `STAGING_CANNOT_CLAIM` when a staging user
    shall own it.
    """
    if enrolling_user is None or not enrolling_user.may_stage:
        raise Refusal("DEVICE_NOT_STAGED")
    before = record.assignment
    shared = before.state in (AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT)
    if target.may_stage:
        if target.id != before.stager or before.state is AssignmentState.ASSIGNED:
            raise Refusal("STAGING_CANNOT_CLAIM")
        event, moved = AssignmentEvent.CHECK_IN, check_in(record, at) if shared else before
    elif shared:
        event, moved = AssignmentEvent.CHECK_OUT, check_out(record, target.id, at)
    elif before.state is AssignmentState.ASSIGNED:
        event, moved = AssignmentEvent.REASSIGN, reassign(record, target.id, at)
    else:
        event, moved = AssignmentEvent.CLAIM, claim(record, target.id, at)
    return (None if moved is before else event), moved


def _refuse(code: str | None) -> None:
    if code is not None:
        raise Refusal(code)


def _moved(record: DeviceRecord, event: AssignmentEvent, at: datetime) -> Assignment:
    """Return the assignment in the state that follows, from now on."""
    return replace(record.assignment, state=ASSIGNMENT.moves[record.assignment.state, event], since=at)
