"""User groups, and the terms of use that users accepted, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mdm_server.domain.staging.users import UserGroup
from mdm_server.store.sqlite.staging.storing import Columns, delete, insert, row, rows, update
from mdm_server.store.sqlite.values import stamp

_SELECT = "SELECT id, uuid, name, organization_group, enrollment_group, rank FROM user_group "


def _user_group(values: sqlite3.Row) -> UserGroup:
    return UserGroup(
        id=values["id"],
        uuid=values["uuid"],
        name=values["name"],
        group=values["organization_group"],
        enrollment_group=values["enrollment_group"],
        rank=values["rank"],
    )


def _columns(user_group: UserGroup) -> Columns:
    return {
        "id": user_group.id or None,
        "uuid": user_group.uuid,
        "name": user_group.name,
        "organization_group": user_group.group,
        "enrollment_group": user_group.enrollment_group,
        "rank": user_group.rank,
    }


class SqliteUserGroups:
    """Implements `staging.UserGroups`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, user_group_id: int) -> UserGroup | None:
        """Find a user group by number."""
        return self._one("WHERE id = ?", user_group_id)

    def by_uuid(self, uuid: str) -> UserGroup | None:
        """Find a user group by UUID."""
        return self._one("WHERE uuid = ?", uuid)

    def by_name(self, name: str) -> UserGroup | None:
        """Find a user group by name."""
        return self._one("WHERE name = ? ORDER BY id LIMIT 1", name)

    def all(self) -> Sequence[UserGroup]:
        """List the user groups by number."""
        return [_user_group(values) for values in rows(self._connection, _SELECT + "ORDER BY id")]

    def add(self, user_group: UserGroup) -> UserGroup:
        """Store a new user group."""
        return replace(user_group, id=insert(self._connection, "user_group", _columns(user_group)))

    def replace(self, user_group: UserGroup) -> None:
        """Store a user group anew."""
        update(self._connection, "user_group", "id", _columns(user_group))

    def remove(self, user_group_id: int) -> None:
        """Remove a user group; the schema takes everybody out of it."""
        delete(self._connection, "user_group", user_group_id)

    def _one(self, condition: str, value: object) -> UserGroup | None:
        values = row(self._connection, _SELECT + condition, value)
        return _user_group(values) if values else None


class SqliteTerms:
    """Implements `staging.Terms`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def accepted(self, user: int, group: int) -> str | None:
        """Return the version that a user accepted last."""
        query = "SELECT version FROM accepted_terms WHERE user = ? AND organization_group = ?"
        values = row(self._connection, query, user, group)
        return values["version"] if values else None

    def accept(self, user: int, group: int, version: str, at: datetime) -> None:
        """Keep that a user accepted a version."""
        columns = {"user": user, "organization_group": group, "version": version, "accepted_at": stamp(at)}
        insert(self._connection, "accepted_terms", columns, instead=True)
