"""Locks: whom they keep out, and that nothing but what may end them ends them."""

from __future__ import annotations

import pytest

from mdm_server.domain.staging.device_lock import LockEvent, keeps_out, locked, released
from mdm_server.domain.staging.devices import DeviceLock
from mdm_server.domain.staging.guards import judge
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.vocabulary import DeviceLockReason, MismatchLock
from rigs.staging_records import ANNA, BEN, NOW, attempt, bound, registered, with_record, with_settings

R = DeviceLockReason
DEVICE, USER = EnrollmentSettings(), EnrollmentSettings(reg_mismatch_lock=MismatchLock.USER)
MISMATCH = DeviceLock(R.REG_USER_MISMATCH, NOW, BEN.id)


def test_the_first_lock_stays() -> None:
    """A second reason does not loosen it, and does not make it younger."""
    assert locked(None, R.REG_USER_MISMATCH, NOW, BEN.id) == MISMATCH
    assert locked(MISMATCH, R.DEVICE_DENYLISTED, NOW) is MISMATCH


@pytest.mark.parametrize("reason", list(DeviceLockReason))
@pytest.mark.parametrize("event", [LockEvent.ATTEMPT, LockEvent.ENROLLED, LockEvent.UNENROLLED])
def test_nothing_a_device_does_ends_a_lock(reason: DeviceLockReason, event: LockEvent) -> None:
    """Not trying again, not enrolling, not leaving (invariant (d))."""
    lock = DeviceLock(reason, NOW)
    assert released(lock, event) is lock


@pytest.mark.parametrize("reason", list(DeviceLockReason))
def test_an_administrator_ends_every_lock(reason: DeviceLockReason) -> None:
    """By unlocking the device; no lock is nothing to end."""
    assert released(DeviceLock(reason, NOW), LockEvent.UNLOCK) is None
    assert released(None, LockEvent.UNLOCK) is None


@pytest.mark.parametrize(
    ("event", "ends"),
    [
        (LockEvent.DELETE_REGISTRATION, {R.REG_USER_MISMATCH, R.REG_BOUND_TO_OTHER}),
        (LockEvent.REMOVE_FROM_DENY_LIST, {R.DEVICE_DENYLISTED, R.REENROLL_PREVENTED}),
        (LockEvent.RESET_ATTEMPTS, {R.CREATE_MDM_ERROR}),
        (LockEvent.WIPED, {R.STAGING_USER_GONE}),
    ],
)
def test_taking_the_cause_away_ends_only_its_own_locks(event: LockEvent, ends: set[DeviceLockReason]) -> None:
    """Rows 4, 20, 39 and 57."""
    assert {reason for reason in R if released(DeviceLock(reason, NOW), event) is None} == ends


@pytest.mark.parametrize("reason", list(DeviceLockReason))
def test_a_lock_keeps_out_everybody_but_the_owner_it_protects(reason: DeviceLockReason) -> None:
    """The owner of a registration that somebody else tried is kept out, too, unless the setting is milder (row 3a)."""
    lock, annas = DeviceLock(reason, NOW), registered(ANNA.id)
    assert keeps_out(lock, BEN.id, annas, DEVICE)
    assert keeps_out(lock, None, annas, USER)
    assert keeps_out(lock, None, registered(None), USER)
    assert keeps_out(lock, ANNA.id, None, USER)
    assert keeps_out(lock, ANNA.id, annas, DEVICE) is (reason is not R.REG_BOUND_TO_OTHER)
    assert keeps_out(lock, ANNA.id, annas, USER) is (reason not in (R.REG_BOUND_TO_OTHER, R.REG_USER_MISMATCH))


def test_the_wrong_user_locks_the_device_for_its_owner_too() -> None:
    """Rows 2, 3, 3a and 4, one after the other."""
    annas = (registered(ANNA.id),)
    assert judge(attempt(registrations=annas)) is None
    first = judge(attempt(user=BEN, registrations=annas))
    assert (first.code, first.sets_lock) == ("REG_USER_MISMATCH", R.REG_USER_MISMATCH)
    again = with_record(attempt(registrations=annas), lock=MISMATCH)
    assert judge(again).code == "REG_USER_MISMATCH"
    assert judge(with_settings(again, reg_mismatch_lock="user")) is None
    freed = released(MISMATCH, LockEvent.DELETE_REGISTRATION)
    assert judge(with_record(attempt(user=BEN), lock=freed)) is None


def test_who_had_a_device_may_come_back_and_nobody_else() -> None:
    """Rows 5 and 6: the lock that the other one leaves does not keep the owner out."""
    annas = (bound(ANNA.id),)
    other = judge(with_record(attempt(user=BEN, registrations=annas)))
    assert (other.code, other.sets_lock) == ("REG_BOUND_TO_OTHER", R.REG_BOUND_TO_OTHER)
    lock = DeviceLock(R.REG_BOUND_TO_OTHER, NOW, BEN.id)
    assert judge(with_record(attempt(registrations=annas), lock=lock)) is None
    assert judge(with_record(attempt(user=BEN, registrations=annas), lock=lock)).code == "REG_BOUND_TO_OTHER"
