"""The lock of a device: what sets it, whom it keeps out, and what alone ends it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from mdm_server.domain.staging.devices import DeviceLock
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.vocabulary import DeviceLockReason, MismatchLock
from mdm_server.domain.table import TransitionTable


class LockState(StrEnum):
    """Whether a device is locked, and by which refusal."""

    FREE = "Free"
    REG_USER_MISMATCH = "REG_USER_MISMATCH"
    REG_BOUND_TO_OTHER = "REG_BOUND_TO_OTHER"
    DEVICE_DENYLISTED = "DEVICE_DENYLISTED"
    CREATE_MDM_ERROR = "CREATE_MDM_ERROR"
    STAGING_USER_GONE = "STAGING_USER_GONE"
    REENROLL_PREVENTED = "REENROLL_PREVENTED"


class LockEvent(StrEnum):
    """What bears on a lock: first what sets one, then what a device may try, then what an administrator does."""

    WRONG_USER = "WrongUser"
    OTHER_OWNER = "OtherOwner"
    DENIED = "Denied"
    BLIND_CHANNEL = "BlindChannel"
    STAGER_DELETED = "StagerDeleted"
    REENROLLMENT_PREVENTED = "ReenrollmentPrevented"

    ATTEMPT = "Attempt"
    ENROLLED = "Enrolled"
    UNENROLLED = "Unenrolled"

    UNLOCK = "Unlock"
    DELETE_REGISTRATION = "DeleteRegistration"
    REMOVE_FROM_DENY_LIST = "RemoveFromDenyList"
    RESET_ATTEMPTS = "ResetAttempts"
    WIPED = "Wiped"


_S, _E = LockState, LockEvent
_LOCKED = tuple(state for state in _S if state is not _S.FREE)
_SETTING = {
    _E.WRONG_USER: _S.REG_USER_MISMATCH,
    _E.OTHER_OWNER: _S.REG_BOUND_TO_OTHER,
    _E.DENIED: _S.DEVICE_DENYLISTED,
    _E.BLIND_CHANNEL: _S.CREATE_MDM_ERROR,
    _E.STAGER_DELETED: _S.STAGING_USER_GONE,
    _E.REENROLLMENT_PREVENTED: _S.REENROLL_PREVENTED,
}
_RELEASING = {
    _E.UNLOCK: _LOCKED,
    _E.DELETE_REGISTRATION: (_S.REG_USER_MISMATCH, _S.REG_BOUND_TO_OTHER),
    _E.REMOVE_FROM_DENY_LIST: (_S.DEVICE_DENYLISTED, _S.REENROLL_PREVENTED),
    _E.RESET_ATTEMPTS: (_S.CREATE_MDM_ERROR,),
    _E.WIPED: (_S.STAGING_USER_GONE,),
}

DEVICE_LOCK = TransitionTable(
    name="DeviceLock",
    states=LockState,
    events=LockEvent,
    initial=LockState.FREE,
    moves={
        **{(_S.FREE, event): state for event, state in _SETTING.items()},
        # The first lock stays: a second reason does not loosen it.
        **{(state, event): state for state in _LOCKED for event in _SETTING},
        # Nothing that a device can do ends a lock (invariant (d)).
        **{(state, event): state for state in _S for event in (_E.ATTEMPT, _E.ENROLLED, _E.UNENROLLED)},
        **{(state, event): state for state in _S for event in _RELEASING},
        **{(state, event): _S.FREE for event, states in _RELEASING.items() for state in states},
    },
)


def locked(lock: DeviceLock | None, reason: DeviceLockReason, at: datetime, user: int | None = None) -> DeviceLock:
    """Return the lock of a device after a refusal that sets one; a lock that is there already stays."""
    return lock if lock is not None else DeviceLock(reason, at, user)


def released(lock: DeviceLock | None, event: LockEvent) -> DeviceLock | None:
    """Return the lock that is left after something that may release it: the same, or None."""
    state = LockState.FREE if lock is None else LockState(lock.reason)
    return None if DEVICE_LOCK.after(state, event) is LockState.FREE else lock


def keeps_out(
    lock: DeviceLock, person: int | None, registration: Registration | None, settings: EnrollmentSettings
) -> bool:
    """Say whether a lock keeps somebody out; None is nobody known yet.

    REG_BOUND_TO_OTHER keeps out everybody but the owner it protects, and so does REG_USER_MISMATCH where
    `reg_mismatch_lock` is "user". Every other lock keeps out everybody.
    """
    spares_the_owner = lock.reason is DeviceLockReason.REG_BOUND_TO_OTHER or (
        lock.reason is DeviceLockReason.REG_USER_MISMATCH and settings.reg_mismatch_lock is MismatchLock.USER
    )
    if not spares_the_owner or registration is None or person is None:
        return True
    return registration.user != person
