"""Failed logins: when a CAPTCHA is asked for, and when an account is locked (KB 115001665168)."""

from __future__ import annotations

from dataclasses import replace

from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import UserStatus


def captcha_required(user_failures: int, device_failures: int, settings: EnrollmentSettings) -> bool:
    """Say whether the next login needs a CAPTCHA: the user or the device failed often enough, whichever first."""
    return max(user_failures, device_failures) >= settings.captcha_after


def after_failure(user: EnrollmentUser, settings: EnrollmentSettings) -> EnrollmentUser:
    """Return the user after one more wrong password: counted, and locked once `lock_user_after` is reached."""
    failures = user.failed_logins + 1
    limit = settings.lock_user_after
    locks = limit is not None and failures >= limit and user.status is UserStatus.ACTIVE
    return replace(user, failed_logins=failures, status=UserStatus.LOCKED if locks else user.status)


def after_success(user: EnrollmentUser) -> EnrollmentUser:
    """Return the user after the right password: nothing failed any more. A locked account stays locked."""
    return replace(user, failed_logins=0)


def after_reset(user: EnrollmentUser) -> EnrollmentUser:
    """Return the user after an administrator reset the failed logins; a locked account is active again."""
    status = UserStatus.ACTIVE if user.status is UserStatus.LOCKED else user.status
    return replace(user, failed_logins=0, status=status)
