"""The journal as a story: a sentence for every entry that bears on whose a device is and whether it may be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from mdm_server.domain.refusal import REFUSALS
from mdm_server.domain.staging.refusals import sentence
from mdm_server.domain.staging.vocabulary import EntryChannel, ListKind

Plain = str | int | float | bool | None


class JournalEntry(Protocol):
    """What a story is told from."""

    @property
    def at(self) -> datetime:
        """When it was written."""

    @property
    def code(self) -> str:
        """What happened."""

    @property
    def reason(self) -> str:
        """Why, in a word."""

    @property
    def device(self) -> str:
        """The name under which the journal knows the device, if it was about one."""

    @property
    def detail(self) -> Mapping[str, Plain]:
        """The particulars."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, or the same thing several times in a row, from `at` until `until`."""

    at: datetime
    code: str
    sentence: str
    times: int = 1
    until: datetime | None = None


def tell_story(entries: Iterable[JournalEntry]) -> tuple[Happening, ...]:
    """Return the story in the order of the entries; what repeats itself is told once, with how often."""
    story: list[Happening] = []
    for entry in entries:
        told = tell(entry)
        if told is None:
            continue
        last = story[-1] if story else None
        if last is not None and last.sentence == told:
            story[-1] = replace(last, times=last.times + 1, until=entry.at)
        else:
            story.append(Happening(entry.at, entry.code, told))
    return tuple(story)


def tell(entry: JournalEntry) -> str | None:
    """Return the sentence for an entry, or None for one that does not bear on the story."""
    teller = _TOLD.get(entry.code)
    if teller is not None:
        told = teller if isinstance(teller, str) else teller(entry)
        return None if told is None else _filled(told, entry)
    return _filled(_refused(entry), entry) if entry.code in REFUSALS else None


def said_no(entry: JournalEntry) -> str | None:
    """Return the code of the refusal that an entry tells of, or None when nobody was refused."""
    if entry.code == "hub.refused":
        return entry.reason
    return entry.code if entry.code in REFUSALS else None


class _Words(dict[str, str]):
    """The words of a sentence; somebody or something stands in for what the journal does not know."""

    def __missing__(self, name: str) -> str:
        return _STAND_INS.get(name, "something")


_STAND_INS = {
    "user": "somebody",
    "stager": "a staging user",
    "group": "the organization group",
    "serial": "a device",
    "platform": "its platform",
}


def _filled(told: str, entry: JournalEntry) -> str:
    """Put the words of an entry into a sentence; people keep the small letter that they write themselves with."""
    words = _Words({name: str(value) for name, value in entry.detail.items() if value not in (None, "")})
    if entry.reason:
        words["reason"] = entry.reason
    said = told.format_map(words)
    begins_with_a_name = told.startswith("{") and told[1 : told.index("}")] in words
    return said if begins_with_a_name else said[:1].upper() + said[1:]


def _refused(entry: JournalEntry) -> str:
    """Say who was refused, by which guard and why; a device that was refused below the Hub is nobody's yet."""
    code = said_no(entry) or entry.code
    who = "{user}" if entry.detail.get("user") else "Somebody" if entry.code == "hub.refused" else "The device"
    guard = " by the guard {guard}" if entry.detail.get("guard") else ""
    why = sentence(REFUSALS[code].text) if code in REFUSALS else "It is not said why."
    # Braces of the text are nobody's words: they are kept as they are.
    return f"{who} was refused{guard}: {_literally(why)} ({_literally(code)})"


