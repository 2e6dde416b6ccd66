from __future__ import annotations

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.explanation import LONGEST_STORY, NOTHING_TO_DO, explain
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.staging.standing import Standing, retrace
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    Management,
    RegistrationState,
)
from rigs.journal_entries import LOCKED, REFUSED, REGISTERED, entries, entry, wrong_user

PHONE = "The iPhone F17XQ2"


def test_a_device_that_the_wrong_user_locked_is_explained_from_beginning_to_end() -> None:
    """Why it is locked, who did what and when, which guard refused, and what frees it, in this order."""
    told = wrong_user()
    assert list(explain(PHONE, retrace(told), told).sentences()) == [
        "The iPhone F17XQ2 is expected, and has not enrolled.",
        (
            "It is locked since 2026-01-05 08:02:00 UTC (REG_USER_MISMATCH): it is registered to anna, and bert "
            "tried to have it. Until an administrator frees it nobody, its owner included, can enrol it."
        ),
        "It is registered to anna: another user who logs in first is refused, and locks it.",
        (
            "The last refusal was at 2026-01-05 08:03:00 UTC: bert was refused by the guard RegistrationOwner: This "
            "device is registered to another user. Contact your administrator. (REG_USER_MISMATCH)"
        ),
        "2026-01-05 08:00:00 UTC: It was registered to anna.",
        "2026-01-05 08:01:00 UTC: Somebody began to enrol it with Intelligent Hub.",
        "2026-01-05 08:02:00 UTC: It was locked when bert tried to have it (REG_USER_MISMATCH).",
        (
            "2026-01-05 08:03:00 UTC: bert was refused by the guard RegistrationOwner: This device is registered to "
            "another user. Contact your administrator. (REG_USER_MISMATCH)"
        ),
        "What to do: Unlock the device, or delete its registration; then register it to the user who shall have it.",
    ]


def test_a_staged_device_that_somebody_took_names_who_staged_it_and_who_took_it() -> None:
    """Unattended devices are somebody's responsibility: the story says whose it was, when, and whose it became."""
    told = entries(
        entry("enroll.enrolled"),
        entry("assignment.staged", stager="stage"),
        entry("assignment.claimed", user="carla", stager="stage"),
        entry("registration.bound", user="carla"),
    )
    explanation = explain(PHONE, retrace(told), told)
    assert explanation.state[0] == "The iPhone F17XQ2 is enrolled and assigned to carla; stage had staged it."
    assert [happening.sentence for happening in explanation.story][1:3] == [
        "stage staged it: the first qualified user who logs in gets it, and stage answers for it till then.",
        "carla logged in first and took it; stage had staged it.",
    ]
    assert explanation.remedy == (NOTHING_TO_DO,)


@pytest.mark.parametrize("assignment", AssignmentState)
def test_every_assignment_of_an_enrolled_device_is_said_with_its_people(assignment: AssignmentState) -> None:
    """Whoever has it or staged it is named; for an orphan the way out is named too."""
    standing = Standing(status=EnrollmentStatus.ENROLLED, assignment=assignment, user="anna", stager="stage")
    explanation = explain(PHONE, standing, [])
    named = {
        AssignmentState.ASSIGNED: {"anna", "stage"},
        AssignmentState.STAGED_UNCLAIMED: {"stage"},
        AssignmentState.MULTI_IDLE: {"stage"},
        AssignmentState.CHECKED_OUT: {"anna", "stage"},
    }.get(assignment, set())
    assert all(name in explanation.state[0] for name in named)
    orphan = assignment is AssignmentState.ORPHANED
    assert (explanation.remedy != (NOTHING_TO_DO,)) == orphan


@pytest.mark.parametrize("status", [None, *EnrollmentStatus])
def test_every_status_is_said(status: EnrollmentStatus | None) -> None:
    """There is no status for which the explanation has no words."""
    (said,) = explain(PHONE, Standing(status=status), []).state
    assert said.startswith(PHONE)
    assert "not known to the server" not in said


@pytest.mark.parametrize("reason", DeviceLockReason)
@pytest.mark.parametrize("spares_owner", [False, True])
def test_every_lock_is_explained_and_its_way_out_is_named(reason: DeviceLockReason, spares_owner: bool) -> None:
    """The way out is that of the one table of refusals; whom the lock lets in is said."""
    standing = Standing(lock=reason, registered_to="anna", spares_owner=spares_owner)
    explanation = explain(PHONE, standing, [])
    assert reason in explanation.state[1]
    assert ("nobody but anna" in explanation.state[1]) == spares_owner
    assert explanation.remedy == (f"What to do: {STAGING_REFUSALS[reason].remedy}",)


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(registration=RegistrationState.BOUND, registered_to="anna"), "bound to anna"),
        (Standing(registration=RegistrationState.EXPIRED, registered_to="anna"), "token has expired or was revoked"),
        (Standing(denied=True), "deny list"),
        (Standing(wipe_on_hold=True), "on hold"),
        (Standing(pending_verification=True), "verified"),
        (Standing(management=Management.UNMANAGED, user="anna"), "used by anna without being managed"),
    ],
)
def test_whatever_else_bears_on_a_device_is_said(standing: Standing, words: str) -> None:
    """Registrations, lists, wipes, verification, and a device that is not managed at all."""
    assert any(words in said for said in explain(PHONE, standing, []).state)


def test_a_refusal_that_locked_nothing_names_its_own_way_out() -> None:
    """Until the device comes to its goal: then it is a thing of the past."""
    told = entries(entry("hub.refused", reason="MAX_DEVICES", user="anna", guard="UserLimit"))
    explanation = explain(PHONE, Standing(), told)
    assert explanation.remedy == ("What to do: Unenrol one of the user's devices, or raise the limit.",)
    enrolled = [*told, entry("enroll.enrolled")]
    assert explain(PHONE, Standing(status=EnrollmentStatus.ENROLLED), enrolled).remedy == (NOTHING_TO_DO,)


def test_a_refusal_of_the_protocol_has_a_way_out_too() -> None:
    """Not only staging says no."""
    explanation = explain(PHONE, Standing(), [entry("auth.cert_mismatch")])
    assert explanation.remedy[0].startswith("What to do: A device speaks only for itself")
    unheard = explain(PHONE, Standing(), [entry("hub.refused", reason="FROM_THE_FUTURE")])
    assert "docs/flows/refusals.md" in unheard.remedy[0]


def test_a_long_story_keeps_its_beginning_and_its_end() -> None:
    """What is left out between them is counted."""
    told = entries(*[REGISTERED, LOCKED] * LONGEST_STORY)
    explanation = explain(PHONE, retrace(told), told)
    assert (len(explanation.story), explanation.left_out) == (LONGEST_STORY, LONGEST_STORY)
    assert (explanation.story[0].at, explanation.story[-1].at) == (told[0].at, told[-1].at)


def test_what_happened_often_is_told_with_how_often() -> None:
    """The last sentence of the story says how many times, and until when."""
    told = entries(REFUSED, REFUSED)
    said = list(explain(PHONE, Standing(), told).sentences())
    assert any(line.endswith("(2 times, until 2026-01-05 08:01:00 UTC)") for line in said)
    at_once = explain(PHONE, Standing(), [REFUSED, REFUSED])
    assert any(line.endswith("(2 times)") for line in at_once.sentences())
