"""What follows from an attempt before anything is judged: whose it would be, its registration, its ownership."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceLock
from mdm_server.domain.staging.guards import (
    Attempt,
    Credentials,
    DeviceCounts,
    GuardName,
    Purpose,
    TermsAnswer,
    judge,
    judge_plain_authenticate,
    judge_token,
)
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    DeviceLockReason,
    DeviceStagingType,
    EntryChannel,
    ListKind,
    Ownership,
    Platform,
    RegistrationState,
    StagingMode,
    TokenState,
    TokenType,
    UserStatus,
)
from rigs.staging_records import (
    ANNA,
    BEN,
    IDENTIFIERS,
    IPHONE,
    NOW,
    PAT,
    WORK_PROFILE,
    attempt,
    bound,
    listed,
    registered,
    token,
    with_record,
    with_settings,
)

ADVANCED = replace(PAT, staging_type=DeviceStagingType.ADVANCED)
NAMELESS = DeviceIdentifiers()
LOCK = DeviceLock(DeviceLockReason.CREATE_MDM_ERROR, NOW)


def _advanced(target: EnrollmentUser | None, **changes: object) -> Attempt:
    return attempt(user=ADVANCED, on_behalf=target, mode=StagingMode.ADVANCED, **changes)


def test_the_owner_is_who_would_have_the_device() -> None:
    """Nobody, while it is staged for whoever comes; then it counts against who stages it (row 61)."""
    assert attempt().owner is ANNA
    assert _advanced(BEN).owner is BEN
    staged = attempt(user=PAT, mode=StagingMode.STANDARD)
    assert staged.owner is None
    assert staged.counted_user is PAT
    assert _advanced(BEN).counted_user is BEN
    assert attempt(Purpose.CLAIM).counted_user is ANNA
    assert attempt(Purpose.CLAIM, mode=StagingMode.MULTI).owner is ANNA, "whoever takes a device will have it"


def test_without_a_group_the_defaults_hold() -> None:
    """A session that has just begun."""
    assert attempt(group=None).settings == EnrollmentSettings()
    assert attempt().managed is False
    assert attempt(Purpose.CLAIM).managed is True


def test_the_registration_that_names_the_device_comes_first() -> None:
    """Before the one whose token was presented, and before one that waits."""
    named, presented = registered(BEN.id), registered(ANNA.id, id=31, identifiers=NAMELESS, token=token())
    waiting = registered(ANNA.id, id=32, identifiers=NAMELESS)
    assert attempt(registrations=(waiting, named), token_registration=presented).registration is named
    assert attempt(registrations=(waiting,), token_registration=presented).registration is presented
    assert attempt(registrations=(waiting,)).registration is waiting
    assert attempt(user=BEN, registrations=(waiting,)).registration is None
    assert _advanced(ANNA, registrations=(waiting,)).registration is waiting


def test_a_device_keeps_the_registration_it_is_bound_to() -> None:
    """Also one that has no identifier in common with it any more."""
    nameless = bound(BEN.id, identifiers=NAMELESS)
    assert with_record(attempt(registrations=(nameless,))).registration is nameless
    other = replace(bound(ANNA.id), identifiers=DeviceIdentifiers("UDID-2"), device=6)
    assert with_record(attempt(registrations=(other,))).registration is None


def test_registrations_of_another_customer_are_nobodys_business() -> None:
    """A device that left one tenant enrols in the next (row 59)."""
    assert attempt(registrations=(bound(BEN.id, group=4),)).registration is None
    assert judge(attempt(registrations=(bound(BEN.id, group=4),))) is None
    nowhere = with_record(attempt(group=None), group=4, status=EnrollmentStatus.ENROLLED)
    assert judge(nowhere, first=GuardName.BOUND_ELSEWHERE) is None
    assert attempt(registrations=(bound(BEN.id, group=3),)).registration is not None
    assert attempt(registrations=(bound(BEN.id, group=99),)).registration is not None
    assert attempt(group=None, registrations=(bound(BEN.id, group=3),)).registration is not None


@pytest.mark.parametrize(
    ("changes", "ownership"),
    [
        ({}, Ownership.CORPORATE_DEDICATED),
        ({"ownership": Ownership.EMPLOYEE_OWNED}, Ownership.EMPLOYEE_OWNED),
        ({"registrations": (registered(ANNA.id, ownership=Ownership.CORPORATE_SHARED),)}, Ownership.CORPORATE_SHARED),
        ({"registrations": (registered(ANNA.id),)}, Ownership.CORPORATE_DEDICATED),
        ({"channel": EntryChannel.DIRECT}, Ownership.EMPLOYEE_OWNED),
        ({"entries": (listed(ListKind.ALLOW),)}, Ownership.CORPORATE_DEDICATED),
        (
            {
                "entries": (listed(ListKind.ALLOW, ownership=Ownership.EMPLOYEE_OWNED),),
                "registrations": (registered(ANNA.id, ownership=Ownership.CORPORATE_SHARED),),
                "ownership": Ownership.CORPORATE_DEDICATED,
            },
            Ownership.EMPLOYEE_OWNED,
        ),
        ({"device": WORK_PROFILE, "ownership": Ownership.CORPORATE_SHARED}, Ownership.EMPLOYEE_OWNED),
    ],
)
def test_whose_hardware_it_is_the_lists_say_first(changes: dict[str, object], ownership: Ownership) -> None:
    """Then the registration, then the user, then the group."""
    assert attempt(**changes).effective_ownership is ownership


def test_registered_only_lets_in_who_is_registered() -> None:
    """Rows 7 to 9; what has expired lets in nobody, but for a device of Apple Business Manager."""
    asks = with_settings(attempt(), mode="RegisteredOnly")
    waiting = registered(ANNA.id, identifiers=NAMELESS)
    assert judge(asks).code == "DEVICE_NOT_REGISTERED"
    assert judge(replace(asks, registrations=(waiting,))) is None
    assert judge(replace(asks, registrations=(bound(ANNA.id),))) is None
    expired = replace(asks, registrations=(registered(ANNA.id, state=RegistrationState.EXPIRED),))
    assert judge(expired).code == "DEVICE_NOT_REGISTERED"
    assert judge(replace(expired, channel=EntryChannel.DEP)) is None
    staged = replace(asks, user=PAT, mode=StagingMode.STANDARD, registrations=(registered(BEN.id),))
    assert judge(staged) is None, "who stages a registered device owns nothing"


def test_registration_beats_staging() -> None:
    """A staged device that is registered to somebody is claimed by nobody else (row 27)."""
    for_ben = (registered(BEN.id),)
    verdict = judge(attempt(Purpose.CLAIM, registrations=for_ben))
    assert (verdict.code, verdict.sets_lock) == ("REG_USER_MISMATCH", DeviceLockReason.REG_USER_MISMATCH)
    assert judge(attempt(Purpose.CLAIM, user=BEN, registrations=for_ben)) is None


def test_a_registration_for_nobody_keeps_nobody_out() -> None:
    """And one for somebody keeps nobody out before anybody has come."""
    assert judge(attempt(registrations=(registered(None),))) is None
    assert judge(attempt(registrations=(replace(bound(BEN.id), user=None),))) is None
    for registration in (registered(BEN.id), bound(BEN.id)):
        assert judge(attempt(Purpose.CLAIM, mode=StagingMode.ADVANCED, registrations=(registration,))).sets_lock
        early = attempt(user=None, registrations=(registration,))
        assert judge(early, first=GuardName.DEVICE_LOCK) is None


def test_naming_the_wrong_person_locks_nothing() -> None:
    """A staging user who errs on a registered device is told, and may try again (§4 no. 30)."""
    for registration in (registered(BEN.id), bound(BEN.id)):
        verdict = judge(_advanced(ANNA, registrations=(registration,)))
        assert verdict.code in ("REG_USER_MISMATCH", "REG_BOUND_TO_OTHER")
        assert verdict.sets_lock is None
        assert judge(_advanced(BEN, registrations=(registration,))) is None


@pytest.mark.parametrize(
    "target",
    [None, replace(BEN, status=UserStatus.INACTIVE), replace(BEN, group=4), replace(BEN, user_groups=()), ADVANCED],
)
def test_a_target_must_be_able_to_enrol(target: EnrollmentUser | None) -> None:
    """Somebody who is there, active, visible, in a group that may, and no staging user (row 29)."""
    wants = with_settings(_advanced(target), allowed_user_groups=[7])
    assert judge(wants).code == "STAGING_TARGET_INVALID"
    assert judge(replace(wants, on_behalf=BEN)) is None


@pytest.mark.parametrize("kind", list(DeviceStagingType))
@pytest.mark.parametrize("mode", list(StagingMode))
def test_who_may_stage_stages_in_the_ways_of_their_type(kind: DeviceStagingType, mode: StagingMode) -> None:
    """All pairs: a staging user always stages, and nobody else ever does (rows 22, 28, 30, 31)."""
    user = replace(PAT, staging_type=kind)
    verdict = judge(attempt(user=user, mode=mode, on_behalf=BEN if mode is StagingMode.ADVANCED else None))
    allowed = mode in kind.modes if kind.may_stage else mode is StagingMode.NONE
    assert (verdict is None) == allowed
    expected = "STAGING_TYPE_MISMATCH" if kind.may_stage else "STAGING_NOT_ALLOWED"
    assert allowed or verdict.code == expected


def test_an_account_elsewhere_is_as_good_as_none() -> None:
    """Row 63: in the same words, and counted; an account above the group is at home in it."""
    assert judge(attempt(user=replace(ANNA, group=3))).code == "BAD_CREDENTIALS"
    assert judge(attempt(user=replace(ANNA, group=99))).code == "BAD_CREDENTIALS"
    assert judge(attempt(user=replace(ANNA, group=2))) is None


def _with_token(registration: object, **changes: object) -> Attempt:
    plain = {"token_presented": True, "token_registration": registration, "credentials": Credentials.MISSING}
    return with_settings(attempt(**{**plain, **changes}), token_required=True)


def test_a_single_factor_token_needs_no_password() -> None:
    """Row 10; one that is typed all the same must be right, and its user's."""
    annas = registered(ANNA.id, token=token())
    assert judge(_with_token(annas)) is None
    assert judge(_with_token(annas, credentials=Credentials.BAD)).code == "BAD_CREDENTIALS"
    other = judge(_with_token(annas, user=BEN, credentials=Credentials.GOOD))
    assert (other.code, other.reason) == ("TOKEN_USER_MISMATCH", "user")


