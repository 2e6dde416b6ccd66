from __future__ import annotations

import pytest

from mdm_server.domain.refusal import REFUSALS
from mdm_server.domain.staging.story import _TOLD, said_no, tell, tell_story
from mdm_server.domain.staging.vocabulary import StagingMode
from mdm_server.store.journal_codes import JournalCode
from rigs.journal_entries import BEGIN, REFUSED, entries, entry

UNTOLD = {
    "invitation",
    "scep",
    "certificate",
    "profile",
    "console",
    "credential",
    "journal",
    "store",
    "report",
    "user",
    "group",
}
"""Families of codes of which no device's story is told."""
UNWEIGHTY = {
    "program.profile_saved",
    "enroll.bootstrap_token_set",
    "enroll.described",
    "enroll.token_stale",
    "enroll.token_updated",
    "command.sent",
    "command.late_answer",
    "command.unknown_answer",
    "command.cleared",
    "command.expired",
    "android.synced",
    "abm.token_added",
    "abm.token_removed",
    "abm.synced",
    "abm.profile_defined",
}


@pytest.mark.parametrize("code", JournalCode)
def test_every_code_of_the_journal_has_its_sentence_or_is_of_no_weight(code: JournalCode) -> None:
    """A new code is either told, or named here as one that is not."""
    expected = code.partition(".")[0] not in UNTOLD and code not in UNWEIGHTY
    assert (code in _TOLD) == expected or code == "user.removed"


@pytest.mark.parametrize("code", _TOLD)
def test_a_sentence_needs_no_particulars_and_is_a_sentence_without_them(code: str) -> None:
    """What the journal does not know is somebody or something; a sentence ends like one and begins with a capital."""
    told = tell(entry(code, reason="REG_USER_MISMATCH"))
    assert told is None or (told[0].isupper() and told.endswith((".", ")"))), told


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_is_told_with_its_text_and_its_code(code: str) -> None:
    """Whatever says no, the story says what was said, and under which code to look it up."""
    told = tell(entry(code))
    assert told is not None
    assert told.endswith(f"({code})")
    assert said_no(entry(code)) == code


def test_the_refusal_of_the_hub_names_who_was_refused_and_by_which_guard() -> None:
    """The journal's code is that of the event; the refusal's is its reason."""
    assert tell(REFUSED) == (
        "bert was refused by the guard RegistrationOwner: "
        "This device is registered to another user. Contact your administrator. (REG_USER_MISMATCH)"
    )
    assert said_no(REFUSED) == "REG_USER_MISMATCH"
    assert said_no(entry("enroll.enrolled")) is None


def test_what_people_are_called_is_never_taken_for_a_part_of_the_sentence() -> None:
    """A user may be called whatever he likes, braces included."""
    assert tell(entry("assignment.checked_out", user="{stager} {0}")) == "{stager} {0} checked it out."
    assert "{weird}" in (tell(entry("hub.refused", reason="{weird}", user="x")) or "")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (entry("assignment.assigned", user="anna"), "anna enrolled it, and it is assigned to anna."),
        (
            entry("assignment.assigned", user="anna", stager="stage"),
            "stage enrolled it on behalf of anna, whose it is now.",
        ),
        (
            entry("assignment.claimed", user="anna", stager="stage"),
            "anna logged in first and took it; stage had staged it.",
        ),
        (
            entry("assignment.staged", stager="stage", mode=StagingMode.MULTI),
            "stage staged it as a shared device: whoever logs in has it until they log out.",
        ),
        (
            entry("assignment.staged", stager="stage", mode=StagingMode.STANDARD),
            "stage staged it: the first qualified user who logs in gets it, and stage answers for it till then.",
        ),
        (entry("lock.set", reason="DEVICE_DENYLISTED"), "It was locked (DEVICE_DENYLISTED)."),
        (entry("login.failed", user="anna"), "Somebody gave a wrong password for anna."),
        (entry("login.failed"), "A login with an unknown name failed."),
        (entry("list.removed", list="Deny"), "It was taken off the deny list."),
        (entry("list.removed"), "It was taken off a list."),
        (entry("command.queued", request_type="EraseDevice"), "EraseDevice was ordered."),
        (entry("command.queued", request_type="DeviceInformation"), None),
        (entry("command.answered", request_type="DeviceInformation"), None),
        (entry("android.command_sent", request_type="LOCK"), "LOCK was sent to it."),
        (entry("android.command_sent", request_type="REBOOT"), None),
        (
            entry("android.command_answered", request_type="LOCK", status="SUCCEEDED"),
            "The device answered LOCK: SUCCEEDED.",
        ),
        (
            entry("android.command_answered", reason="API_LEVEL", request_type="RESET_PASSWORD", status="FAILED"),
            "The device answered RESET_PASSWORD: FAILED (API_LEVEL).",
        ),
        (entry("android.command_answered", request_type="CLEAR_APP_DATA", status="SUCCEEDED"), None),
        (entry("hub.session_started"), "Somebody began to enrol it with Intelligent Hub."),
        (entry("hub.session_started", channel="DEP"), "It asked for its enrolment profile in Setup Assistant."),
        (entry("hub.session_expired"), "The Hub session ended: nobody answered in time."),
        (entry("hub.session_expired", reason="replaced"), None),
        (entry("command.sent", request_type="EraseDevice"), None),
    ],
)
def test_an_entry_is_told_with_the_names_it_gives(told: object, sentence: str | None) -> None:
    """Who staged a device and who took it are named; what is of no weight is left out."""
    assert tell(told) == sentence  # type: ignore[arg-type]


def test_what_repeats_itself_is_told_once_with_how_often() -> None:
    """Ten refusals in a row are one happening, from the first to the last."""
    first, *_, last = told = entries(*[REFUSED] * 10)
    (happening,) = tell_story(told)
    assert (happening.at, happening.until, happening.times) == (first.at, last.at, 10)
    both = tell_story(entries(REFUSED, entry("lock.released", reason="x"), REFUSED))
    assert [each.times for each in both] == [1, 1, 1]
    assert both[0].at == BEGIN
    assert both[0].until is None
