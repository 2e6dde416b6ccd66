"""Android 10 and later hide serial number and IMEI from a work profile: such a device waits until one is known."""

from __future__ import annotations

from enum import StrEnum

from mdm_server.domain.staging.devices import PresentedDevice
from mdm_server.domain.staging.guards import Attempt, GuardName, Verdict, judge
from mdm_server.domain.table import TransitionTable


class VerificationState(StrEnum):
    """Whether a work profile may have work data."""

    UNNEEDED = "Unneeded"
    PENDING = "Pending"
    VERIFIED = "Verified"
    REMOVED = "Removed"


class VerificationEvent(StrEnum):
    """What decides it."""

    ENROLLED_NAMELESS = "EnrolledNameless"
    SYNCED_NAMELESS = "SyncedNameless"
    ALLOWED = "Allowed"
    DENIED = "Denied"


_S, _E = VerificationState, VerificationEvent

VERIFICATION = TransitionTable(
    name="AndroidVerification",
    states=VerificationState,
    events=VerificationEvent,
    initial=VerificationState.UNNEEDED,
    moves={
        (_S.UNNEEDED, _E.ENROLLED_NAMELESS): _S.PENDING,
        (_S.PENDING, _E.SYNCED_NAMELESS): _S.PENDING,
        (_S.PENDING, _E.ALLOWED): _S.VERIFIED,
        (_S.PENDING, _E.DENIED): _S.REMOVED,
    },
)


def needs_verification(device: PresentedDevice) -> bool:
    """Say whether a device must wait (row 58): a work profile on Android 10 or later that names no hardware."""
    return device.hides_hardware


def verify(attempt: Attempt) -> tuple[VerificationEvent, Verdict | None]:
    """Return what is decided now that the device has said more of itself: the lists, the mode and the registration.

    The attempt's device holds what is known now; its user is the one who enrolled it.
    """
    if needs_verification(attempt.device):
        return VerificationEvent.SYNCED_NAMELESS, None
    verdict = judge(attempt, first=GuardName.DEVICE_LOCK, last=GuardName.BOUND_ELSEWHERE)
    return (VerificationEvent.ALLOWED if verdict is None else VerificationEvent.DENIED), verdict