def test_a_two_factor_token_needs_the_password_of_its_user() -> None:
    """Row 13; the token by itself is no good, and no failure either."""
    annas = registered(ANNA.id, token=token(kind=TokenType.TWO_FACTOR))
    assert judge_token(_with_token(annas)) is None
    alone = judge(_with_token(annas))
    assert (alone.code, alone.counts_as_failure) == ("BAD_CREDENTIALS", False)
    assert judge(_with_token(annas, credentials=Credentials.GOOD)) is None
    assert judge(_with_token(annas, user=BEN, credentials=Credentials.GOOD)).code == "TOKEN_USER_MISMATCH"


def test_a_token_that_was_not_presented_opens_nothing_and_keeps_nobody_out() -> None:
    """It is only known to be there."""
    bens = registered(BEN.id, token=token(), identifiers=NAMELESS)
    assert judge(attempt(token_registration=registered(ANNA.id, token=token()), credentials=Credentials.MISSING))
    assert judge(attempt(token_registration=bens), last=GuardName.CREDENTIALS) is None


def test_a_token_for_nobody_is_good_for_anybody() -> None:
    """And whoever stages a device for whoever comes presents somebody's."""
    assert judge(_with_token(registered(None, token=token()), credentials=Credentials.GOOD)) is None
    annas = registered(ANNA.id, token=token())
    staging = _with_token(annas, user=PAT, mode=StagingMode.STANDARD, credentials=Credentials.GOOD)
    assert judge(staging) is None


