"""Enrolment users and user groups: who may own a device, and who may stage one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.domain.staging.vocabulary import DeviceStagingType, SecurityType, UserStatus


@dataclass(frozen=True, slots=True)
class EnrollmentUser:
    """An account a device can be assigned to. Passwords are kept as argon2id hashes, and only by their hashes."""

    id: int
    uuid: str
    user_name: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    security_type: SecurityType = SecurityType.BASIC
    status: UserStatus = UserStatus.ACTIVE
    group: int = 1
    user_groups: tuple[int, ...] = ()
    staging_type: DeviceStagingType = DeviceStagingType.DISABLED
    password_hash: str | None = None
    failed_logins: int = 0
    shared_passcode_hash: str | None = None
    shared_passcode_expires: datetime | None = None

    @property
    def may_stage(self) -> bool:
        """Whether this is a staging user."""
        return self.staging_type.may_stage

    def belongs_to_any(self, user_groups: Iterable[int]) -> bool:
        """Say whether the user is a member of one of these user groups."""
        return not set(self.user_groups).isdisjoint(user_groups)


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A set of users; `enrollment_group` is where its members' devices go, the lowest `rank` first."""

    id: int
    uuid: str
    name: str
    group: int
    enrollment_group: int | None = None
    rank: int = 0


def enrollment_group_of(user: EnrollmentUser, user_groups: Iterable[UserGroup]) -> int | None:
    """Return the organization group to which the user's groups lead: of those that lead anywhere, the lowest rank."""
    leading = [
        (group.rank, group.id, group.enrollment_group)
        for group in user_groups
        if group.id in user.user_groups and group.enrollment_group is not None
    ]
    return min(leading)[2] if leading else None
