"""Ways to trip each guard: what to change in an attempt against which nothing stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import Assignment, DeviceLock
from mdm_server.domain.staging.guards import (
    Attempt,
    CaptchaAnswer,
    Credentials,
    DeviceCounts,
    GuardName,
    Purpose,
    TermsAnswer,
)
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    EntryChannel,
    ListKind,
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
    bound,
    listed,
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


def user_with(**changes: object) -> Change:
    """Change the user."""
    return lambda before: replace(before, user=replace(before.user, **changes))


def attempt_with(**changes: object) -> Change:
    """Change the attempt itself."""
    return lambda before: replace(before, **changes)


def settings_with(**settings: object) -> Change:
    """Let the root group ask for more."""
    return lambda before: with_settings(before, **settings)


def record_with(**changes: object) -> Change:
    """Change what is known of the device."""
    return lambda before: with_record(before, **changes)


def both(*changes: Change) -> Change:
    """Make one change after the other."""

    def change(before: Attempt) -> Attempt:
        for each in changes:
            before = each(before)
        return before

    return change


def locked_by(reason: DeviceLockReason) -> Change:
    """Let the device be locked."""
    return record_with(lock=DeviceLock(reason, NOW, BEN.id))


def token_in(state: TokenState) -> Change:
    """Let a token of the user be presented."""
    return attempt_with(token_presented=True, token_registration=registered(ANNA.id, token=token(state)))


def assigned(state: AssignmentState, user: int | None = BEN.id) -> Change:
    """Let the device be ben's, or in another state."""
    return record_with(assignment=Assignment(state, user, PAT.id, NOW))


STAGER = attempt_with(user=PAT, mode=StagingMode.STANDARD)
MISMATCH = attempt_with(registrations=(registered(BEN.id),))
EXPIRED_MISMATCH = attempt_with(registrations=(registered(BEN.id, state=RegistrationState.EXPIRED),))
BOUND = attempt_with(registrations=(bound(BEN.id),))
DENIED = attempt_with(entries=(listed(ListKind.DENY),))
ELSEWHERE = record_with(group=4, status=EnrollmentStatus.ENROLLED)