@pytest.mark.parametrize(
    "registration",
    [
        registered(ANNA.id, token=token(), identifiers=DeviceIdentifiers(serial_number="SERIAL2")),
        registered(ANNA.id, token=token(), identifiers=NAMELESS, platform=Platform.ANDROID),
    ],
)
def test_a_token_is_good_on_its_device_only(registration: object) -> None:
    """On another it is somebody's mistake, or theft."""
    verdict = judge(_with_token(registration))
    assert (verdict.code, verdict.reason) == ("TOKEN_USER_MISMATCH", "device")


def test_a_token_of_a_registration_without_one_is_unknown() -> None:
    """As is one that nobody made."""
    assert judge(_with_token(registered(ANNA.id))).code == "TOKEN_INVALID"
    assert judge(_with_token(None)).reason == "unknown"
    assert judge(_with_token(None, token_presented=False)).reason == "missing"


def test_through_dep_an_expired_token_still_opens() -> None:
    """Row 47; a revoked one does not."""
    expired = registered(ANNA.id, token=token(TokenState.EXPIRED), state=RegistrationState.EXPIRED)
    assert judge(_with_token(expired)).code == "TOKEN_EXPIRED"
    assert judge(_with_token(expired, channel=EntryChannel.DEP)) is None
    revoked = replace(expired, token=token(TokenState.REVOKED))
    assert judge(_with_token(revoked, channel=EntryChannel.DEP)).code == "TOKEN_REVOKED"


