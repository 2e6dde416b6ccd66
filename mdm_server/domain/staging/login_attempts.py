"""Failed logins: when a CAPTCHA is asked for, and when an account is locked (KB 115001665168)."""

from __future__ import annotations

from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.users import EnrollmentUser


def captcha_required(user_failures: int, device_failures: int, settings: EnrollmentSettings) -> bool:
    """Say whether the next login needs a CAPTCHA: the user or the device failed often enough, whichever first."""
    return max(user_failures, device_failures) >= settings.captcha_after


def after_failure(user: EnrollmentUser, settings: EnrollmentSettings) -> EnrollmentUser:
    """Return the user after one more wrong password: counted, and locked once `lock_user_after` is reached."""
    raise NotImplementedError


def after_success(user: EnrollmentUser) -> EnrollmentUser:
    """Return the user after the right password: nothing failed any more. A locked account stays locked."""
    raise NotImplementedError


def after_reset(user: EnrollmentUser) -> EnrollmentUser:
    """Return the user after an administrator reset the failed logins; a locked account is active again."""
    raise NotImplementedError
