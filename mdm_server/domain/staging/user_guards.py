"""The guards that look at who is asking: the group, the CAPTCHA, the password or token, the account, and staging."""

from __future__ import annotations

from mdm_server.domain.staging.assignment import check_out_refusal, claim_refusal
from mdm_server.domain.staging.attempt import (
    Attempt,
    CaptchaAnswer,
    Credentials,
    GuardName,
    Purpose,
    TermsAnswer,
    Verdict,
)
from mdm_server.domain.staging.login_attempts import captcha_required
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    EntryChannel,
    StagingMode,
    TokenState,
    TokenType,
    UserStatus,
)


def group(attempt: Attempt) -> Verdict | None:
    """Refuse a Group ID that nobody has, and an environment whose licence is over."""
    if attempt.group is None:
        return Verdict("GROUP_UNKNOWN", GuardName.GROUP)
    return Verdict("LICENSE_EXPIRED", GuardName.GROUP) if attempt.settings.license_expired else None


def captcha(attempt: Attempt) -> Verdict | None:
    """Ask for a CAPTCHA after too many failures; where there is no screen for it, lock the device (KB 115001665168)."""
    if attempt.credentials is Credentials.VOUCHED or attempt.captcha is CaptchaAnswer.SOLVED:
        return None
    user_failures = 0 if attempt.user is None else attempt.user.failed_logins
    if not captcha_required(user_failures, attempt.device_failures, attempt.settings):
        return None
    if attempt.channel.has_screen:
        return Verdict("CAPTCHA_REQUIRED", GuardName.CAPTCHA, attempt.captcha.lower())
    return Verdict("CREATE_MDM_ERROR", GuardName.CAPTCHA, sets_lock=DeviceLockReason.CREATE_MDM_ERROR)


def credentials(attempt: Attempt) -> Verdict | None:
    """Refuse a wrong password, an account of another branch in the same words (row 63), and a token that is no good."""
    token = judge_token(attempt)
    if token is not None:
        return token
    if not _needs_password(attempt):
        return None
    if attempt.credentials in (Credentials.MISSING, Credentials.BAD) or attempt.user is None:
        failed = attempt.credentials is Credentials.BAD
        return Verdict("BAD_CREDENTIALS", GuardName.CREDENTIALS, counts_as_failure=failed)
    if not _is_visible(attempt, attempt.user):
        return Verdict("BAD_CREDENTIALS", GuardName.CREDENTIALS, "other_group", counts_as_failure=True)
    return _token_of_another(attempt)


def judge_token(attempt: Attempt) -> Verdict | None:
    """Refuse a token that is no good by itself, before anybody is asked for a password; part of `credentials`."""
    if attempt.purpose is not Purpose.ENROLL:
        return None
    if not attempt.token_presented:
        excused = attempt.credentials is Credentials.VOUCHED or attempt.channel is EntryChannel.DIRECT
        if attempt.settings.token_required and not excused:
            return Verdict("TOKEN_INVALID", GuardName.CREDENTIALS, "missing")
        return None
    registration = attempt.token_registration
    if registration is None or registration.token is None:
        return Verdict("TOKEN_INVALID", GuardName.CREDENTIALS, "unknown", counts_as_failure=True)
    state = registration.token.state
    # Through DEP the hours of a token do not matter (F4, row 47).
    if state is not TokenState.ACTIVE and not (state is TokenState.EXPIRED and attempt.channel is EntryChannel.DEP):
        return Verdict(f"TOKEN_{state.upper()}", GuardName.CREDENTIALS)
    if registration.identifiers.contradicts(attempt.device.identifiers) or (
        registration.platform not in (None, attempt.device.platform)
    ):
        return Verdict("TOKEN_USER_MISMATCH", GuardName.CREDENTIALS, "device", counts_as_failure=True)
    return None


def user_active(attempt: Attempt) -> Verdict | None:
    """Refuse an account that is inactive or locked."""
    if attempt.user is None or attempt.user.status is UserStatus.ACTIVE:
        return None
    code = "USER_LOCKED" if attempt.user.status is UserStatus.LOCKED else "USER_INACTIVE"
    return Verdict(code, GuardName.USER_ACTIVE)


def user_enrollable(attempt: Attempt) -> Verdict | None:
    """Refuse who is not known here, or in none of the user groups that may enrol."""
    if attempt.user is None:
        return None
    if attempt.settings.known_users_only and not attempt.user_known:
        return Verdict("USER_NOT_ALLOWED", GuardName.USER_ENROLLABLE, "unknown")
    if not _in_allowed_group(attempt, attempt.user):
        return Verdict("USER_NOT_ALLOWED", GuardName.USER_ENROLLABLE, "user_group")
    return None


