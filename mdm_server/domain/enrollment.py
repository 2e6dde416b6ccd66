"""The enrolment of a device: its status, what moves it, and what each move allows.

A device nobody has heard of is in the same position as one that was only Discovered, so that is where a claim with no
record starts. `Authenticate` alone does not enrol: `TokenUpdate` does (Apple, "Check-in").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mdm_server.domain.command_queue import CommandEvent
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.table import TransitionTable
from mdm_server.wire.enrollment_id import EnrollmentKind


class EnrollmentStatus(StrEnum):
    """What the server believes about a device's enrolment."""

    DISCOVERED = "Discovered"
    REGISTERED = "Registered"
    ENROLLMENT_IN_PROGRESS = "EnrollmentInProgress"
    ENROLLED = "Enrolled"
    ENTERPRISE_WIPE_PENDING = "EnterpriseWipePending"
    DEVICE_WIPE_PENDING = "DeviceWipePending"
    RETIRED = "Retired"
    UNENROLLED = "Unenrolled"


class EnrollmentEvent(StrEnum):
    """What can happen to a device's enrolment; the first block is what the device itself says."""

    AUTHENTICATE = "Authenticate"
    TOKEN_UPDATE = "TokenUpdate"  # noqa: S105 - the name of a message, not a password
    CHECK_OUT = "CheckOut"
    CHECK_IN = "CheckIn"
    ERASE_ACKNOWLEDGED = "EraseAcknowledged"
    ERASE_FAILED = "EraseFailed"

    REGISTER = "Register"
    ERASE_REQUESTED = "EraseRequested"
    ENTERPRISE_WIPE_REQUESTED = "EnterpriseWipeRequested"
    ENTERPRISE_WIPE_FAILED = "EnterpriseWipeFailed"
    ENTERPRISE_WIPE_ACKNOWLEDGED = "EnterpriseWipeAcknowledged"
    RETIRE = "Retire"


ChannelKind = EnrollmentKind
"""What a channel stands for, in the words of the wire."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Whom a message speaks for: `key` names the enrolment, `device` the device channel it belongs to.

    On the device channel the two are equal. A certificate is bound to `device`, a queue belongs to `key`.
    """

    key: str
    device: str
    kind: ChannelKind = ChannelKind.DEVICE

    @property
    def is_device(self) -> bool:
        """Whether this is the device channel itself."""
        return self.key == self.device


_S, _E = EnrollmentStatus, EnrollmentEvent
_MANAGED = (_S.ENROLLED, _S.ENTERPRISE_WIPE_PENDING, _S.DEVICE_WIPE_PENDING)

TRANSITIONS = TransitionTable(
    name="Enrollment",
    states=EnrollmentStatus,
    events=EnrollmentEvent,
    initial=EnrollmentStatus.DISCOVERED,
    moves={
        # Whoever may authenticate (identity_binding decides) starts again, from wherever it was.
        **{(status, _E.AUTHENTICATE): _S.ENROLLMENT_IN_PROGRESS for status in _S},
        (_S.ENROLLMENT_IN_PROGRESS, _E.TOKEN_UPDATE): _S.ENROLLED,
        **{(status, _E.TOKEN_UPDATE): status for status in _MANAGED},
        **{(status, _E.CHECK_OUT): _S.UNENROLLED for status in (_S.ENROLLMENT_IN_PROGRESS, *_MANAGED)},
        # A CheckOut repeated after a lost reply gets the same answer as the first (T-07).
        (_S.UNENROLLED, _E.CHECK_OUT): _S.UNENROLLED,
        **{(status, _E.CHECK_IN): status for status in _MANAGED},
        **{(status, _E.ERASE_ACKNOWLEDGED): _S.UNENROLLED for status in _MANAGED},
        (_S.DEVICE_WIPE_PENDING, _E.ERASE_FAILED): _S.ENROLLED,
        (_S.DISCOVERED, _E.REGISTER): _S.REGISTERED,
        (_S.REGISTERED, _E.REGISTER): _S.REGISTERED,
        **{(status, _E.ERASE_REQUESTED): _S.DEVICE_WIPE_PENDING for status in _MANAGED},
        (_S.ENROLLED, _E.ENTERPRISE_WIPE_REQUESTED): _S.ENTERPRISE_WIPE_PENDING,
        (_S.ENTERPRISE_WIPE_PENDING, _E.ENTERPRISE_WIPE_REQUESTED): _S.ENTERPRISE_WIPE_PENDING,
        (_S.ENTERPRISE_WIPE_PENDING, _E.ENTERPRISE_WIPE_FAILED): _S.ENROLLED,
        # A device that removed its MDM profile is managed no longer, whatever else was pending.
        **{(status, _E.ENTERPRISE_WIPE_ACKNOWLEDGED): _S.UNENROLLED for status in _MANAGED},
        **{(status, _E.RETIRE): _S.RETIRED for status in _S},
    },
)

MANAGED = frozenset(_MANAGED)
"""The statuses in which a device takes commands and nobody else may take its place."""

GONE = frozenset({_S.UNENROLLED, _S.RETIRED})
"""The statuses in which a device that reports is answered with nothing, and not refused."""


def advance(status: EnrollmentStatus, event: EnrollmentEvent) -> EnrollmentStatus:
    """Return the status that follows; a message out of order raises Refusal `state.order` (T-29)."""
    following = TRANSITIONS.after(status, event)
    if following is None:
        raise Refusal("state.order", reason=f"{event}_when_{status}")
    return following


def may_receive(status: EnrollmentStatus) -> bool:
    """Say whether a device that reports is given commands; one that never enrolled raises `state.order` (T-29)."""
    if status not in MANAGED | GONE:
        raise Refusal("state.order", reason=f"report_when_{status}")
    return status in MANAGED


def may_queue(status: EnrollmentStatus) -> bool:
    """Say whether commands may be queued: also while the enrolment is being made, for when it is."""
    return status in MANAGED or status is EnrollmentStatus.ENROLLMENT_IN_PROGRESS


def event_of_request(request_type: str) -> EnrollmentEvent | None:
    """Return what asking for this command means to the enrolment of its device, if anything."""
    return EnrollmentEvent.ERASE_REQUESTED if request_type == "EraseDevice" else None


def event_of_answer(request_type: str, answer: CommandEvent) -> EnrollmentEvent | None:
    """Return what the end of this command means to the enrolment of its device, if anything.

    An EraseDevice that was acknowledged is the last thing heard of the old enrolment; one that ended otherwise leaves
    the device as it was.
    """
    if request_type != "EraseDevice" or answer is CommandEvent.NOT_NOW:
        return None
    return EnrollmentEvent.ERASE_ACKNOWLEDGED if answer is CommandEvent.ACKNOWLEDGED else EnrollmentEvent.ERASE_FAILED


def event_of_parting(answer: CommandEvent) -> EnrollmentEvent | None:
    """Return what the end of the command that takes the MDM profile away means to the enrolment, if anything."""
    if answer is CommandEvent.NOT_NOW:
        return None
    acknowledged = answer is CommandEvent.ACKNOWLEDGED
    return EnrollmentEvent.ENTERPRISE_WIPE_ACKNOWLEDGED if acknowledged else EnrollmentEvent.ENTERPRISE_WIPE_FAILED
