"""The transition tables of staging, walked over all pairs; what is allowed is written out a second time by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from mdm_server.domain.staging.android_verification import VERIFICATION
from mdm_server.domain.staging.assignment import ASSIGNMENT
from mdm_server.domain.staging.device_lock import DEVICE_LOCK, LockState
from mdm_server.domain.staging.hub_session import HUB_SESSION, SessionEvent, SessionStep
from mdm_server.domain.staging.registration import REGISTRATION
from mdm_server.domain.staging.vocabulary import DeviceLockReason
from mdm_server.domain.staging.wipe_protection import WIPE
from mdm_server.domain.table import TransitionTable

# For each event: "before→after" for every state it is allowed in; "before=" where the state stays.
EXPECTED: dict[str, dict[str, str]] = {
    "Registration": {
        "Register": "None→Active",
        "Resend": "Active= Expired= Bound=",
        "ResetToken": "Active= Expired→Active Bound=",
        "RevokeToken": "Active→Expired Expired= Bound=",
        "TokenExpired": "Active→Expired Expired= Bound=",
        "DeviceEnrolled": "None→Bound Active→Bound Expired→Bound Bound=",
        "DeviceUnenrolled": "Active= Expired= Bound=",
        "Delete": "Active→None Expired→None Bound→None",
    },
    "Assignment": {
        "Enroll": "Unassigned→Assigned Assigned= StagedUnclaimed→Assigned MultiIdle→Assigned CheckedOut→Assigned",
        "Stage": "Unassigned→StagedUnclaimed Assigned→StagedUnclaimed StagedUnclaimed= MultiIdle→StagedUnclaimed"
        " CheckedOut→StagedUnclaimed",
        "StageMulti": "Unassigned→MultiIdle Assigned→MultiIdle StagedUnclaimed→MultiIdle MultiIdle="
        " CheckedOut→MultiIdle",
        "Claim": "StagedUnclaimed→Assigned",
        "Reassign": "Assigned=",
        "CheckOut": "MultiIdle→CheckedOut",
        "CheckIn": "CheckedOut→MultiIdle MultiIdle=",
        "Orphan": "StagedUnclaimed→Orphaned MultiIdle→Orphaned CheckedOut→Orphaned Orphaned=",
        "Unenroll": "Unassigned= Assigned→Unassigned StagedUnclaimed→Unassigned MultiIdle→Unassigned"
        " CheckedOut→Unassigned Orphaned→Unassigned",
    },
    "Wipe": {
        "Admit": "Requested→Sent",
        "Hold": "Requested→OnHold",
        "Approve": "OnHold→Sent",
        "Reject": "OnHold→Rejected",
        "Acknowledged": "Sent→Done Done=",
    },
    "AndroidVerification": {
        "EnrolledNameless": "Unneeded→Pending",
        "SyncedNameless": "Pending=",
        "Allowed": "Pending→Verified",
        "Denied": "Pending→Removed",
    },
}
WRITTEN_OUT = (REGISTRATION, ASSIGNMENT, WIPE, VERIFICATION)


def _expected(table: TransitionTable[Any, Any], state: StrEnum, event: StrEnum) -> StrEnum | None:
    for move in EXPECTED[table.name][event].split():
        before, arrow, after = move.partition("→")
        if arrow and before == state:
            return table.states(after)
        if not arrow and before.removesuffix("=") == state:
            return state
    return None


@pytest.mark.parametrize(
    ("table", "state", "event"),
    [(table, state, event) for table in WRITTEN_OUT for state in table.states for event in table.events],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_pair_of_state_and_event_leads_where_it_should(
    table: TransitionTable[Any, Any], state: StrEnum, event: StrEnum
) -> None:
    """And what is not written here is not allowed."""
    assert table.after(state, event) is _expected(table, state, event)


def test_no_expectation_is_about_an_event_that_does_not_exist() -> None:
    """Every event of every table is written out."""
    for table in WRITTEN_OUT:
        assert list(EXPECTED[table.name]) == [str(event) for event in table.events]


SETS = {
    "WrongUser": "REG_USER_MISMATCH",
    "OtherOwner": "REG_BOUND_TO_OTHER",
    "Denied": "DEVICE_DENYLISTED",
    "BlindChannel": "CREATE_MDM_ERROR",
    "StagerDeleted": "STAGING_USER_GONE",
    "ReenrollmentPrevented": "REENROLL_PREVENTED",
}
RELEASES = {
    "Unlock": set(SETS.values()),
    "DeleteRegistration": {"REG_USER_MISMATCH", "REG_BOUND_TO_OTHER"},
    "RemoveFromDenyList": {"DEVICE_DENYLISTED", "REENROLL_PREVENTED"},
    "ResetAttempts": {"CREATE_MDM_ERROR"},
    "Wiped": {"STAGING_USER_GONE"},
}


@pytest.mark.parametrize("event", list(DEVICE_LOCK.events))
@pytest.mark.parametrize("state", list(LockState))
def test_a_lock_is_set_once_and_ends_only_by_what_may_end_it(state: LockState, event: StrEnum) -> None:
    """Every pair is allowed; all that a device can do leads back to where it was (invariant (d))."""
    after = DEVICE_LOCK.after(state, event)
    if state is LockState.FREE:
        assert after == SETS.get(event, "Free")
    else:
        assert after == ("Free" if state in RELEASES.get(event, ()) else state)


def test_every_reason_of_a_lock_is_a_state_of_the_table() -> None:
    """The two vocabularies are one."""
    assert {state.value for state in LockState} == {"Free", *DeviceLockReason}


ORDER = [
    "Start", "Group", "GroupSelect", "Token", "Captcha", "Credentials", "StagingChoice", "OnBehalfUser", "Ownership",
    "TermsOfUse", "Install",
]  # fmt: skip
ENDS = {"Done", "Refused", "Expired"}


@pytest.mark.parametrize("event", list(SessionEvent))
@pytest.mark.parametrize("step", list(SessionStep))
def test_a_session_only_goes_forward(step: SessionStep, event: SessionEvent) -> None:
    """But for the CAPTCHA that a wrong password brings up; what is over stays over."""
    after = HUB_SESSION.after(step, event)
    if step in ENDS:
        assert after == (step if event == "Expire" else None)
    elif event in ("Refuse", "Expire"):
        assert after == ("Refused" if event == "Refuse" else "Expired")
    elif event == "Retry":
        assert after is step
    elif event == "Enrolled":
        assert after == ("Done" if step == "Install" else None)
    else:
        wanted = event.removeprefix("Ask").replace("OfferInstall", "Install")
        back = (step, wanted) in {("Credentials", "Captcha"), ("Install", "Install")}
        assert after == (wanted if back or ORDER.index(wanted) > ORDER.index(step) else None)


def test_every_state_of_every_table_can_be_reached() -> None:
    """A state that nothing leads to is dead."""
    for table in (*WRITTEN_OUT, DEVICE_LOCK, HUB_SESSION):
        reached = {table.initial}
        while grown := {after for (before, _), after in table.moves.items() if before in reached} - reached:
            reached |= grown
        assert reached == set(table.states), table.name
