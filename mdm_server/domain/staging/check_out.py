"""Checking out a shared device: into which organization group, and with which passcode."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.settings import SharedDeviceSettings
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup


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
    raise NotImplementedError


def home_group(record: DeviceRecord, tree: GroupTree, staging_user: EnrollmentUser | None) -> int | None:
    """Return the group a shared device goes back to at check-in."""
    raise NotImplementedError


def shared_passcode_valid(user: EnrollmentUser, matches: bool, at: datetime) -> bool:
    """Say whether a typed shared passcode opens the device: it is the user's, and not expired."""
    raise NotImplementedError


def logged_out_at(record: DeviceRecord, shared: SharedDeviceSettings) -> datetime | None:
    """Return when a checked-out device logs its user out by itself, if it does."""
    raise NotImplementedError