def staging(attempt: Attempt) -> Verdict | None:
    """Decide whether this user may stage in this way through this door, or take this staged device."""
    if attempt.user is None:
        return None
    if attempt.purpose is not Purpose.ENROLL:
        return _taking(attempt, attempt.user)
    if attempt.channel is EntryChannel.DIRECT:
        staged = attempt.user.may_stage or attempt.mode is not StagingMode.NONE or _is_staged(attempt)
        return Verdict("STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT", GuardName.STAGING) if staged else None
    return _staging_mode(attempt, attempt.user)


def shared_passcode(attempt: Attempt) -> Verdict | None:
    """Refuse a check-out without the shared device passcode, where one is asked for (row 35)."""
    if attempt.shared_passcode_good or not attempt.shared.passcode_required:
        return None
    return Verdict("SHARED_PASSCODE", GuardName.SHARED_PASSCODE)


def terms_of_use(attempt: Attempt) -> Verdict | None:
    """Refuse who declines the terms of use; who was not asked yet is asked.

    Where there is no screen nobody can be asked: the terms wait for whoever logs in to Hub afterwards.
    """
    terms = attempt.settings.terms
    if terms is None or not attempt.channel.has_screen or attempt.terms is TermsAnswer.ACCEPTED:
        return None
    if attempt.terms is TermsAnswer.DECLINED:
        return Verdict("TOU_DECLINED", GuardName.TERMS_OF_USE)
    always = attempt.purpose is Purpose.CHECK_OUT and attempt.shared.always_prompt_terms
    if attempt.terms_version_accepted == terms.version and not always:
        return None
    return Verdict("TOU_PENDING", GuardName.TERMS_OF_USE)


def _needs_password(attempt: Attempt) -> bool:
    """Say whether a password is asked for: not of who holds a single-factor token, unless one was typed."""
    registration = attempt.token_registration
    single = attempt.token_presented and _token_type(registration) is TokenType.SINGLE_FACTOR
    return not single or attempt.credentials is not Credentials.MISSING


def _token_type(registration: Registration | None) -> TokenType | None:
    return None if registration is None or registration.token is None else registration.token.type


def _token_of_another(attempt: Attempt) -> Verdict | None:
    """Refuse the right password of somebody who is not the one the token was made for (row 13)."""
    registration, owner = attempt.token_registration, attempt.owner
    if not attempt.token_presented or registration is None or registration.user is None or owner is None:
        return None
    if registration.user == owner.id:
        return None
    return Verdict("TOKEN_USER_MISMATCH", GuardName.CREDENTIALS, "user", counts_as_failure=True)


def _is_visible(attempt: Attempt, user: EnrollmentUser) -> bool:
    """Say whether an account is in the group or above it."""
    return attempt.group is not None and attempt.tree.is_within(attempt.group.id, user.group)


def _in_allowed_group(attempt: Attempt, user: EnrollmentUser) -> bool:
    allowed = attempt.settings.allowed_user_groups
    return allowed is None or user.belongs_to_any(allowed)


def _is_staged(attempt: Attempt) -> bool:
    staged = {AssignmentState.STAGED_UNCLAIMED, AssignmentState.MULTI_IDLE, AssignmentState.CHECKED_OUT}
    return attempt.record is not None and attempt.record.assignment.state in staged


def _staging_mode(attempt: Attempt, user: EnrollmentUser) -> Verdict | None:
    """Judge what a staging session is to do; a staging user always stages."""
    mode = attempt.mode
    if not user.may_stage:
        asked = mode is not StagingMode.NONE or attempt.on_behalf is not None
        return Verdict("STAGING_NOT_ALLOWED", GuardName.STAGING) if asked else None
    if mode not in user.staging_type.modes or (attempt.on_behalf is not None and mode is not StagingMode.ADVANCED):
        return Verdict("STAGING_TYPE_MISMATCH", GuardName.STAGING, mode)
    if mode is not StagingMode.ADVANCED:
        return None
    return None if _is_target(attempt, attempt.on_behalf) else Verdict("STAGING_TARGET_INVALID", GuardName.STAGING)


def _is_target(attempt: Attempt, target: EnrollmentUser | None) -> bool:
    """Say whether a device may be enrolled for somebody: T10, the guards of the account without its password."""
    return (
        target is not None
        and not target.may_stage
        and target.status is UserStatus.ACTIVE
        and _is_visible(attempt, target)
        and _in_allowed_group(attempt, target)
    )


def _taking(attempt: Attempt, user: EnrollmentUser) -> Verdict | None:
    """Judge a login to Hub on a device that is enrolled: a claim (T16), or a check-out (T19)."""
    if user.may_stage:
        return Verdict("STAGING_CANNOT_CLAIM", GuardName.STAGING)
    if attempt.record is None:
        return Verdict("DEVICE_NOT_STAGED", GuardName.STAGING)
    refused = claim_refusal if attempt.purpose is Purpose.CLAIM else check_out_refusal
    code = refused(attempt.record, user.id)
    return None if code is None else Verdict(code, GuardName.STAGING)
