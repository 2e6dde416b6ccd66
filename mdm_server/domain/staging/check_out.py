"""Checking out a shared device: into which organization group, and with which passcode."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.settings import SharedDeviceSettings
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup, enrollment_group_of
from mdm_server.domain.staging.vocabulary import AssignmentState, GroupingMode


def check_out_group(
    record: DeviceRecord,
    tree: GroupTree,
    user: EnrollmentUser | None,
    user_groups: Iterable[UserGroup],
    typed: str | None,
) -> OrganizationGroup | None:
    """Return the organization group a shared device goes to while this user has it (row 36).

    Fixed: where it is. Prompt: what the user typed, within the same customer; None when there is no such group. User
    group: where the user's groups lead, by rank, and else where it is.
    """
    home = home_group(record)
    if home is None or home not in tree:
        return None
    mode = tree.settings(home).shared.group_mode
    if mode is GroupingMode.PROMPT:
        group = tree.by_group_id(typed or "")
    elif mode is GroupingMode.USER_GROUP and user is not None:
        leads_to = enrollment_group_of(user, user_groups)
        group = tree.get(home if leads_to is None else leads_to)
    else:
        group = tree[home]
    if group is None or tree.customer(group.id) != tree.customer(home):
        return None
    return group


def home_group(record: DeviceRecord) -> int | None:
    """Return the group of a shared device while nobody has it: where it was staged, and goes back to."""
    return record.group if record.home_group is None else record.home_group


def shared_passcode_valid(user: EnrollmentUser, matches: bool, at: datetime) -> bool:
    """Say whether a typed shared passcode opens the device: it is the user's, and not expired."""
    expires = user.shared_passcode_expires
    return matches and user.shared_passcode_hash is not None and (expires is None or at < expires)


def logged_out_at(record: DeviceRecord, shared: SharedDeviceSettings) -> datetime | None:
    """Return when a checked-out device logs its user out by itself, if it does."""
    assignment = record.assignment
    if assignment.state is not AssignmentState.CHECKED_OUT or assignment.since is None:
        return None
    minutes = shared.auto_logout_minutes
    return None if minutes is None else assignment.since + timedelta(minutes=minutes)
