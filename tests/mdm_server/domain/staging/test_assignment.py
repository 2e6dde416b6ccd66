"""Whose a device is: enrolling, staging, claiming, checking out and in, and what the API's PATCH means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.assignment import (
    AssignmentEvent,
    check_in,
    check_out,
    claim,
    enroll,
    orphan,
    patch_enrollment_user,
    reassign,
    unenroll,
)
from mdm_server.domain.staging.devices import Assignment
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceStagingType, StagingMode
from rigs.staging_records import ANNA, BEN, NOW, PAT, record

S, E, M = AssignmentState, AssignmentEvent, StagingMode
LATER = NOW + timedelta(hours=1)
ADVANCED = replace(PAT, staging_type=DeviceStagingType.ADVANCED)

STAGED = Assignment(S.STAGED_UNCLAIMED, None, PAT.id, NOW)
IDLE = Assignment(S.MULTI_IDLE, None, PAT.id, NOW)
ANNAS = Assignment(S.ASSIGNED, ANNA.id, PAT.id, NOW)
OUT = Assignment(S.CHECKED_OUT, ANNA.id, PAT.id, NOW)
ORPHANED = Assignment(S.ORPHANED, None, None, NOW)


def _refused(call: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize(
    ("mode", "user", "on_behalf", "expected"),
    [
        (M.NONE, ANNA, None, Assignment(S.ASSIGNED, ANNA.id, None, LATER)),
        (M.ADVANCED, ADVANCED, ANNA, Assignment(S.ASSIGNED, ANNA.id, PAT.id, LATER)),
        (M.STANDARD, PAT, None, Assignment(S.STAGED_UNCLAIMED, None, PAT.id, LATER)),
        (M.MULTI, PAT, None, Assignment(S.MULTI_IDLE, None, PAT.id, LATER)),
    ],
)
def test_what_was_chosen_in_the_session_decides_whose_the_device_is(
    mode: StagingMode, user: EnrollmentUser, on_behalf: EnrollmentUser | None, expected: Assignment
) -> None:
    """T8 to T12, from wherever the device was before; its staging user never owns it (row 28)."""
    for before in (Assignment(), STAGED, IDLE, ANNAS, OUT):
        target = None if on_behalf is None else on_behalf.id
        assert enroll(record(before), mode, user.id, target, LATER) == expected


def test_an_orphaned_device_is_wiped_before_it_enrols_again() -> None:
    """Only that recovers it (row 39)."""
    assert _refused(lambda: enroll(record(ORPHANED), M.NONE, ANNA.id, None, NOW)) == "STAGING_USER_GONE"
    wiped = unenroll(record(ORPHANED), NOW)
    assert enroll(record(wiped), M.NONE, ANNA.id, None, NOW).user == ANNA.id


def test_nobody_is_no_target() -> None:
    """The guards see to that; a session without one leads nowhere."""
    assert _refused(lambda: enroll(record(), M.ADVANCED, PAT.id, None, NOW)) == "STAGING_TARGET_INVALID"


def test_the_first_user_claims_a_staged_device_once() -> None:
    """Who staged it is still known (rows 23 and 26)."""
    claimed = claim(record(STAGED), ANNA.id, LATER)
    assert claimed == Assignment(S.ASSIGNED, ANNA.id, PAT.id, LATER)
    assert claim(record(claimed), ANNA.id, NOW) is claimed, "its owner logs in again"
    assert _refused(lambda: claim(record(claimed), BEN.id, NOW)) == "ALREADY_CLAIMED"
    assert _refused(lambda: claim(record(STAGED, claimed_once=True), BEN.id, NOW)) == "ALREADY_CLAIMED"


@pytest.mark.parametrize(
    ("assignment", "user", "code"),
    [
        (STAGED, PAT, "STAGING_CANNOT_CLAIM"),
        (IDLE, ANNA, "DEVICE_NOT_STAGED"),
        (OUT, ANNA, "DEVICE_NOT_STAGED"),
        (Assignment(), ANNA, "DEVICE_NOT_STAGED"),
        (ORPHANED, ANNA, "STAGING_USER_GONE"),
    ],
)
def test_what_is_not_staged_for_one_is_not_claimed(assignment: Assignment, user: EnrollmentUser, code: str) -> None:
    """Each with its own code."""
    assert _refused(lambda: claim(record(assignment), user.id, NOW)) == code


def test_a_shared_device_goes_out_and_comes_back() -> None:
    """To its staging user, every time (rows 32 and 34)."""
    out = check_out(record(IDLE), ANNA.id, LATER)
    assert out == Assignment(S.CHECKED_OUT, ANNA.id, PAT.id, LATER)
    assert check_out(record(out), ANNA.id, NOW) is out, "who has it logs in again"
    assert check_in(record(out), LATER) == replace(IDLE, since=LATER)
    assert check_in(record(IDLE), LATER) is IDLE, "logging out twice is harmless"


@pytest.mark.parametrize(
    ("assignment", "user", "code"),
    [
        (OUT, BEN, "CHECKED_OUT"),
        (IDLE, PAT, "STAGING_CANNOT_CLAIM"),
        (STAGED, ANNA, "DEVICE_NOT_STAGED"),
        (ANNAS, ANNA, "DEVICE_NOT_STAGED"),
        (ORPHANED, ANNA, "STAGING_USER_GONE"),
    ],
)
def test_what_is_out_or_not_shared_is_not_checked_out(assignment: Assignment, user: EnrollmentUser, code: str) -> None:
    """Row 33."""
    assert _refused(lambda: check_out(record(assignment), user.id, NOW)) == code


@pytest.mark.parametrize("assignment", [STAGED, ANNAS, ORPHANED, Assignment()])
def test_what_is_not_shared_is_not_checked_in(assignment: Assignment) -> None:
    """There is nobody to give it back to."""
    assert _refused(lambda: check_in(record(assignment), NOW)) == "DEVICE_NOT_STAGED"


@pytest.mark.parametrize("assignment", [STAGED, IDLE, OUT])
def test_without_its_staging_user_a_device_is_nobodys(assignment: Assignment) -> None:
    """T31; who had it has it no longer."""
    assert orphan(record(assignment), LATER) == replace(ORPHANED, since=LATER)


@pytest.mark.parametrize("assignment", [ANNAS, ORPHANED, Assignment()])
def test_what_is_somebodys_is_not_orphaned(assignment: Assignment) -> None:
    """A device that was claimed needs its staging user no longer."""
    assert orphan(record(assignment), LATER) is assignment


def test_the_end_of_management_leaves_a_device_to_nobody() -> None:
    """Once; repeated messages change nothing."""
    ended = unenroll(record(OUT), LATER)
    assert ended == Assignment(since=LATER)
    assert unenroll(record(ended), NOW) is ended


def test_an_administrator_gives_an_assigned_device_to_somebody_else() -> None:
    """The way out of ALREADY_CLAIMED."""
    assert reassign(record(ANNAS), BEN.id, LATER) == Assignment(S.ASSIGNED, BEN.id, PAT.id, LATER)
    assert reassign(record(ANNAS), ANNA.id, LATER) is ANNAS
    assert _refused(lambda: reassign(record(IDLE), BEN.id, LATER)) == "DEVICE_NOT_STAGED"


@pytest.mark.parametrize(
    ("assignment", "target", "event", "state", "user"),
    [
        (STAGED, ANNA, E.CLAIM, S.ASSIGNED, ANNA.id),
        (STAGED, PAT, None, S.STAGED_UNCLAIMED, None),
        (ANNAS, BEN, E.REASSIGN, S.ASSIGNED, BEN.id),
        (ANNAS, ANNA, None, S.ASSIGNED, ANNA.id),
        (IDLE, ANNA, E.CHECK_OUT, S.CHECKED_OUT, ANNA.id),
        (IDLE, PAT, None, S.MULTI_IDLE, None),
        (OUT, PAT, E.CHECK_IN, S.MULTI_IDLE, None),
        (OUT, ANNA, None, S.CHECKED_OUT, ANNA.id),
    ],
)
def test_the_patch_of_the_api_means_what_the_device_needs(
    assignment: Assignment,
    target: EnrollmentUser,
    event: AssignmentEvent | None,
    state: AssignmentState,
    user: int | None,
) -> None:
    """The staging user's id checks in; another's checks out, claims, or takes over (T18 to T20, row 38)."""
    told, after = patch_enrollment_user(record(assignment), target, PAT, LATER)
    assert (told, after.state, after.user) == (event, state, user)
    assert (after is assignment) == (event is None)


@pytest.mark.parametrize(
    ("assignment", "target", "enrolling", "code"),
    [
        (ANNAS, BEN, ANNA, "DEVICE_NOT_STAGED"),
        (STAGED, BEN, None, "DEVICE_NOT_STAGED"),
        (OUT, BEN, PAT, "CHECKED_OUT"),
        (ANNAS, PAT, PAT, "STAGING_CANNOT_CLAIM"),
        (IDLE, replace(PAT, id=21), PAT, "STAGING_CANNOT_CLAIM"),
        (STAGED, replace(PAT, id=21), PAT, "STAGING_CANNOT_CLAIM"),
    ],
)
def test_the_patch_of_the_api_is_refused_where_it_means_nothing(
    assignment: Assignment, target: EnrollmentUser, enrolling: EnrollmentUser | None, code: str
) -> None:
    """A device that no staging user enrolled is refused with 400 (T22, row 37)."""
    assert _refused(lambda: patch_enrollment_user(record(assignment), target, enrolling, NOW)) == code