def _literally(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _begun(entry: JournalEntry) -> str:
    if entry.detail.get("channel") == EntryChannel.DEP:
        return "It asked for its enrolment profile in Setup Assistant."
    return "Somebody began to enrol it with Intelligent Hub."


def _assigned(entry: JournalEntry) -> str:
    if entry.detail.get("stager"):
        return "{stager} enrolled it on behalf of {user}, whose it is now."
    return "{user} enrolled it, and it is assigned to {user}."


def _staged(entry: JournalEntry) -> str:
    if entry.code == "assignment.staged" and is_shared(entry):
        return "{stager} staged it as a shared device: whoever logs in has it until they log out."
    return "{stager} staged it: the first qualified user who logs in gets it, and {stager} answers for it till then."


def is_shared(entry: JournalEntry) -> bool:
    """Say whether an entry tells of a shared device: one that was staged for many users."""
    said = (entry.reason, *(str(value) for value in entry.detail.values()))
    return "MultiUser" in said or "MultiIdle" in said


def _claimed(entry: JournalEntry) -> str:
    return "{user} logged in first and took it; {stager} had staged it."


def _login_failed(entry: JournalEntry) -> str:
    known = entry.detail.get("user")
    return "Somebody gave a wrong password for {user}." if known else "A login with an unknown name failed."


def _locked(entry: JournalEntry) -> str:
    if entry.detail.get("user"):
        return "It was locked when {user} tried to have it ({reason})."
    return "It was locked ({reason})."


def _expired(entry: JournalEntry) -> str | None:
    return None if entry.reason == "replaced" else "The Hub session ended: nobody answered in time."


def _unlisted(entry: JournalEntry) -> str:
    name = {ListKind.DENY.value: "the deny list", ListKind.ALLOW.value: "the allow list"}
    return f"It was taken off {name.get(str(entry.detail.get('list')), 'a list')}."


_WEIGHTY = frozenset(
    {
        # Apple's…
        "ClearPasscode",
        "DeviceLock",
        "DisableLostMode",
        "EnableLostMode",
        "EraseDevice",
        "RemoveProfile",
        # …and an Android's.
        "ENTERPRISE_WIPE",
        "LOCK",
        "RESET_PASSWORD",
        "START_KIOSK",
        "STOP_KIOSK",
        "WIPE",
    }
)
"""The commands that change what people can do with a device."""


def _ordered(entry: JournalEntry) -> str | None:
    return "{request_type} was ordered." if entry.detail.get("request_type") in _WEIGHTY else None


def _answered(entry: JournalEntry) -> str | None:
    return "The device answered {request_type}: {reason}." if entry.detail.get("request_type") in _WEIGHTY else None


def _sent_to_android(entry: JournalEntry) -> str | None:
    return "{request_type} was sent to it." if entry.detail.get("request_type") in _WEIGHTY else None


def _answered_by_android(entry: JournalEntry) -> str | None:
    if entry.detail.get("request_type") not in _WEIGHTY:
        return None
    why = " ({reason})" if entry.reason else ""
    return f"The device answered {{request_type}}: {{status}}{why}."


_TOLD: Mapping[str, str | Callable[[JournalEntry], str | None]] = {
    "registration.created": "It was registered to {user}.",
    "registration.bound": "It is bound to {user} from now on, also when it is no longer managed.",
    "registration.deleted": "An administrator deleted its registration to {user}.",
    "registration.token_reset": "An administrator made a new token for the registration to {user}.",
    "registration.token_revoked": "An administrator revoked the token of the registration to {user}.",
    "registration.token_expired": "The token of the registration to {user} expired.",
    "assignment.assigned": _assigned,
    "assignment.staged": _staged,
    "assignment.claimed": _claimed,
    "assignment.checked_out": "{user} checked it out.",
    "assignment.checked_in": "It was checked in: {user} has it no longer.",
    "assignment.reassigned": "An administrator gave it to {user}.",
    "assignment.orphaned": "It belongs to nobody any more: {stager}, who had staged it, was deleted.",
    "assignment.ended": "With its enrolment its assignment ended.",
    "lock.set": _locked,
    "lock.released": "Its lock ({reason}) was released.",
    "hub.session_started": _begun,
    "hub.session_expired": _expired,
    "hub.refused": _refused,
    "hub.unmanaged": "{user} logged in to the Workspace ONE app without qualifying for Direct Enrollment ({reason}): "
    "the device stays unmanaged.",
    "login.failed": _login_failed,
    "login.captcha": "From now on a CAPTCHA is asked for: too many logins had failed.",
    "login.user_locked": "The account of {user} was locked: too many logins had failed.",
    "list.allowed": "It was put on the allow list.",
    "list.denied": "It was put on the deny list.",
    "list.removed": _unlisted,
    "program.assigned": "It was given the DEP profile {profile}.",
    "program.unassigned": "Its DEP profile was taken away.",
    "ade.update_required": "It was told to update its system before it enrols.",
    "ade.web_sign_in": "Its person signed in on the server's page.",
    "abm.device_added": "Apple Business Manager put it on the server {server}.",
    "abm.device_removed": "Apple Business Manager took it from the server {server}.",
    "abm.assigned": "Apple Business Manager was told that it gets the DEP profile {profile}.",
    "abm.assign_refused": "Apple Business Manager was not to give it a DEP profile ({reason}).",
    "abm.locked": "Apple Business Manager locked it to the organization.",
    "abm.disowned": "The organization gave it up: Apple Business Manager has it no more.",
    "abm.throttled": "Apple Business Manager asked for patience with its DEP profile.",
    "wipe.requested": "A wipe was asked for ({reason}).",
    "wipe.on_hold": "The wipe was put on hold: more devices were wiped than the threshold allows.",
    "wipe.approved": "An administrator approved the wipe.",
    "wipe.rejected": "An administrator rejected the wipe.",
    "wipe.done": "It was wiped.",
    "user.removed": "The user {user} was deleted.",
    "android.enrolled": "It enrolled as an Android device.",
    "android.unenrolled": "It is managed no longer.",
    "android.pending_verification": "It waits to be verified: neither its serial number nor its IMEI is known yet.",
    "android.verified": "It was verified.",
    "android.command_sent": _sent_to_android,
    "android.command_answered": _answered_by_android,
    "enroll.authenticated": "It began to enrol.",
    "enroll.enrolled": "It is managed from now on.",
    "enroll.checked_out": "It took leave of the server (CheckOut): it is managed no longer.",
    "enroll.erased": "It was erased, and is managed no longer.",
    "enroll.enterprise_wiped": "Its MDM profile is gone, with everything that came by it: it is managed no longer.",
    "push.unregistered": "Apple no longer knows its push token ({reason}): nothing wakes it until it checks in again.",
    "push.refused": "Apple's push service did not take a push for it: {reason}.",
    "enroll.moved": "Its status went from {before} to {after}.",
    "command.queued": _ordered,
    "command.answered": _answered,
}
"""What is not here is told by the code of a refusal, or is of no weight: certificates, polls, other commands."""
