"""Organization groups, users, user groups and accepted terms: who there is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup
from mdm_server.domain.staging.vocabulary import UserStatus
from mdm_server.store.staging.records import LARGEST_PAGE, Found


class GroupsView(Protocol):
    """Organization groups: a tree of a few hundred at most."""

    def get(self, group_id: int) -> OrganizationGroup | None:
        """Find a group by its number."""

    def by_uuid(self, uuid: str) -> OrganizationGroup | None:
        """Find a group by its UUID."""

    def by_group_id(self, text: str) -> OrganizationGroup | None:
        """Find a group by its Group ID, whatever the case."""

    def all(self) -> Sequence[OrganizationGroup]:
        """List the groups by number."""

    def tree(self) -> GroupTree:
        """Return them all as a tree, in which settings are inherited."""


class Groups(GroupsView, Protocol):
    """Organization groups, to change."""

    def add(self, group: OrganizationGroup) -> OrganizationGroup:
        """Store a new group; its Group ID is unique, whatever the case."""

    def replace(self, group: OrganizationGroup) -> None:
        """Store a group anew."""

    def remove(self, group_id: int) -> None:
        """Remove a group; `api.conflict` while anything is in it."""


class UsersView(Protocol):
    """Enrollment users. A name is unique, whatever the case, among the users of one customer."""

    def get(self, user_id: int) -> EnrollmentUser | None:
        """Find a user by number."""

    def by_uuid(self, uuid: str) -> EnrollmentUser | None:
        """Find a user by UUID."""

    def by_name(self, user_name: str, group: int | None = None) -> EnrollmentUser | None:
        """Find a user by name: among the customer's of that group, or the first of that name anywhere."""

    def search(
        self,
        *,
        user_name: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
        groups: Collection[int] | None = None,
        user_group: int | None = None,
        status: UserStatus | None = None,
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[EnrollmentUser]:
        """Find users who match all that is given: names that contain the text, those that are the text first."""


class Users(UsersView, Protocol):
    """Enrollment users, to change."""

    def add(self, user: EnrollmentUser) -> EnrollmentUser:
        """Store a new user."""

    def replace(self, user: EnrollmentUser) -> None:
        """Store a user anew."""

    def remove(self, user_id: int) -> None:
        """Remove a user, with the user's registrations, terms and group memberships. Devices keep the number."""


class UserGroupsView(Protocol):
    """User groups."""

    def get(self, user_group_id: int) -> UserGroup | None:
        """Find a user group by number."""

    def by_uuid(self, uuid: str) -> UserGroup | None:
        """Find a user group by UUID."""

    def by_name(self, name: str) -> UserGroup | None:
        """Find a user group by name, whatever the case."""

    def all(self) -> Sequence[UserGroup]:
        """List the user groups by number."""


class UserGroups(UserGroupsView, Protocol):
    """User groups, to change."""

    def add(self, user_group: UserGroup) -> UserGroup:
        """Store a new user group."""

    def replace(self, user_group: UserGroup) -> None:
        """Store a user group anew."""

    def remove(self, user_group_id: int) -> None:
        """Remove a user group, and everybody from it."""


class TermsView(Protocol):
    """Who accepted which terms of use."""

    def accepted(self, user: int, group: int) -> str | None:
        """Return the version of the terms of a group that a user accepted last."""


class Terms(TermsView, Protocol):
    """Accepted terms, to change."""

    def accept(self, user: int, group: int, version: str, at: datetime) -> None:
        """Keep that a user accepted a version."""
