from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.standing import Standing, retrace, standing_of
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    Management,
    MismatchLock,
    Platform,
    RegistrationState,
)
from mdm_server.store.records import JournalEvent
from rigs.journal_entries import BEGIN, entries, entry, wrong_user

ENROLLED = entry("enroll.enrolled")
STAGED = entry("assignment.staged", stager="stage")


def test_a_journal_alone_says_that_the_wrong_user_locked_a_device_and_whose_it_is() -> None:
    """Registered to one, tried by another, locked: all three are in the entries."""
    standing = retrace(wrong_user())
    assert standing == Standing(
        status=EnrollmentStatus.REGISTERED,
        registration=RegistrationState.ACTIVE,
        registered_to="anna",
        lock=DeviceLockReason.REG_USER_MISMATCH,
        locked_at=BEGIN + timedelta(minutes=2),
        locked_by="bert",
    )


@pytest.mark.parametrize(
    ("told", "assignment", "user", "stager"),
    [
        ((entry("assignment.assigned", user="anna"),), AssignmentState.ASSIGNED, "anna", None),
        ((entry("assignment.assigned", user="anna", stager="stage"),), AssignmentState.ASSIGNED, "anna", "stage"),
        ((STAGED,), AssignmentState.STAGED_UNCLAIMED, None, "stage"),
        ((entry("assignment.staged", stager="stage", mode="MultiUser"),), AssignmentState.MULTI_IDLE, None, "stage"),
        ((STAGED, entry("assignment.claimed", user="anna")), AssignmentState.ASSIGNED, "anna", "stage"),
        ((STAGED, entry("assignment.checked_out", user="anna")), AssignmentState.CHECKED_OUT, "anna", "stage"),
        (
            (STAGED, entry("assignment.checked_out", user="anna"), entry("assignment.checked_in", user="anna")),
            AssignmentState.MULTI_IDLE,
            None,
            "stage",
        ),
        ((STAGED, entry("assignment.orphaned", stager="stage")), AssignmentState.ORPHANED, None, None),
        ((STAGED, entry("assignment.ended")), AssignmentState.UNASSIGNED, None, None),
        ((STAGED, entry("enroll.checked_out")), AssignmentState.UNASSIGNED, None, None),
    ],
)
def test_a_journal_alone_says_whose_a_device_is(
    told: tuple[JournalEvent, ...], assignment: AssignmentState, user: str | None, stager: str | None
) -> None:
    """Every move of the assignment can be retraced, with who staged the device and who has it."""
    standing = retrace(entries(ENROLLED, *told))
    assert (standing.assignment, standing.user, standing.stager) == (assignment, user, stager)


@pytest.mark.parametrize(
    ("told", "changed"),
    [
        (("registration.bound",), {"registration": RegistrationState.BOUND}),
        (("registration.bound", "registration.token_revoked"), {"registration": RegistrationState.BOUND}),
        (("registration.created", "registration.token_expired"), {"registration": RegistrationState.EXPIRED}),
        (("registration.created", "registration.deleted"), {"status": None, "registered_to": None}),
        (("android.enrolled", "android.pending_verification"), {"pending_verification": True}),
        (("android.pending_verification", "android.verified"), {"pending_verification": False}),
        (("android.enrolled",), {"status": EnrollmentStatus.ENROLLED}),
        (("android.unenrolled",), {"status": EnrollmentStatus.UNENROLLED}),
        (("list.denied",), {"denied": True}),
        (("list.denied", "list.removed"), {"denied": False}),
        (("wipe.on_hold",), {"wipe_on_hold": True}),
        (("wipe.on_hold", "wipe.rejected"), {"wipe_on_hold": False}),
        (("lock.set", "lock.released"), {"lock": None}),
        (("enroll.authenticated",), {"status": EnrollmentStatus.ENROLLMENT_IN_PROGRESS}),
        (("enroll.erased",), {"status": EnrollmentStatus.UNENROLLED}),
        (("enroll.enterprise_wiped",), {"status": EnrollmentStatus.UNENROLLED}),
        (("hub.unmanaged",), {"management": Management.UNMANAGED, "user": "anna"}),
        (("hub.unmanaged", "android.enrolled"), {"management": Management.MDM}),
        (("assignment.reassigned",), {"assignment": AssignmentState.ASSIGNED, "user": "anna"}),
    ],
)
def test_each_entry_leaves_its_mark(told: tuple[str, ...], changed: dict[str, object]) -> None:
    """Registrations, lists, wipes, verification and locks: what was said last counts."""
    standing = retrace(entries(*(entry(code, user="anna", reason="CREATE_MDM_ERROR") for code in told)))
    assert {name: getattr(standing, name) for name in changed} == changed


def test_a_lock_that_let_somebody_in_is_one_that_spares_the_owner() -> None:
    """Which setting there was the journal does not say, but a strict lock lets nobody enrol."""
    told = entries(*wrong_user(), entry("enroll.enrolled"))
    assert not retrace(told[:-1]).spares_owner
    assert retrace(told).spares_owner


@pytest.mark.parametrize(("kind", "denied"), [("Deny", False), ("Allow", True)])
def test_only_what_leaves_the_deny_list_is_denied_no_more(kind: str, denied: bool) -> None:
    """A device may be on both lists, and leave one of them."""
    assert retrace(entries(entry("list.denied"), entry("list.removed", list=kind))).denied is denied


def test_a_status_that_nobody_knows_changes_nothing() -> None:
    """A journal of a later version may say what this one has no word for."""
    moved = entry("enroll.moved", before="Enrolled", after="Floating")
    assert retrace([ENROLLED, moved, entry("lock.set", reason="NEW_LOCK")]).status is EnrollmentStatus.ENROLLED
    known = entry("enroll.moved", before="Enrolled", after="Retired")
    assert retrace([ENROLLED, known]).status is EnrollmentStatus.RETIRED


def test_records_are_told_with_names() -> None:
    """Numbers of users become their names; the lock says whom it spares."""
    names = {1: "anna", 2: "stage", 3: "bert"}
    record = DeviceRecord(
        5,
        "uuid",
        Platform.IOS,
        DeviceIdentifiers(serial_number="F17XQ2"),
        status=EnrollmentStatus.ENROLLED,
        assignment=Assignment(AssignmentState.CHECKED_OUT, 1, 2),
        lock=DeviceLock(DeviceLockReason.REG_USER_MISMATCH, BEGIN, 3),
    )
    registration = Registration(9, "uuid", 1, 1, state=RegistrationState.BOUND)

    def name_of(number: int | None) -> str | None:
        return None if number is None else names[number]

    strict = standing_of(record, name_of, registration=registration)
    assert (strict.user, strict.stager, strict.registered_to, strict.locked_by) == ("anna", "stage", "anna", "bert")
    assert not strict.spares_owner
    assert standing_of(record, name_of, mismatch_lock=MismatchLock.USER).spares_owner
    unmanaged = replace(record, assignment=Assignment(), management=Management.UNMANAGED, enrolling_user=3)
    assert standing_of(unmanaged, name_of).user == "bert"
