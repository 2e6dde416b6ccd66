"""Enrollment users in SQLite. How often a login failed is a counter, and kept apart from what is known of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace

from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import DeviceStagingType, SecurityType, UserStatus
from mdm_server.store.sqlite.staging.groups import SqliteGroups
from mdm_server.store.sqlite.staging.storing import Columns, Conditions, change, delete, found, insert, row, update
from mdm_server.store.sqlite.values import optional_moment, optional_stamp
from mdm_server.store.staging.records import LARGEST_PAGE, Found

_SELECT = (
    "SELECT u.*, (SELECT failures FROM failed_user_login WHERE user = u.id) AS failures, "
    "(SELECT group_concat(user_group) FROM membership WHERE user = u.id) AS user_groups FROM enrollment_user u "
)


def _user(values: sqlite3.Row) -> EnrollmentUser:
    return EnrollmentUser(
        id=values["id"],
        uuid=values["uuid"],
        user_name=values["user_name"],
        first_name=values["first_name"],
        last_name=values["last_name"],
        email=values["email"],
        security_type=SecurityType(values["security_type"]),
        status=UserStatus(values["status"]),
        group=values["organization_group"],
        user_groups=tuple(sorted(map(int, (values["user_groups"] or "").split(",")))) if values["user_groups"] else (),
        staging_type=DeviceStagingType(values["staging_type"]),
        password_hash=values["password_hash"],
        failed_logins=values["failures"] or 0,
        shared_passcode_hash=values["shared_passcode_hash"],
        shared_passcode_expires=optional_moment(values["shared_passcode_expires"]),
    )


class SqliteUsers:
    """Implements `staging.Users`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, user_id: int) -> EnrollmentUser | None:
        """Find a user by number."""
        return self._one("WHERE id = ?", user_id)

    def by_uuid(self, uuid: str) -> EnrollmentUser | None:
        """Find a user by UUID."""
        return self._one("WHERE uuid = ?", uuid)

    def by_name(self, user_name: str, group: int | None = None) -> EnrollmentUser | None:
        """Find a user by name."""
        if group is None:
            return self._one("WHERE user_name = ? ORDER BY id LIMIT 1", user_name)
        return self._one("WHERE user_name = ? AND customer = ?", user_name, self._customer(group))

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
        """Find users who match all that is given."""
        conditions = Conditions()
        for column, text in (
            ("user_name", user_name),
            ("first_name", first_name),
            ("last_name", last_name),
            ("email", email),
        ):
            conditions.contains((column,), text)
        conditions.among("organization_group", groups).equal("status", status)
        if user_group is not None:
            conditions.holds("id IN (SELECT user FROM membership WHERE user_group = ?)", user_group)
        return found(
            self._connection,
            _SELECT,
            conditions,
            _user,
            offset=offset,
            limit=limit,
            order=("user_name <> ?", "email <> ?", "id"),
            order_values=(user_name or "", email or ""),
        )

    def add(self, user: EnrollmentUser) -> EnrollmentUser:
        """Store a new user."""
        stored = replace(user, id=insert(self._connection, "enrollment_user", self._columns(user)))
        self._store_beside(stored)
        return stored

    def replace(self, user: EnrollmentUser) -> None:
        """Store a user anew."""
        update(self._connection, "enrollment_user", "id", self._columns(user))
        self._store_beside(user)

    def remove(self, user_id: int) -> None:
        """Remove a user, and what the schema ties to the user."""
        delete(self._connection, "enrollment_user", user_id)

    def _store_beside(self, user: EnrollmentUser) -> None:
        """Store the user's memberships and failed logins, which have tables of their own."""
        change(self._connection, "DELETE FROM membership WHERE user = ?", user.id)
        for user_group in sorted(set(user.user_groups)):
            insert(self._connection, "membership", {"user": user.id, "user_group": user_group})
        if user.failed_logins:
            columns = {"user": user.id, "failures": user.failed_logins}
            insert(self._connection, "failed_user_login", columns, instead=True)
        else:
            change(self._connection, "DELETE FROM failed_user_login WHERE user = ?", user.id)

    def _columns(self, user: EnrollmentUser) -> Columns:
        return {
            "id": user.id or None,
            "uuid": user.uuid,
            "customer": self._customer(user.group),
            "user_name": user.user_name,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email": user.email,
            "security_type": user.security_type,
            "status": user.status,
            "organization_group": user.group,
            "staging_type": user.staging_type,
            "password_hash": user.password_hash,
            "shared_passcode_hash": user.shared_passcode_hash,
            "shared_passcode_expires": optional_stamp(user.shared_passcode_expires),
        }

    def _customer(self, group: int) -> int:
        tree = SqliteGroups(self._connection).tree()
        return tree.customer(group).id if group in tree else group

    def _one(self, condition: str, *values: object) -> EnrollmentUser | None:
        found_values = row(self._connection, _SELECT + condition, *values)
        return _user(found_values) if found_values else None
