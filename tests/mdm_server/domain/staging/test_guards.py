"""The guards: each one trips and each one lets pass, and the first in order wins."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import REFUSALS
from mdm_server.domain.staging.guards import (
    GUARDS,
    CaptchaAnswer,
    Credentials,
    GuardName,
    Purpose,
    judge,
)
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    EntryChannel,
    Ownership,
    Platform,
    StagingMode,
    UserStatus,
)
from rigs.staging_records import (
    BEN,
    attempt,
    record,
    registered,
    token,
    with_record,
    with_settings,
)
from rigs.staging_trips import (
    BOUND,
    DENIED,
    ELSEWHERE,
    MISMATCH,
    TOGETHER,
    TRIPS,
    Change,
    N,
    P,
    Trip,
    assigned,
    attempt_with,
    both,
    record_with,
    settings_with,
    user_with,
)

PAIRS = [
    (purpose, first, second) for purpose, changes in TOGETHER.items() for first, second in combinations(changes, 2)
]
BY_NAME = {guard.name: guard for guard in GUARDS}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_nothing_stands_against_a_plain_attempt(purpose: Purpose) -> None:
    """All guards let it pass; each of them alone does, too, even one that does not apply."""
    plain = attempt(purpose)
    assert judge(plain) is None
    assert [guard.name for guard in GUARDS if purpose in guard.purposes and guard.check(plain) is not None] == []


@pytest.mark.parametrize("trip", TRIPS, ids=str)
def test_each_guard_refuses_with_its_codes(trip: Trip) -> None:
    """The guard that is meant, the code that is meant, and no other guard before it."""
    verdict = judge(trip.change(attempt(trip.purpose)))
    assert verdict is not None
    assert (verdict.guard, verdict.code) == (trip.guard, trip.code)
    assert verdict.refusal().code == trip.code


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_code_of_every_guard_has_a_test_that_trips_it(guard: object) -> None:
    """A guard with no test that trips it is not there; and no guard answers what it does not say it may."""
    tripped = {trip.code for trip in TRIPS if trip.guard is guard.name}
    assert tripped == set(guard.codes)
    assert tripped <= REFUSALS.keys()
    assert {trip.purpose for trip in TRIPS if trip.guard is guard.name} <= guard.purposes


@pytest.mark.parametrize(("purpose", "first", "second"), PAIRS)
def test_of_two_guards_that_refuse_the_first_in_order_wins(
    purpose: Purpose, first: GuardName, second: GuardName
) -> None:
    """Every pair, for every purpose; both would refuse by themselves."""
    changes = TOGETHER[purpose]
    both = changes[second](changes[first](attempt(purpose)))
    assert BY_NAME[first].check(both) is not None
    assert BY_NAME[second].check(both) is not None
    verdict = judge(both)
    assert verdict is not None
    assert verdict.guard is first


NOT_ASKED = [
    (purpose, name)
    for purpose in Purpose
    for name in {**TOGETHER[P.ENROLL], **TOGETHER[P.CHECK_OUT]}
    if purpose not in BY_NAME[name].purposes
]


@pytest.mark.parametrize(("purpose", "name"), NOT_ASKED)
def test_a_guard_is_not_asked_where_it_does_not_apply(purpose: Purpose, name: GuardName) -> None:
    """Whoever checks a shared device out registers nothing, and whoever enrols one has no shared passcode."""
    change = {**TOGETHER[P.ENROLL], **TOGETHER[P.CHECK_OUT]}[name]
    tripped = change(attempt(purpose))
    assert BY_NAME[name].check(tripped) is not None
    assert judge(tripped) is None


def test_every_pair_of_guards_is_tried() -> None:
    """What applies to a purpose is in its list, in the order of the guards."""
    for purpose, changes in TOGETHER.items():
        assert list(changes) == [guard.name for guard in GUARDS if purpose in guard.purposes]


def test_the_guards_stand_in_the_documented_order() -> None:
    """As DESIGN §3 lists them; the shared passcode is asked for with the decision about staging."""
    assert [guard.name for guard in GUARDS] == list(GuardName)
    assert list(GuardName) == [
        "Group", "Captcha", "Credentials", "UserActive", "UserEnrollable", "Staging", "SharedPasscode", "DeviceLock",
        "DenyList", "AllowedDevices", "RegistrationOwner", "BoundElsewhere", "Ownership", "DeviceType", "UserLimit",
        "GroupLimit", "TermsOfUse",
    ]  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_through_dep_only_the_restrictions_do_not_apply(guard: object) -> None:
    """Model and system of a device of Apple Business Manager are known only after enrolment (row 46)."""
    if Purpose.ENROLL not in guard.purposes:
        return
    through_dep = replace(TOGETHER[P.ENROLL][guard.name](attempt()), channel=EntryChannel.DEP)
    passes = guard.restriction or guard.name is N.TERMS_OF_USE
    verdict = judge(through_dep)
    assert (verdict is None) == passes
    assert guard.restriction == (guard.name in (N.OWNERSHIP, N.DEVICE_TYPE, N.USER_LIMIT))


def test_judging_can_stop_and_start_between_guards() -> None:
    """The wizard asks as far as it has come, and Direct Enrollment decides in between."""
    refused = TOGETHER[P.ENROLL][N.USER_LIMIT](TOGETHER[P.ENROLL][N.USER_ACTIVE](attempt()))
    assert judge(refused, last=N.CREDENTIALS) is None
    assert judge(refused, last=N.USER_ACTIVE).guard is N.USER_ACTIVE
    assert judge(refused, first=N.USER_ENROLLABLE).guard is N.USER_LIMIT
    assert judge(refused, first=N.GROUP_LIMIT) is None


LOCKING = {
    "REG_USER_MISMATCH": MISMATCH,
    "REG_BOUND_TO_OTHER": BOUND,
    "DEVICE_DENYLISTED": DENIED,
    "CREATE_MDM_ERROR": attempt_with(device_failures=3, channel=EntryChannel.BARCODE),
    "STAGING_USER_GONE": both(record_with(status=EnrollmentStatus.ENROLLED), assigned(AssignmentState.ORPHANED, None)),
}


@pytest.mark.parametrize("trip", TRIPS, ids=str)
def test_only_the_documented_refusals_set_a_lock(trip: Trip) -> None:
    """And the lock they set carries their own code; a device that is locked is not locked again."""
    verdict = judge(trip.change(attempt(trip.purpose)))
    assert verdict is not None
    locked_already = verdict.reason == "locked"
    staging_answer = verdict.guard is N.STAGING
    expected = None if locked_already or staging_answer else LOCKING.get(verdict.code) and verdict.code
    assert verdict.sets_lock == expected


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (attempt_with(credentials=Credentials.BAD), True),
        (user_with(group=3), True),
        (attempt_with(token_presented=True), True),
        (attempt_with(token_presented=True, token_registration=registered(BEN.id, token=token())), True),
        (attempt_with(credentials=Credentials.MISSING), False),
        (attempt_with(device_failures=3), False),
        (settings_with(token_required=True), False),
        (user_with(status=UserStatus.LOCKED), False),
        (MISMATCH, False),
    ],
)
def test_only_wrong_credentials_and_tokens_count_as_failures(change: Change, counts: bool) -> None:
    """Whoever is asked again, or refused for another reason, has not failed to log in."""
    assert judge(change(attempt())).counts_as_failure is counts


def test_a_refusal_on_the_lists_is_about_the_identifier_that_named_the_device() -> None:
    """So the journal can say which entry to look for."""
    assert judge(DENIED(attempt())).reason == "serial_number"


def test_a_solved_captcha_lets_pass_and_a_known_user_does_too() -> None:
    """And an unknown one, where nobody asks for known ones."""
    assert judge(attempt(device_failures=3, captcha=CaptchaAnswer.SOLVED)) is None
    assert judge(with_settings(attempt(), known_users_only=True)) is None
    assert judge(attempt(user_known=False)) is None


def test_direct_enrollment_has_no_word_for_staging() -> None:
    """Whoever asks for it there is told so, also who may not stage at all."""
    asked = attempt(channel=EntryChannel.DIRECT, mode=StagingMode.STANDARD)
    assert judge(asked).code == "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT"


def test_guards_about_a_user_say_nothing_while_there_is_none() -> None:
    """A device may be judged before anybody has logged in on it."""
    assert judge(attempt(user=None), first=N.USER_ACTIVE) is None
    assert judge(attempt(group=None), first=N.CREDENTIALS).code == "BAD_CREDENTIALS"


def test_no_verdict_depends_on_what_is_not_there() -> None:
    """A device on record elsewhere, of the same customer, is not elsewhere; unknown groups are nobody's."""
    moved = with_record(attempt(), group=3, status=EnrollmentStatus.ENROLLED)
    assert judge(moved) is None
    assert judge(with_record(attempt(), group=99, status=EnrollmentStatus.ENROLLED)) is None
    assert (
        judge(replace(ELSEWHERE(attempt()), record=replace(record(), group=4, status=EnrollmentStatus.UNENROLLED)))
        is None
    )
    assert judge(with_settings(ELSEWHERE(attempt()), cross_customer_block=False)) is None


def test_the_platforms_are_told_apart_by_what_they_are_allowed() -> None:
    """A minimum for Android says nothing about an iPhone; a version that just suffices does."""
    assert judge(with_settings(attempt(), minimum_os={"Android": "99"})) is None
    assert judge(with_settings(attempt(), minimum_os={"Apple": "17.4"})) is None
    assert judge(with_settings(attempt(), minimum_os={"Apple": "17.4.0"})) is None
    assert judge(with_settings(attempt(), allowed_platforms=[Platform.IOS], allowed_models=["iphone*"])) is None


def test_an_ownership_that_is_allowed_passes() -> None:
    """Whether it was chosen or is the group's own."""
    assert judge(with_settings(attempt(ownership=Ownership.EMPLOYEE_OWNED), allowed_ownerships=["E"])) is None
    assert judge(with_settings(attempt(), allowed_ownerships=["C"])) is None
