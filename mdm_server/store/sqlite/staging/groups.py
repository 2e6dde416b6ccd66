"""Organization groups in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.store.sqlite.staging.storing import Columns, delete, insert, row, rows, update

_SELECT = "SELECT id, uuid, group_id, name, type, parent, overrides FROM organization_group "
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _group(values: sqlite3.Row) -> OrganizationGroup:
    return OrganizationGroup(
        id=values["id"],
        uuid=values["uuid"],
        group_id=values["group_id"],
        name=values["name"],
        type=values["type"],
        parent=values["parent"],
        overrides=_decode(values["overrides"]),
    )


def _columns(group: OrganizationGroup) -> Columns:
    return {
        "id": group.id or None,
        "uuid": group.uuid,
        "group_id": group.group_id,
        "name": group.name,
        "type": group.type,
        "parent": group.parent,
        "overrides": _encode(dict(group.overrides)),
    }


class SqliteGroups:
    """Implements `staging.Groups`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, group_id: int) -> OrganizationGroup | None:
        """Find a group by its number."""
        return self._one("WHERE id = ?", group_id)

    def by_uuid(self, uuid: str) -> OrganizationGroup | None:
        """Find a group by its UUID."""
        return self._one("WHERE uuid = ?", uuid)

    def by_group_id(self, text: str) -> OrganizationGroup | None:
        """Find a group by its Group ID."""
        return self._one("WHERE group_id = ?", text.strip())

    def all(self) -> Sequence[OrganizationGroup]:
        """List the groups by number."""
        return [_group(values) for values in rows(self._connection, _SELECT + "ORDER BY id")]

    def tree(self) -> GroupTree:
        """Return them all as a tree."""
        return GroupTree(self.all())

    def add(self, group: OrganizationGroup) -> OrganizationGroup:
        """Store a new group."""
        return replace(group, id=insert(self._connection, "organization_group", _columns(group)))

    def replace(self, group: OrganizationGroup) -> None:
        """Store a group anew."""
        update(self._connection, "organization_group", "id", _columns(group))

    def remove(self, group_id: int) -> None:
        """Remove a group."""
        delete(self._connection, "organization_group", group_id)

    def _one(self, condition: str, value: object) -> OrganizationGroup | None:
        values = row(self._connection, _SELECT + condition, value)
        return _group(values) if values else None
