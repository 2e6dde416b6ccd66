"""The guards: each one trips and each one lets pass, and the first in order wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.refusal import REFUSALS
from mdm_server.domain.staging.devices import Assignment, DeviceLock
from mdm_server.domain.staging.guards import (
    GUARDS,
    Attempt,
    CaptchaAnswer,
    Credentials,
    DeviceCounts,
    GuardName,
    Purpose,
    TermsAnswer,
    judge,
)
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    EntryChannel,
    ListKind,
    Ownership,
    Platform,
    RegistrationState,
    StagingMode,
    TokenState,
    UserStatus,
)
from rigs.staging_records import (
    ANDROID,
    ANNA,
    BEN,
    NOW,
    PAT,
    WORK_PROFILE,
    attempt,
    bound,
    listed,
    record,
    registered,
    token,
    with_record,
    with_settings,
)

Change = Callable[[Attempt], Attempt]
N, P = GuardName, Purpose


@dataclass(frozen=True)
class Trip:
    """One way to trip a guard: what to change in an attempt against which nothing stands."""

    guard: GuardName
    code: str
    change: Change
    purpose: Purpose = P.ENROLL

    def __str__(self) -> str:
        return f"{self.guard}-{self.code}-{self.purpose}"


def _user(**changes: object) -> Change:
    return lambda before: replace(before, user=replace(before.user, **changes))


def _with(**changes: object) -> Change:
    return lambda before: replace(before, **changes)


def _settings(**settings: object) -> Change:
    return lambda before: with_settings(before, **settings)


def _record(**changes: object) -> Change:
    return lambda before: with_record(before, **changes)


def _all(*changes: Change) -> Change:
    def change(before: Attempt) -> Attempt:
        for each in changes:
            before = each(before)
        return before

    return change


def _lock(reason: DeviceLockReason) -> Change:
    return _record(lock=DeviceLock(reason, NOW, BEN.id))


def _token(state: TokenState) -> Change:
    return _with(token_presented=True, token_registration=registered(ANNA.id, token=token(state)))


def _is(state: AssignmentState, user: int | None = BEN.id) -> Change:
    return _record(assignment=Assignment(state, user, PAT.id, NOW))


STAGER = _with(user=PAT, mode=StagingMode.STANDARD)
MISMATCH = _with(registrations=(registered(BEN.id),))
EXPIRED_MISMATCH = _with(registrations=(registered(BEN.id, state=RegistrationState.EXPIRED),))
BOUND = _with(registrations=(bound(BEN.id),))
DENIED = _with(entries=(listed(ListKind.DENY),))
ELSEWHERE = _record(group=4, status=EnrollmentStatus.ENROLLED)

TRIPS = (
    Trip(N.GROUP, "GROUP_UNKNOWN", _with(group=None)),
    Trip(N.GROUP, "LICENSE_EXPIRED", _settings(license_expired=True)),
    Trip(N.CAPTCHA, "CAPTCHA_REQUIRED", _with(device_failures=3)),
    Trip(N.CAPTCHA, "CAPTCHA_REQUIRED", _user(failed_logins=3), P.CLAIM),
    Trip(N.CAPTCHA, "CAPTCHA_REQUIRED", _with(device_failures=3, captcha=CaptchaAnswer.WRONG), P.CHECK_OUT),
    Trip(N.CAPTCHA, "CREATE_MDM_ERROR", _with(device_failures=3, channel=EntryChannel.BARCODE)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", _with(credentials=Credentials.BAD)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", _with(credentials=Credentials.MISSING)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", _with(user=None)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", _user(group=3)),
    Trip(N.CREDENTIALS, "TOKEN_INVALID", _settings(token_required=True)),
    Trip(N.CREDENTIALS, "TOKEN_INVALID", _with(token_presented=True)),
    Trip(N.CREDENTIALS, "TOKEN_EXPIRED", _token(TokenState.EXPIRED)),
    Trip(N.CREDENTIALS, "TOKEN_REVOKED", _token(TokenState.REVOKED)),
    Trip(N.CREDENTIALS, "TOKEN_USED", _token(TokenState.USED)),
    Trip(
        N.CREDENTIALS,
        "TOKEN_USER_MISMATCH",
        _with(token_presented=True, token_registration=registered(BEN.id, token=token())),
    ),
    Trip(N.USER_ACTIVE, "USER_INACTIVE", _user(status=UserStatus.INACTIVE)),
    Trip(N.USER_ACTIVE, "USER_LOCKED", _user(status=UserStatus.LOCKED), P.CHECK_OUT),
    Trip(N.USER_ENROLLABLE, "USER_NOT_ALLOWED", _settings(allowed_user_groups=[8])),
    Trip(N.USER_ENROLLABLE, "USER_NOT_ALLOWED", _settings(allowed_user_groups=[8]), P.CLAIM),
    Trip(N.USER_ENROLLABLE, "USER_NOT_ALLOWED", _all(_settings(known_users_only=True), _with(user_known=False))),
    Trip(N.STAGING, "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT", _with(channel=EntryChannel.DIRECT, user=PAT)),
    Trip(
        N.STAGING,
        "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT",
        _all(
            _with(channel=EntryChannel.DIRECT),
            _record(status=EnrollmentStatus.ENROLLED),
            _is(AssignmentState.MULTI_IDLE),
        ),
    ),
    Trip(N.STAGING, "STAGING_NOT_ALLOWED", _with(on_behalf=BEN)),
    Trip(N.STAGING, "STAGING_NOT_ALLOWED", _with(mode=StagingMode.MULTI)),
    Trip(N.STAGING, "STAGING_TYPE_MISMATCH", _with(user=PAT, mode=StagingMode.MULTI)),
    Trip(N.STAGING, "STAGING_TYPE_MISMATCH", _with(user=PAT, mode=StagingMode.STANDARD, on_behalf=ANNA)),
    Trip(
        N.STAGING,
        "STAGING_TARGET_INVALID",
        _with(user=replace(PAT, staging_type=DeviceStagingType.ADVANCED), mode=StagingMode.ADVANCED),
    ),
    Trip(N.STAGING, "STAGING_CANNOT_CLAIM", _with(user=PAT), P.CLAIM),
    Trip(N.STAGING, "STAGING_CANNOT_CLAIM", _with(user=PAT), P.CHECK_OUT),
    Trip(N.STAGING, "ALREADY_CLAIMED", _is(AssignmentState.ASSIGNED), P.CLAIM),
    Trip(N.STAGING, "ALREADY_CLAIMED", _record(claimed_once=True), P.CLAIM),
    Trip(N.STAGING, "CHECKED_OUT", _is(AssignmentState.CHECKED_OUT), P.CHECK_OUT),
    Trip(N.STAGING, "DEVICE_NOT_STAGED", _is(AssignmentState.UNASSIGNED, None), P.CLAIM),
    Trip(N.STAGING, "DEVICE_NOT_STAGED", _with(record=None), P.CLAIM),
    Trip(N.STAGING, "DEVICE_NOT_STAGED", _is(AssignmentState.ASSIGNED), P.CHECK_OUT),
    Trip(N.STAGING, "STAGING_USER_GONE", _is(AssignmentState.ORPHANED, None), P.CHECK_OUT),
    Trip(N.STAGING, "STAGING_USER_GONE", _is(AssignmentState.ORPHANED, None), P.CLAIM),
    Trip(N.SHARED_PASSCODE, "SHARED_PASSCODE", _settings(shared={"passcode_required": True}), P.CHECK_OUT),
    *(Trip(N.DEVICE_LOCK, reason, _lock(reason), purpose) for reason in DeviceLockReason for purpose in P),
    Trip(
        N.DEVICE_LOCK,
        "STAGING_USER_GONE",
        _all(_record(status=EnrollmentStatus.ENROLLED), _is(AssignmentState.ORPHANED, None)),
    ),
    Trip(N.DENY_LIST, "DEVICE_DENYLISTED", DENIED),
    Trip(N.DENY_LIST, "DEVICE_DENYLISTED", DENIED, P.CLAIM),
    Trip(N.DENY_LIST, "DEVICE_DENYLISTED", DENIED, P.CHECK_OUT),
    Trip(N.ALLOWED_DEVICES, "DEVICE_NOT_REGISTERED", _settings(mode="RegisteredOnly")),
    Trip(N.ALLOWED_DEVICES, "DEVICE_NOT_ALLOWLISTED", _settings(mode="AllowlistedOnly")),
    Trip(N.REGISTRATION_OWNER, "REG_USER_MISMATCH", MISMATCH),
    Trip(N.REGISTRATION_OWNER, "REG_USER_MISMATCH", MISMATCH, P.CLAIM),
    Trip(N.BOUND_ELSEWHERE, "REG_BOUND_TO_OTHER", BOUND),
    Trip(N.BOUND_ELSEWHERE, "REG_BOUND_TO_OTHER", _all(BOUND, STAGER)),
    Trip(N.BOUND_ELSEWHERE, "OTHER_ENVIRONMENT", ELSEWHERE),
    Trip(N.BOUND_ELSEWHERE, "ENROLLED_ELSEWHERE", _all(ELSEWHERE, _with(device=ANDROID))),
    Trip(N.OWNERSHIP, "OWNERSHIP_NOT_ALLOWED", _settings(allowed_ownerships=["E"])),
    Trip(
        N.OWNERSHIP,
        "OWNERSHIP_NOT_ALLOWED",
        _all(_settings(direct={"default_ownership": "S"}), _with(channel=EntryChannel.DIRECT)),
    ),
    Trip(N.DEVICE_TYPE, "DEP_REQUIRED", _settings(dep_only=True)),
    Trip(N.DEVICE_TYPE, "TYPE_NOT_ALLOWED", _settings(allowed_platforms=["Android"])),
    Trip(N.DEVICE_TYPE, "TYPE_NOT_ALLOWED", _settings(allowed_models=["iPad*"])),
    Trip(N.DEVICE_TYPE, "TYPE_NOT_ALLOWED", _settings(minimum_os={"Apple": "17.4.1"})),
    Trip(N.DEVICE_TYPE, "ENROLL_TYPE_NOT_ALLOWED", _settings(allowed_enrollment_types=["WorkProfile"])),
    Trip(N.DEVICE_TYPE, "ENROLL_TYPE_NOT_ALLOWED", _all(_with(device=WORK_PROFILE), STAGER)),
    Trip(N.USER_LIMIT, "MAX_DEVICES", _all(_settings(max_devices=2), _with(counts=DeviceCounts(of_user=2)))),
    Trip(
        N.USER_LIMIT,
        "MAX_DEVICES",
        _all(_settings(max_devices=2), _with(counts=DeviceCounts(of_user=2))),
        P.CLAIM,
    ),
    Trip(N.USER_LIMIT, "MAX_DEVICES_OWNERSHIP", _settings(max_devices_by_ownership={"C": 0})),
    Trip(N.GROUP_LIMIT, "MAX_DEVICES_OG", _settings(max_devices_group=0)),
    Trip(N.TERMS_OF_USE, "TOU_PENDING", _settings(terms={"version": "2"})),
    Trip(
        N.TERMS_OF_USE,
        "TOU_DECLINED",
        _all(_settings(terms={"version": "2"}), _with(terms=TermsAnswer.DECLINED)),
        P.CLAIM,
    ),
    Trip(
        N.TERMS_OF_USE,
        "TOU_PENDING",
        _all(
            _settings(terms={"version": "2"}, shared={"always_prompt_terms": True}),
            _with(terms_version_accepted="2"),
        ),
        P.CHECK_OUT,
    ),
)

# One way to trip each guard, chosen so that any two can be tripped at once.
TOGETHER: dict[Purpose, dict[GuardName, Change]] = {
    P.ENROLL: {
        N.GROUP: _settings(license_expired=True),
        N.CAPTCHA: _with(device_failures=3),
        N.CREDENTIALS: _with(credentials=Credentials.BAD),
        N.USER_ACTIVE: _user(status=UserStatus.INACTIVE),
        N.USER_ENROLLABLE: _settings(allowed_user_groups=[8]),
        N.STAGING: _with(on_behalf=BEN),
        N.DEVICE_LOCK: _lock(DeviceLockReason.CREATE_MDM_ERROR),
        N.DENY_LIST: DENIED,
        N.ALLOWED_DEVICES: _settings(mode="RegisteredOnly"),
        N.REGISTRATION_OWNER: EXPIRED_MISMATCH,
        N.BOUND_ELSEWHERE: ELSEWHERE,
        N.OWNERSHIP: _settings(allowed_ownerships=["E"]),
        N.DEVICE_TYPE: _settings(allowed_models=["iPad*"]),
        N.USER_LIMIT: _settings(max_devices=0),
        N.GROUP_LIMIT: _settings(max_devices_group=0),
        N.TERMS_OF_USE: _settings(terms={"version": "2"}),
    },
    P.CLAIM: {
        N.GROUP: _settings(license_expired=True),
        N.CAPTCHA: _with(device_failures=3),
        N.CREDENTIALS: _with(credentials=Credentials.BAD),
        N.USER_ACTIVE: _user(status=UserStatus.INACTIVE),
        N.USER_ENROLLABLE: _settings(allowed_user_groups=[8]),
        N.STAGING: _is(AssignmentState.ASSIGNED),
        N.DEVICE_LOCK: _lock(DeviceLockReason.CREATE_MDM_ERROR),
        N.DENY_LIST: DENIED,
        N.REGISTRATION_OWNER: MISMATCH,
        N.BOUND_ELSEWHERE: ELSEWHERE,
        N.USER_LIMIT: _settings(max_devices=0),
        N.TERMS_OF_USE: _settings(terms={"version": "2"}),
    },
    P.CHECK_OUT: {
        N.GROUP: _settings(license_expired=True),
        N.CAPTCHA: _with(device_failures=3),
        N.CREDENTIALS: _with(credentials=Credentials.BAD),
        N.USER_ACTIVE: _user(status=UserStatus.INACTIVE),
        N.USER_ENROLLABLE: _settings(allowed_user_groups=[8]),
        N.STAGING: _is(AssignmentState.CHECKED_OUT),
        N.SHARED_PASSCODE: _settings(shared={"passcode_required": True}),
        N.DEVICE_LOCK: _lock(DeviceLockReason.CREATE_MDM_ERROR),
        N.DENY_LIST: DENIED,
        N.TERMS_OF_USE: _settings(terms={"version": "2"}),
    },
}
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
    "CREATE_MDM_ERROR": _with(device_failures=3, channel=EntryChannel.BARCODE),
    "STAGING_USER_GONE": _all(_record(status=EnrollmentStatus.ENROLLED), _is(AssignmentState.ORPHANED, None)),
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
        (_with(credentials=Credentials.BAD), True),
        (_user(group=3), True),
        (_with(token_presented=True), True),
        (_with(token_presented=True, token_registration=registered(BEN.id, token=token())), True),
        (_with(credentials=Credentials.MISSING), False),
        (_with(device_failures=3), False),
        (_settings(token_required=True), False),
        (_user(status=UserStatus.LOCKED), False),
        (MISMATCH, False),
    ],
)
def test_only_wrong_credentials_and_tokens_count_as_failures(change: Change, counts: bool) -> None:
    """Whoever is asked again, or refused for another reason, has not failed to log in."""
    assert judge(change(attempt())).counts_as_failure is counts


def test_a_refusal_on_the_lists_is_about_the_identifier_that_named_the_device() -> None:
    """So the journal can say which entry to look for."""
    assert judge(DENIED(attempt())).reason == "serial_number"


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
