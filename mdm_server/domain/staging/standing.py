"""Where a device stands, with names in place of numbers: as records have it, or as a journal alone lets one know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.story import JournalEntry, is_shared
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    Management,
    MismatchLock,
    RegistrationState,
)

NameOf = Callable[[int | None], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a device stands. People are named; whoever is not known is None.

    `spares_owner` says whether the lock lets the owner in whom it protects.
    """

    status: EnrollmentStatus | None = None
    assignment: AssignmentState = AssignmentState.UNASSIGNED
    user: str | None = None
    stager: str | None = None
    registration: RegistrationState = RegistrationState.NONE
    registered_to: str | None = None
    lock: DeviceLockReason | None = None
    locked_at: datetime | None = None
    locked_by: str | None = None
    spares_owner: bool = False
    denied: bool = False
    wipe_on_hold: bool = False
    pending_verification: bool = False
    management: Management = Management.MDM


def standing_of(
    record: DeviceRecord,
    name_of: NameOf,
    *,
    registration: Registration | None = None,
    mismatch_lock: MismatchLock = MismatchLock.DEVICE,
    denied: bool = False,
    wipe_on_hold: bool = False,
) -> Standing:
    """Return where a device stands by its records."""
    lock, unmanaged = record.lock, record.management is Management.UNMANAGED
    return Standing(
        status=record.status,
        assignment=record.assignment.state,
        user=name_of(record.enrolling_user if unmanaged else record.assignment.user),
        stager=name_of(record.assignment.stager),
        registration=RegistrationState.NONE if registration is None else registration.state,
        registered_to=None if registration is None else name_of(registration.user),
        lock=None if lock is None else lock.reason,
        locked_at=None if lock is None else lock.set_at,
        locked_by=None if lock is None else name_of(lock.user),
        spares_owner=_spares_owner(None if lock is None else lock.reason, mismatch_lock),
        denied=denied,
        wipe_on_hold=wipe_on_hold,
        pending_verification=record.pending_verification,
        management=record.management,
    )


def retrace(entries: Iterable[JournalEntry]) -> Standing:
    """Return where a device stands at the end of its entries, from nothing but them."""
    standing = Standing()
    for entry in entries:
        step = _STEPS.get(entry.code)
        if step is not None:
            standing = step(standing, entry)
    return standing


def _spares_owner(reason: DeviceLockReason | None, mismatch_lock: MismatchLock) -> bool:
    return reason is DeviceLockReason.REG_BOUND_TO_OTHER or (
        reason is DeviceLockReason.REG_USER_MISMATCH and mismatch_lock is MismatchLock.USER
    )


# --- what each entry changes -----------------------------------------------------------------------------------------

Step = Callable[[Standing, JournalEntry], Standing]


def _text(entry: JournalEntry, name: str) -> str | None:
    value = entry.detail.get(name)
    return str(value) if value not in (None, "") else None


def _assigns(state: AssignmentState) -> Step:
    def step(standing: Standing, entry: JournalEntry) -> Standing:
        user, stager = _text(entry, "user"), _text(entry, "stager") or standing.stager
        return replace(standing, assignment=state, user=user, stager=stager)

    return step


def _enrolls(standing: Standing, entry: JournalEntry) -> Standing:
    user, stager = _text(entry, "user"), _text(entry, "stager")
    return replace(standing, assignment=AssignmentState.ASSIGNED, user=user, stager=stager)


def _stages(standing: Standing, entry: JournalEntry) -> Standing:
    state = AssignmentState.MULTI_IDLE if is_shared(entry) else AssignmentState.STAGED_UNCLAIMED
    return replace(standing, assignment=state, user=None, stager=_text(entry, "stager") or _text(entry, "user"))


def _checks_in(standing: Standing, entry: JournalEntry) -> Standing:
    return replace(standing, assignment=AssignmentState.MULTI_IDLE, user=None)


def _orphans(standing: Standing, entry: JournalEntry) -> Standing:
    return replace(standing, assignment=AssignmentState.ORPHANED, user=None, stager=None)


def _ends(standing: Standing, entry: JournalEntry) -> Standing:
    return replace(standing, assignment=AssignmentState.UNASSIGNED, user=None, stager=None)


def _registers(state: RegistrationState) -> Step:
    def step(standing: Standing, entry: JournalEntry) -> Standing:
        owner = _text(entry, "user") or standing.registered_to
        expected = standing.status or EnrollmentStatus.REGISTERED
        return replace(standing, registration=state, registered_to=owner, status=expected)

    return step