TRIPS = (
    Trip(N.GROUP, "GROUP_UNKNOWN", attempt_with(group=None)),
    Trip(N.GROUP, "LICENSE_EXPIRED", settings_with(license_expired=True)),
    Trip(N.CAPTCHA, "CAPTCHA_REQUIRED", attempt_with(device_failures=3)),
    Trip(N.CAPTCHA, "CAPTCHA_REQUIRED", user_with(failed_logins=3), P.CLAIM),
    Trip(N.CAPTCHA, "CAPTCHA_REQUIRED", attempt_with(device_failures=3, captcha=CaptchaAnswer.WRONG), P.CHECK_OUT),
    Trip(N.CAPTCHA, "CREATE_MDM_ERROR", attempt_with(device_failures=3, channel=EntryChannel.BARCODE)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", attempt_with(credentials=Credentials.BAD)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", attempt_with(credentials=Credentials.MISSING)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", attempt_with(user=None)),
    Trip(N.CREDENTIALS, "BAD_CREDENTIALS", user_with(group=3)),
    Trip(N.CREDENTIALS, "TOKEN_INVALID", settings_with(token_required=True)),
    Trip(N.CREDENTIALS, "TOKEN_INVALID", attempt_with(token_presented=True)),
    Trip(N.CREDENTIALS, "TOKEN_EXPIRED", token_in(TokenState.EXPIRED)),
    Trip(N.CREDENTIALS, "TOKEN_REVOKED", token_in(TokenState.REVOKED)),
    Trip(N.CREDENTIALS, "TOKEN_USED", token_in(TokenState.USED)),
    Trip(
        N.CREDENTIALS,
        "TOKEN_USER_MISMATCH",
        attempt_with(token_presented=True, token_registration=registered(BEN.id, token=token())),
    ),
    Trip(N.USER_ACTIVE, "USER_INACTIVE", user_with(status=UserStatus.INACTIVE)),
    Trip(N.USER_ACTIVE, "USER_LOCKED", user_with(status=UserStatus.LOCKED), P.CHECK_OUT),
    Trip(N.USER_ENROLLABLE, "USER_NOT_ALLOWED", settings_with(allowed_user_groups=[8])),
    Trip(N.USER_ENROLLABLE, "USER_NOT_ALLOWED", settings_with(allowed_user_groups=[8]), P.CLAIM),
    Trip(
        N.USER_ENROLLABLE,
        "USER_NOT_ALLOWED",
        both(settings_with(known_users_only=True), attempt_with(user_known=False)),
    ),
    Trip(N.STAGING, "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT", attempt_with(channel=EntryChannel.DIRECT, user=PAT)),
    Trip(
        N.STAGING,
        "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT",
        both(
            attempt_with(channel=EntryChannel.DIRECT),
            record_with(status=EnrollmentStatus.ENROLLED),
            assigned(AssignmentState.MULTI_IDLE),
        ),
    ),
    Trip(N.STAGING, "STAGING_NOT_ALLOWED", attempt_with(on_behalf=BEN)),
    Trip(N.STAGING, "STAGING_NOT_ALLOWED", attempt_with(mode=StagingMode.MULTI)),
    Trip(N.STAGING, "STAGING_TYPE_MISMATCH", attempt_with(user=PAT, mode=StagingMode.MULTI)),
    Trip(N.STAGING, "STAGING_TYPE_MISMATCH", attempt_with(user=PAT, mode=StagingMode.STANDARD, on_behalf=ANNA)),
    Trip(
        N.STAGING,
        "STAGING_TARGET_INVALID",
        attempt_with(user=replace(PAT, staging_type=DeviceStagingType.ADVANCED), mode=StagingMode.ADVANCED),
    ),
    Trip(N.STAGING, "STAGING_CANNOT_CLAIM", attempt_with(user=PAT), P.CLAIM),
    Trip(N.STAGING, "STAGING_CANNOT_CLAIM", attempt_with(user=PAT), P.CHECK_OUT),
    Trip(N.STAGING, "ALREADY_CLAIMED", assigned(AssignmentState.ASSIGNED), P.CLAIM),
    Trip(N.STAGING, "ALREADY_CLAIMED", record_with(claimed_once=True), P.CLAIM),
    Trip(N.STAGING, "CHECKED_OUT", assigned(AssignmentState.CHECKED_OUT), P.CHECK_OUT),
    Trip(N.STAGING, "DEVICE_NOT_STAGED", assigned(AssignmentState.UNASSIGNED, None), P.CLAIM),
    Trip(N.STAGING, "DEVICE_NOT_STAGED", attempt_with(record=None), P.CLAIM),
    Trip(N.STAGING, "DEVICE_NOT_STAGED", assigned(AssignmentState.ASSIGNED), P.CHECK_OUT),
    Trip(N.STAGING, "STAGING_USER_GONE", assigned(AssignmentState.ORPHANED, None), P.CHECK_OUT),
    Trip(N.STAGING, "STAGING_USER_GONE", assigned(AssignmentState.ORPHANED, None), P.CLAIM),
    Trip(N.SHARED_PASSCODE, "SHARED_PASSCODE", settings_with(shared={"passcode_required": True}), P.CHECK_OUT),
    *(Trip(N.DEVICE_LOCK, reason, locked_by(reason), purpose) for reason in DeviceLockReason for purpose in P),
    Trip(
        N.DEVICE_LOCK,
        "STAGING_USER_GONE",
        both(record_with(status=EnrollmentStatus.ENROLLED), assigned(AssignmentState.ORPHANED, None)),
    ),
    Trip(N.DENY_LIST, "DEVICE_DENYLISTED", DENIED),
    Trip(N.DENY_LIST, "DEVICE_DENYLISTED", DENIED, P.CLAIM),
    Trip(N.DENY_LIST, "DEVICE_DENYLISTED", DENIED, P.CHECK_OUT),
    Trip(N.ALLOWED_DEVICES, "DEVICE_NOT_REGISTERED", settings_with(mode="RegisteredOnly")),
    Trip(N.ALLOWED_DEVICES, "DEVICE_NOT_ALLOWLISTED", settings_with(mode="AllowlistedOnly")),
    Trip(N.REGISTRATION_OWNER, "REG_USER_MISMATCH", MISMATCH),
    Trip(N.REGISTRATION_OWNER, "REG_USER_MISMATCH", MISMATCH, P.CLAIM),
    Trip(N.BOUND_ELSEWHERE, "REG_BOUND_TO_OTHER", BOUND),
    Trip(N.BOUND_ELSEWHERE, "REG_BOUND_TO_OTHER", both(BOUND, STAGER)),
    Trip(N.BOUND_ELSEWHERE, "OTHER_ENVIRONMENT", ELSEWHERE),
    Trip(N.BOUND_ELSEWHERE, "ENROLLED_ELSEWHERE", both(ELSEWHERE, attempt_with(device=ANDROID))),
    Trip(N.OWNERSHIP, "OWNERSHIP_NOT_ALLOWED", settings_with(allowed_ownerships=["E"])),
    Trip(
        N.OWNERSHIP,
        "OWNERSHIP_NOT_ALLOWED",
        both(settings_with(direct={"default_ownership": "S"}), attempt_with(channel=EntryChannel.DIRECT)),
    ),
    Trip(N.DEVICE_TYPE, "DEP_REQUIRED", settings_with(dep_only=True)),
    Trip(N.DEVICE_TYPE, "TYPE_NOT_ALLOWED", settings_with(allowed_platforms=["Android"])),
    Trip(N.DEVICE_TYPE, "TYPE_NOT_ALLOWED", settings_with(allowed_models=["iPad*"])),
    Trip(N.DEVICE_TYPE, "TYPE_NOT_ALLOWED", settings_with(minimum_os={"Apple": "17.4.1"})),
    Trip(N.DEVICE_TYPE, "ENROLL_TYPE_NOT_ALLOWED", settings_with(allowed_enrollment_types=["WorkProfile"])),
    Trip(N.DEVICE_TYPE, "ENROLL_TYPE_NOT_ALLOWED", both(attempt_with(device=WORK_PROFILE), STAGER)),
    Trip(N.USER_LIMIT, "MAX_DEVICES", both(settings_with(max_devices=2), attempt_with(counts=DeviceCounts(of_user=2)))),
    Trip(
        N.USER_LIMIT,
        "MAX_DEVICES",
        both(settings_with(max_devices=2), attempt_with(counts=DeviceCounts(of_user=2))),
        P.CLAIM,
    ),
    Trip(N.USER_LIMIT, "MAX_DEVICES_OWNERSHIP", settings_with(max_devices_by_ownership={"C": 0})),
    Trip(N.GROUP_LIMIT, "MAX_DEVICES_OG", settings_with(max_devices_group=0)),
    Trip(N.TERMS_OF_USE, "TOU_PENDING", settings_with(terms={"version": "2"})),
    Trip(
        N.TERMS_OF_USE,
        "TOU_DECLINED",
        both(settings_with(terms={"version": "2"}), attempt_with(terms=TermsAnswer.DECLINED)),
        P.CLAIM,
    ),
    Trip(
        N.TERMS_OF_USE,
        "TOU_PENDING",
        both(
            settings_with(terms={"version": "2"}, shared={"always_prompt_terms": True}),
            attempt_with(terms_version_accepted="2"),
        ),
        P.CHECK_OUT,
    ),
)

# One way to trip each guard, chosen so that any two can be tripped at once.
TOGETHER: dict[Purpose, dict[GuardName, Change]] = {
    P.ENROLL: {
        N.GROUP: settings_with(license_expired=True),
        N.CAPTCHA: attempt_with(device_failures=3),
        N.CREDENTIALS: attempt_with(credentials=Credentials.BAD),
        N.USER_ACTIVE: user_with(status=UserStatus.INACTIVE),
        N.USER_ENROLLABLE: settings_with(allowed_user_groups=[8]),
        N.STAGING: attempt_with(on_behalf=BEN),
        N.DEVICE_LOCK: locked_by(DeviceLockReason.CREATE_MDM_ERROR),
        N.DENY_LIST: DENIED,
        N.ALLOWED_DEVICES: settings_with(mode="RegisteredOnly"),
        N.REGISTRATION_OWNER: EXPIRED_MISMATCH,
        N.BOUND_ELSEWHERE: ELSEWHERE,
        N.OWNERSHIP: settings_with(allowed_ownerships=["E"]),
        N.DEVICE_TYPE: settings_with(allowed_models=["iPad*"]),
        N.USER_LIMIT: settings_with(max_devices=0),
        N.GROUP_LIMIT: settings_with(max_devices_group=0),
        N.TERMS_OF_USE: settings_with(terms={"version": "2"}),
    },
    P.CLAIM: {
        N.GROUP: settings_with(license_expired=True),
        N.CAPTCHA: attempt_with(device_failures=3),
        N.CREDENTIALS: attempt_with(credentials=Credentials.BAD),
        N.USER_ACTIVE: user_with(status=UserStatus.INACTIVE),
        N.USER_ENROLLABLE: settings_with(allowed_user_groups=[8]),
        N.STAGING: assigned(AssignmentState.ASSIGNED),
        N.DEVICE_LOCK: locked_by(DeviceLockReason.CREATE_MDM_ERROR),
        N.DENY_LIST: DENIED,
        N.REGISTRATION_OWNER: MISMATCH,
        N.BOUND_ELSEWHERE: ELSEWHERE,
        N.USER_LIMIT: settings_with(max_devices=0),
        N.TERMS_OF_USE: settings_with(terms={"version": "2"}),
    },
    P.CHECK_OUT: {
        N.GROUP: settings_with(license_expired=True),
        N.CAPTCHA: attempt_with(device_failures=3),
        N.CREDENTIALS: attempt_with(credentials=Credentials.BAD),
        N.USER_ACTIVE: user_with(status=UserStatus.INACTIVE),
        N.USER_ENROLLABLE: settings_with(allowed_user_groups=[8]),
        N.STAGING: assigned(AssignmentState.CHECKED_OUT),
        N.SHARED_PASSCODE: settings_with(shared={"passcode_required": True}),
        N.DEVICE_LOCK: locked_by(DeviceLockReason.CREATE_MDM_ERROR),
        N.DENY_LIST: DENIED,
        N.TERMS_OF_USE: settings_with(terms={"version": "2"}),
    },
}
