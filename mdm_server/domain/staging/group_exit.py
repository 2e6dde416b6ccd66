"""Leaving the user groups that may enrol: what that means for the devices one has (row 64)."""

from __future__ import annotations

from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.users import EnrollmentUser


def must_be_wiped(user: EnrollmentUser, settings: EnrollmentSettings) -> bool:
    """Say whether the devices of a user are to be enterprise-wiped because no group allows them any more."""
    allowed = settings.allowed_user_groups
    return settings.group_exit_wipe and allowed is not None and not user.belongs_to_any(allowed)