def test_who_is_vouched_for_needs_neither_password_nor_token_nor_captcha() -> None:
    """Apple Configurator enrols a registered device for its own user (row 52); the deny list still counts (row 53)."""
    carted = attempt(
        channel=EntryChannel.CONFIGURATOR,
        credentials=Credentials.VOUCHED,
        device_failures=9,
        registrations=(registered(ANNA.id),),
    )
    carted = with_settings(carted, token_required=True, mode="RegisteredOnly", terms={"version": "1"})
    assert judge(carted) is None
    assert judge(replace(carted, entries=(listed(ListKind.DENY),))).code == "DEVICE_DENYLISTED"


def test_terms_are_asked_of_who_can_be_asked() -> None:
    """Accepted once is enough until there is a new version; declining ends it (row 62)."""
    asks = with_settings(attempt(), terms={"version": "2"})
    assert judge(asks).code == "TOU_PENDING"
    assert judge(replace(asks, terms=TermsAnswer.ACCEPTED)) is None
    assert judge(replace(asks, terms_version_accepted="2")) is None
    assert judge(replace(asks, terms_version_accepted="1")).code == "TOU_PENDING"
    assert judge(replace(asks, terms=TermsAnswer.DECLINED, terms_version_accepted="2")).code == "TOU_DECLINED"
    assert judge(replace(asks, channel=EntryChannel.BARCODE)) is None


def test_the_limit_is_reached_and_not_passed() -> None:
    """The third device of a user who may have two (row 60); the limit of an ownership is its own."""
    limited = with_settings(attempt(), max_devices=2, max_devices_by_ownership={"C": 1})
    assert judge(limited) is None
    assert judge(replace(limited, counts=DeviceCounts(of_user=1))) is None
    assert judge(replace(limited, counts=DeviceCounts(of_user=2))).code == "MAX_DEVICES"
    owned = replace(limited, counts=DeviceCounts(of_user=1, of_user_with_ownership=1))
    assert judge(owned).code == "MAX_DEVICES_OWNERSHIP"
    assert judge(replace(owned, ownership=Ownership.EMPLOYEE_OWNED)) is None
    branch = with_settings(attempt(counts=DeviceCounts(of_group=1)), max_devices_group=2)
    assert judge(branch) is None
    assert judge(replace(branch, counts=DeviceCounts(of_group=2))).code == "MAX_DEVICES_OG"


def test_a_lock_follows_the_device_to_another_platform() -> None:
    """And to another UDID: it is recognized by any identifier (T-24)."""
    moved = replace(IPHONE, platform=Platform.ANDROID, identifiers=replace(IDENTIFIERS, udid="OTHER"))
    assert judge(with_record(attempt(device=moved), lock=LOCK)).guard is GuardName.DEVICE_LOCK


def test_past_the_hub_only_devices_nobody_expects_enrol() -> None:
    """Locked, denied and registered ones are sent to it; anybody else's device is welcome."""
    nobody = attempt(user=None, credentials=Credentials.MISSING)
    assert judge_plain_authenticate(nobody) is None
    assert judge_plain_authenticate(replace(nobody, registrations=(registered(None),))) is None
    for registration in (registered(ANNA.id), bound(ANNA.id)):
        assert judge_plain_authenticate(replace(nobody, registrations=(registration,))).code == "HUB_REQUIRED"
    denied = replace(nobody, entries=(listed(ListKind.DENY),), registrations=(registered(ANNA.id),))
    assert judge_plain_authenticate(denied).code == "DEVICE_DENYLISTED"
    locked = with_record(denied, lock=LOCK, status=EnrollmentStatus.UNENROLLED)
    assert judge_plain_authenticate(locked).code == "CREATE_MDM_ERROR"
