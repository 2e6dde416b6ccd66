"""Checking out a shared device: where it goes, with which passcode, and when it comes back by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.staging.check_out import check_out_group, home_group, logged_out_at, shared_passcode_valid
from mdm_server.domain.staging.devices import Assignment
from mdm_server.domain.staging.guards import Purpose, TermsAnswer, judge
from mdm_server.domain.staging.organization import GroupTree
from mdm_server.domain.staging.settings import SharedDeviceSettings
from mdm_server.domain.staging.users import UserGroup
from mdm_server.domain.staging.vocabulary import AssignmentState
from rigs.staging_records import ACME, ANNA, ASSIGNMENTS, EAST, GROUPS, NOW, PAT, attempt, record, with_settings

IDLE = record(ASSIGNMENTS[Purpose.CHECK_OUT])
SALES_WEST = UserGroup(7, "ug-7", "Sales", 1, enrollment_group=3)
SALES_RIVAL = replace(SALES_WEST, enrollment_group=4)


def _tree(mode: str) -> GroupTree:
    return GroupTree([replace(ACME, overrides={"shared": {"group_mode": mode}}), *GROUPS[1:]])


def test_fixed_leaves_the_device_where_it_is() -> None:
    """Whatever is typed, and whoever comes (row 36)."""
    assert check_out_group(IDLE, _tree("Fixed"), ANNA, [SALES_WEST], "WEST").group_id == "EAST"


@pytest.mark.parametrize(("typed", "found"), [("west", 3), ("RIVAL", None), ("", None), (None, None), ("none", None)])
def test_prompt_takes_it_where_the_user_says(typed: str | None, found: int | None) -> None:
    """But not to another customer; no such group is GROUP_UNKNOWN."""
    group = check_out_group(IDLE, _tree("Prompt"), ANNA, [], typed)
    assert (None if group is None else group.id) == found
    verdict = judge(attempt(Purpose.CHECK_OUT, group=group))
    assert (verdict is None) == (found is not None)
    assert verdict is None or verdict.code == "GROUP_UNKNOWN"


def test_user_group_takes_it_where_the_users_groups_lead() -> None:
    """By rank, within the customer; who is in none leaves it where it is."""
    tree = _tree("UserGroup")
    assert check_out_group(IDLE, tree, ANNA, [SALES_WEST], None).id == 3
    assert check_out_group(IDLE, tree, ANNA, [], None).id == 2
    assert check_out_group(IDLE, tree, None, [SALES_WEST], None).id == 2
    assert check_out_group(IDLE, tree, ANNA, [SALES_RIVAL], None) is None


def test_a_device_out_of_its_group_is_still_at_home_there() -> None:
    """So the second user's group is worked out from home, and check-in knows where to."""
    away = replace(IDLE, group=3, home_group=2)
    assert home_group(away) == 2
    assert home_group(IDLE) == 2
    assert check_out_group(away, _tree("Fixed"), ANNA, [], None).id == 2
    assert check_out_group(replace(IDLE, group=None), _tree("Fixed"), ANNA, [], None) is None
    assert check_out_group(replace(IDLE, group=99), _tree("Fixed"), ANNA, [], None) is None


def test_a_shared_passcode_must_be_the_users_and_not_be_over() -> None:
    """Row 35; one without an end lasts."""
    has_one = replace(ANNA, shared_passcode_hash="$argon2id$")
    assert shared_passcode_valid(has_one, matches=True, at=NOW)
    assert not shared_passcode_valid(has_one, matches=False, at=NOW)
    assert not shared_passcode_valid(ANNA, matches=True, at=NOW)
    ends = replace(has_one, shared_passcode_expires=NOW)
    assert not shared_passcode_valid(ends, matches=True, at=NOW)
    assert shared_passcode_valid(ends, matches=True, at=NOW - timedelta(seconds=1))


def test_the_group_at_home_says_whether_a_passcode_is_asked_for() -> None:
    """And not the one the device is taken to (the vendor's known trouble, §4 no. 34)."""
    asks = {"shared": {"passcode_required": True, "always_prompt_terms": True}, "terms": {"version": "1"}}
    tree = GroupTree([ACME, replace(EAST, overrides=asks), *GROUPS[2:]])
    away = attempt(Purpose.CHECK_OUT, tree=tree, group=tree[3])
    assert away.shared.passcode_required
    assert judge(away).code == "SHARED_PASSCODE"
    assert judge(replace(away, shared_passcode_good=True)) is None
    asked_there = replace(away, group=tree[2], shared_passcode_good=True)
    assert judge(replace(asked_there, terms_version_accepted="1")).code == "TOU_PENDING"
    assert judge(replace(asked_there, terms=TermsAnswer.ACCEPTED)) is None
    assert attempt().shared == SharedDeviceSettings()
    for nowhere in (None, 99):
        lost = replace(asked_there, record=replace(IDLE, group=nowhere))
        assert lost.shared.passcode_required, "then the group it is taken to says"


def test_terms_that_were_accepted_before_are_not_asked_for_again() -> None:
    """Unless the shared device always asks."""
    once = with_settings(attempt(Purpose.CHECK_OUT, terms_version_accepted="1"), terms={"version": "1"})
    assert judge(once) is None
    assert judge(replace(once, terms_version_accepted="0")).code == "TOU_PENDING"
    claimed = with_settings(
        attempt(Purpose.CLAIM, terms_version_accepted="1"), terms={"version": "1"}, shared={"always_prompt_terms": True}
    )
    assert judge(claimed) is None, "a device that is one's own is not shared"


def test_a_device_that_is_out_comes_back_by_itself() -> None:
    """So many minutes after it went out, where that is set."""
    out = record(Assignment(AssignmentState.CHECKED_OUT, ANNA.id, PAT.id, NOW))
    timed = SharedDeviceSettings(auto_logout_minutes=15)
    assert logged_out_at(out, timed) == NOW + timedelta(minutes=15)
    assert logged_out_at(out, SharedDeviceSettings()) is None
    assert logged_out_at(IDLE, timed) is None
    assert logged_out_at(replace(out, assignment=replace(out.assignment, since=None)), timed) is None
