"""Users, the groups they are in, and their failed logins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.staging.group_exit import must_be_wiped
from mdm_server.domain.staging.login_attempts import after_failure, after_reset, after_success, captcha_required
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.users import UserGroup, enrollment_group_of
from mdm_server.domain.staging.vocabulary import UserStatus
from rigs.staging_records import ANNA, PAT

PLAIN = EnrollmentSettings()
LOCKING = EnrollmentSettings(lock_user_after=2)


def test_a_users_groups_lead_where_the_lowest_rank_leads() -> None:
    """Groups of others, and groups that lead nowhere, do not count (row 36)."""
    groups = [
        UserGroup(7, "a", "Sales", 1, enrollment_group=2, rank=5),
        UserGroup(8, "b", "Managers", 1, enrollment_group=3, rank=1),
        UserGroup(9, "c", "Everybody", 1, rank=0),
    ]
    assert enrollment_group_of(ANNA, groups) == 2
    assert enrollment_group_of(replace(ANNA, user_groups=(7, 8, 9)), groups) == 3
    assert enrollment_group_of(replace(ANNA, user_groups=(9,)), groups) is None


def test_a_staging_user_is_one_who_may_stage() -> None:
    """Everybody else is not."""
    assert PAT.may_stage
    assert not ANNA.may_stage


@pytest.mark.parametrize(
    ("user", "device", "asked"), [(0, 0, False), (2, 2, False), (3, 0, True), (0, 3, True), (9, 9, True)]
)
def test_three_failures_of_the_user_or_the_device_bring_up_a_captcha(user: int, device: int, asked: bool) -> None:
    """Whichever is first; the two are not added up (row 56)."""
    assert captcha_required(user, device, PLAIN) is asked


def test_wrong_passwords_are_counted_and_lock_the_account_where_that_is_asked_for() -> None:
    """By default they only count."""
    twice = after_failure(after_failure(ANNA, PLAIN), PLAIN)
    assert (twice.failed_logins, twice.status) == (2, UserStatus.ACTIVE)
    assert after_failure(ANNA, LOCKING).status is UserStatus.ACTIVE
    assert after_failure(after_failure(ANNA, LOCKING), LOCKING).status is UserStatus.LOCKED


def test_an_inactive_account_is_not_locked_on_top() -> None:
    """Unlocking it would activate it."""
    inactive = replace(ANNA, status=UserStatus.INACTIVE, failed_logins=9)
    assert after_failure(inactive, LOCKING).status is UserStatus.INACTIVE
    assert after_reset(inactive).status is UserStatus.INACTIVE


def test_the_right_password_forgets_the_failures_but_opens_no_lock() -> None:
    """Only an administrator's reset does (row 57)."""
    locked = replace(ANNA, status=UserStatus.LOCKED, failed_logins=4)
    assert after_success(locked) == replace(locked, failed_logins=0)
    assert after_reset(locked) == ANNA


def test_leaving_the_groups_that_may_enrol_wipes_where_that_is_asked_for() -> None:
    """Row 64; the groups of ANNA are 7."""
    assert must_be_wiped(ANNA, EnrollmentSettings(group_exit_wipe=True, allowed_user_groups=(8,)))
    assert not must_be_wiped(ANNA, EnrollmentSettings(group_exit_wipe=True, allowed_user_groups=(7, 8)))
    assert not must_be_wiped(ANNA, EnrollmentSettings(group_exit_wipe=True))
    assert not must_be_wiped(ANNA, EnrollmentSettings(allowed_user_groups=(8,)))
