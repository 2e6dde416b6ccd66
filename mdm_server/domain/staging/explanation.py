"""The explanation of a device: why it is as it is, who did what and when, and what an administrator can do about it.

    explain("iPhone F17XQ2", standing, entries).sentences()

Pure: the records and the journal go in, sentences come out, in the order in which somebody would tell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import REFUSALS
from mdm_server.domain.staging.refusals import STAGING_REFUSALS, sentence
from mdm_server.domain.staging.standing import Standing
from mdm_server.domain.staging.story import Happening, JournalEntry, said_no, tell, tell_story
from mdm_server.domain.staging.vocabulary import AssignmentState, DeviceLockReason, Management, RegistrationState

LONGEST_STORY = 200
"""Happenings; of a longer story the beginning and the end are told, and how much is left out between them."""
NOTHING_TO_DO = "Nothing stands in its way: there is nothing for an administrator to do."


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a device is as it is (`state`), how that came about (`story`), and what frees it (`remedy`)."""

    device: str
    state: tuple[str, ...]
    story: tuple[Happening, ...]
    remedy: tuple[str, ...]
    left_out: int = 0

    def sentences(self) -> Iterator[str]:
        """Yield everything in order, each happening with its time."""
        yield from self.state
        for happening in self.story:
            yield told_at(happening)
        yield from self.remedy


def explain(device: str, standing: Standing, entries: Iterable[JournalEntry]) -> Explanation:
    """Explain a device; `entries` are those of the journal that are about it, oldest first."""
    known = list(entries)
    story = tell_story(known)
    last_word = _last_refusal(known)
    half = LONGEST_STORY // 2
    shown = story if len(story) <= LONGEST_STORY else (*story[:half], *story[-half:])
    return Explanation(
        device,
        tuple(_state(device, standing, last_word)),
        shown,
        tuple(_remedy(standing, last_word)),
        left_out=len(story) - len(shown),
    )


def told_at(happening: Happening) -> str:
    """Return the sentence of a happening with its time, and with how often it happened."""
    said = f"{moment(happening.at)}: {happening.sentence}"
    if happening.until is None:
        return said
    until = "" if moment(happening.until) == moment(happening.at) else f", until {moment(happening.until)}"
    return f"{said} ({happening.times} times{until})"


