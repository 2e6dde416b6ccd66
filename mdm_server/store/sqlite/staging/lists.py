"""The allow list and the deny list in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.vocabulary import ListAttribute, ListKind, Ownership, Platform
from mdm_server.store.sqlite.checks import normal
from mdm_server.store.sqlite.staging.storing import Conditions, delete, identifier_values, insert, row, rows

_SELECT = "SELECT * FROM list_entry "
_NAMED = " OR ".join(f"(attribute = '{attribute}' AND value_key = {normal('?')})" for attribute in ListAttribute)


def _entry(values: sqlite3.Row) -> ListEntry:
    return ListEntry(
        id=values["id"],
        kind=ListKind(values["kind"]),
        attribute=ListAttribute(values["attribute"]),
        value=values["value"],
        group=values["organization_group"],
        ownership=Ownership(values["ownership"]) if values["ownership"] else None,
        enrollment_group=values["enrollment_group"],
    )


class SqliteLists:
    """Implements `staging.Lists`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, entry_id: int) -> ListEntry | None:
        """Find an entry by number."""
        values = row(self._connection, _SELECT + "WHERE id = ?", entry_id)
        return _entry(values) if values else None

    def for_identifiers(
        self, identifiers: DeviceIdentifiers, platform: Platform | None, groups: Collection[int] | None = None
    ) -> Sequence[ListEntry]:
        """List the entries that name an identifier or the platform."""
        conditions = Conditions().holds(f"({_NAMED})", *identifier_values(identifiers), platform)
        return self._all(conditions.among("organization_group", groups))

    def all(self, kind: ListKind | None = None) -> Sequence[ListEntry]:
        """List the entries of a kind, or all."""
        return self._all(Conditions().equal("kind", kind))

    def add(self, entry: ListEntry) -> ListEntry:
        """Store a new entry."""
        columns = {
            "id": entry.id or None,
            "kind": entry.kind,
            "attribute": entry.attribute,
            "value": entry.value,
            "organization_group": entry.group,
            "ownership": entry.ownership,
            "enrollment_group": entry.enrollment_group,
        }
        return replace(entry, id=insert(self._connection, "list_entry", columns))

    def remove(self, entry_id: int) -> None:
        """Remove an entry."""
        delete(self._connection, "list_entry", entry_id)

    def _all(self, conditions: Conditions) -> list[ListEntry]:
        query = f"{_SELECT}WHERE {conditions} ORDER BY id"
        return [_entry(values) for values in rows(self._connection, query, *conditions.values)]