def _token(state: RegistrationState) -> Step:
    """Return the step of a token: what was bound stays bound, whatever becomes of it."""
    registers = _registers(state)

    def step(standing: Standing, entry: JournalEntry) -> Standing:
        return standing if standing.registration is RegistrationState.BOUND else registers(standing, entry)

    return step


def _forgets_registration(standing: Standing, entry: JournalEntry) -> Standing:
    status = None if standing.status is EnrollmentStatus.REGISTERED else standing.status
    return replace(standing, registration=RegistrationState.NONE, registered_to=None, status=status)


def _becomes(status: EnrollmentStatus) -> Step:
    def step(standing: Standing, entry: JournalEntry) -> Standing:
        gone = status is EnrollmentStatus.UNENROLLED
        moved = replace(_ends(standing, entry) if gone else standing, status=status, management=Management.MDM)
        if gone:
            return replace(moved, pending_verification=False)
        # Who gets into a locked device is whom its lock spares: the journal does not say which setting there was.
        spares = status is EnrollmentStatus.ENROLLED and standing.lock is DeviceLockReason.REG_USER_MISMATCH
        return replace(moved, spares_owner=True) if spares else moved

    return step


def _moves(standing: Standing, entry: JournalEntry) -> Standing:
    after = _text(entry, "after")
    status = next((status for status in EnrollmentStatus if status == after), standing.status)
    return replace(standing, status=status)


def _locks(standing: Standing, entry: JournalEntry) -> Standing:
    if entry.reason not in set(DeviceLockReason):
        return standing
    reason = DeviceLockReason(entry.reason)
    spares = _spares_owner(reason, MismatchLock.DEVICE)
    return replace(
        standing,
        status=standing.status or EnrollmentStatus.DISCOVERED,
        lock=reason,
        locked_at=entry.at,
        locked_by=_text(entry, "user"),
        spares_owner=spares,
    )


def _unlocks(standing: Standing, entry: JournalEntry) -> Standing:
    return replace(standing, lock=None, locked_at=None, locked_by=None, spares_owner=False)


def _stays_unmanaged(standing: Standing, entry: JournalEntry) -> Standing:
    status = standing.status or EnrollmentStatus.DISCOVERED
    return replace(standing, status=status, management=Management.UNMANAGED, user=_text(entry, "user"))


def _notes(**changes: Any) -> Step:
    return lambda standing, _: replace(standing, **changes)


def _unlists(standing: Standing, entry: JournalEntry) -> Standing:
    said = {entry.reason, *(str(value) for value in entry.detail.values())}
    return standing if "Allow" in said else replace(standing, denied=False)


_STEPS: Mapping[str, Step] = {
    "registration.created": _registers(RegistrationState.ACTIVE),
    "registration.bound": _registers(RegistrationState.BOUND),
    "registration.token_reset": _token(RegistrationState.ACTIVE),
    "registration.token_revoked": _token(RegistrationState.EXPIRED),
    "registration.token_expired": _token(RegistrationState.EXPIRED),
    "registration.deleted": _forgets_registration,
    "assignment.assigned": _enrolls,
    "assignment.staged": _stages,
    "assignment.claimed": _assigns(AssignmentState.ASSIGNED),
    "assignment.reassigned": _assigns(AssignmentState.ASSIGNED),
    "assignment.checked_out": _assigns(AssignmentState.CHECKED_OUT),
    "assignment.checked_in": _checks_in,
    "assignment.orphaned": _orphans,
    "assignment.ended": _ends,
    "enroll.authenticated": _becomes(EnrollmentStatus.ENROLLMENT_IN_PROGRESS),
    "enroll.enrolled": _becomes(EnrollmentStatus.ENROLLED),
    "enroll.checked_out": _becomes(EnrollmentStatus.UNENROLLED),
    "enroll.erased": _becomes(EnrollmentStatus.UNENROLLED),
    "enroll.enterprise_wiped": _becomes(EnrollmentStatus.UNENROLLED),
    "enroll.moved": _moves,
    "hub.unmanaged": _stays_unmanaged,
    "android.enrolled": _becomes(EnrollmentStatus.ENROLLED),
    "android.unenrolled": _becomes(EnrollmentStatus.UNENROLLED),
    "android.pending_verification": _notes(pending_verification=True, status=EnrollmentStatus.ENROLLMENT_IN_PROGRESS),
    "android.verified": _notes(pending_verification=False, status=EnrollmentStatus.ENROLLED),
    "lock.set": _locks,
    "lock.released": _unlocks,
    "list.denied": _notes(denied=True),
    "list.removed": _unlists,
    "wipe.on_hold": _notes(wipe_on_hold=True),
    "wipe.approved": _notes(wipe_on_hold=False),
    "wipe.rejected": _notes(wipe_on_hold=False),
}