def moment(at: datetime) -> str:
    """Return a time as people read it, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


# --- why it is as it is ----------------------------------------------------------------------------------------------


def _state(device: str, standing: Standing, last_word: JournalEntry | None) -> Iterator[str]:
    yield f"{device} {_status(standing)}"
    if standing.pending_verification:
        yield "It waits to be verified: until its serial number or IMEI is known it gets nothing of its user's."
    if standing.lock is not None:
        yield _lock(standing, standing.lock)
    if standing.denied and standing.lock is not DeviceLockReason.DEVICE_DENYLISTED:
        yield "It is on the deny list: nobody can enrol it."
    if standing.registration is not RegistrationState.NONE:
        yield _registration(standing)
    if standing.wipe_on_hold:
        yield "A wipe of it is on hold, because more devices were wiped than the threshold allows."
    if last_word is not None:
        yield f"The last refusal was at {moment(last_word.at)}: {tell(last_word)}"


def _status(standing: Standing) -> str:
    if standing.management is Management.UNMANAGED:
        return f"is used by {_name(standing.user)} without being managed."
    if standing.status is EnrollmentStatus.ENROLLED:
        if standing.assignment is AssignmentState.ASSIGNED and standing.stager is not None:
            return f"is enrolled and assigned to {_name(standing.user)}; {standing.stager} had staged it."
        return _ASSIGNED[standing.assignment].format(user=_name(standing.user), stager=_name(standing.stager))
    return _STATUS.get(standing.status, "is not known to the server.")


_ASSIGNED: Mapping[AssignmentState, str] = {
    AssignmentState.UNASSIGNED: "is enrolled, and assigned to nobody.",
    AssignmentState.ASSIGNED: "is enrolled and assigned to {user}.",
    AssignmentState.STAGED_UNCLAIMED: "is enrolled and staged by {stager}, who answers for it: "
    "the first qualified user who logs in gets it.",
    AssignmentState.MULTI_IDLE: "is enrolled as a shared device of {stager}, and nobody has it: "
    "any qualified user may check it out.",
    AssignmentState.CHECKED_OUT: "is enrolled as a shared device of {stager}, and {user} has checked it out.",
    AssignmentState.ORPHANED: "is enrolled and belongs to nobody: the user who staged it was deleted.",
}
_STATUS: Mapping[EnrollmentStatus | None, str] = {
    EnrollmentStatus.DISCOVERED: "has been heard of, and has never enrolled.",
    EnrollmentStatus.REGISTERED: "is expected, and has not enrolled.",
    EnrollmentStatus.ENROLLMENT_IN_PROGRESS: "has begun to enrol, and has not finished.",
    EnrollmentStatus.ENTERPRISE_WIPE_PENDING: "loses its management as soon as it is in reach.",
    EnrollmentStatus.DEVICE_WIPE_PENDING: "is erased as soon as it is in reach.",
    EnrollmentStatus.RETIRED: "was retired, and is managed no longer.",
    EnrollmentStatus.UNENROLLED: "is managed no longer.",
    None: "has never enrolled.",
}


def _lock(standing: Standing, reason: DeviceLockReason) -> str:
    since = "" if standing.locked_at is None else f" since {moment(standing.locked_at)}"
    owner = _name(standing.registered_to, "another user")
    who = f"nobody but {owner}" if standing.spares_owner else "nobody"
    why = _WHY_LOCKED[reason].format(user=_name(standing.locked_by), owner=owner)
    also = ", its owner included," if reason is DeviceLockReason.REG_USER_MISMATCH and not standing.spares_owner else ""
    return f"It is locked{since} ({reason}): {why} Until an administrator frees it {who}{also} can enrol it."


_WHY_LOCKED: Mapping[DeviceLockReason, str] = {
    DeviceLockReason.REG_USER_MISMATCH: "it is registered to {owner}, and {user} tried to have it.",
    DeviceLockReason.REG_BOUND_TO_OTHER: "it is still bound to {owner}, who had it before, and {user} tried "
    "to have it.",
    DeviceLockReason.DEVICE_DENYLISTED: "it is on the deny list.",
    DeviceLockReason.CREATE_MDM_ERROR: "too many logins failed where no CAPTCHA could be shown.",
    DeviceLockReason.STAGING_USER_GONE: "the user who staged it was deleted.",
    DeviceLockReason.REENROLL_PREVENTED: "it was wiped so that it should not come back.",
}


def _registration(standing: Standing) -> str:
    owner = _name(standing.registered_to, "nobody by name")
    if standing.registration is RegistrationState.BOUND:
        return f"It is bound to {owner}, also when it is no longer managed: another user would be refused."
    if standing.registration is RegistrationState.EXPIRED:
        return f"Its registration to {owner} is there, but the token has expired or was revoked."
    return f"It is registered to {owner}: another user who logs in first is refused, and locks it."


def _name(name: str | None, otherwise: str = "somebody") -> str:
    return name or otherwise


# --- what frees it ---------------------------------------------------------------------------------------------------


def _remedy(standing: Standing, last_word: JournalEntry | None) -> Iterator[str]:
    codes: list[str] = []
    if standing.lock is not None:
        codes.append(standing.lock)
    if standing.denied:
        codes.append("DEVICE_DENYLISTED")
    if standing.assignment is AssignmentState.ORPHANED:
        codes.append("STAGING_USER_GONE")
    if standing.wipe_on_hold:
        codes.append("WIPE_ON_HOLD")
    if standing.pending_verification:
        codes.append("PENDING_VERIFICATION")
    refused = None if last_word is None else said_no(last_word)
    if not codes and refused is not None:
        codes.append(refused)
    remedies = dict.fromkeys(_remedy_of(code) for code in codes)
    if not remedies:
        yield NOTHING_TO_DO
    for remedy in remedies:
        yield f"What to do: {remedy}"


def _remedy_of(code: str) -> str:
    if code in STAGING_REFUSALS:
        return STAGING_REFUSALS[code].remedy
    return sentence(REFUSALS[code].remedy) if code in REFUSALS else "Look the code up in docs/flows/refusals.md."


def _last_refusal(entries: Sequence[JournalEntry]) -> JournalEntry | None:
    """Return the last refusal, unless the device came to its goal afterwards."""
    for entry in reversed(entries):
        if entry.code in _GOALS:
            return None
        if said_no(entry) is not None:
            return entry
    return None


_GOALS = frozenset(
    {
        "android.enrolled",
        "assignment.checked_in",
        "assignment.checked_out",
        "assignment.claimed",
        "assignment.reassigned",
        "enroll.enrolled",
        "lock.released",
        "registration.deleted",
    }
)
"""What makes an earlier refusal a thing of the past."""
