"""Reading and writing whole records: rows by the names of their columns, and broken guards as refusals."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceIdentifiers
from mdm_server.store.contract import LARGEST_PAGE
from mdm_server.store.sqlite.staging.schema import CLAIMED_ONCE
from mdm_server.store.sqlite.values import clean
from mdm_server.store.staging.records import Found

T = TypeVar("T")
Columns = Mapping[str, object]
_EVERYTHING = 2**63 - 1
_TAKEN = {"device.serial_key": "serial_number", "list_entry.organization_group": "list_entry", "wipe.device": "wipe"}
"""What is taken, where the name of a column does not say it."""


def rows(connection: sqlite3.Connection, query: str, *values: object) -> Sequence[sqlite3.Row]:
    """Return all rows of a query, each by the names of its columns."""
    cursor = connection.execute(query, [_kept(value) for value in values])
    cursor.row_factory = sqlite3.Row
    return cursor.fetchall()


def row(connection: sqlite3.Connection, query: str, *values: object) -> sqlite3.Row | None:
    """Return the first row of a query, or None."""
    return next(iter(rows(connection, query, *values)), None)


def number(connection: sqlite3.Connection, query: str, *values: object) -> int:
    """Return the one number that a query asks for."""
    found: int = connection.execute(query, [_kept(value) for value in values]).fetchone()[0]
    return found


def insert(connection: sqlite3.Connection, table: str, columns: Columns, *, instead: bool = False) -> int:
    """Store a new row and return its number; `instead` puts it in the place of one with the same key."""
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    verb = "INSERT OR REPLACE" if instead else "INSERT"
    done = change(connection, f"{verb} INTO {table} ({names}) VALUES ({places})", *columns.values())
    assert done.lastrowid is not None
    return done.lastrowid


def update(connection: sqlite3.Connection, table: str, key: str, columns: Columns) -> None:
    """Store a row anew, found by its key, which is one of its columns; raises `api.not_found` when it is gone."""
    names = ", ".join(f"{name} = ?" for name in columns if name != key)
    values = [value for name, value in columns.items() if name != key]
    done = change(connection, f"UPDATE {table} SET {names} WHERE {key} = ?", *values, columns[key])  # noqa: S608
    _expect_one(done, table)


def delete(connection: sqlite3.Connection, table: str, number: int) -> None:
    """Forget a row by its number; raises `api.not_found` when it is gone, `api.conflict` while others need it."""
    _expect_one(change(connection, f"DELETE FROM {table} WHERE id = ?", number), table)  # noqa: S608 - our own words


def change(connection: sqlite3.Connection, statement: str, *values: object) -> sqlite3.Cursor:
    """Run a statement that changes rows; what a guard of the schema says no to is a refusal."""
    try:
        return connection.execute(statement, [_kept(value) for value in values])
    except sqlite3.IntegrityError as error:
        refusal = _refusal(str(error))
        if refusal is None:
            raise
        raise refusal from error


class Conditions:
    """What a search asks for, put together from what was given; None asks for nothing."""

    def __init__(self) -> None:
        self._parts = ["TRUE"]
        self.values: list[object] = []

    def holds(self, condition: str, *values: object) -> Conditions:
        """Ask for a condition."""
        self._parts.append(condition)
        self.values.extend(values)
        return self

    def equal(self, column: str, value: object | None) -> Conditions:
        """Ask for a value."""
        return self if value is None else self.holds(f"{column} = ?", value)

    def contains(self, columns: Sequence[str], text: str | None) -> Conditions:
        """Ask for a text in one of these columns, whatever the case."""
        if not text:
            return self
        either = " OR ".join(f"instr(lower({column}), lower(?))" for column in columns)
        return self.holds(f"({either})", *[text] * len(columns))

    def among(self, column: str, values: Collection[object] | None) -> Conditions:
        """Ask for one of these values."""
        if values is None:
            return self
        listed = f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own words
        return self.holds(listed, json.dumps(list(values)))

    def __str__(self) -> str:
        return " AND ".join(self._parts)


def found(
    connection: sqlite3.Connection,
    select: str,
    conditions: Conditions,
    make: Callable[[sqlite3.Row], T],
    *,
    offset: int,
    limit: int,
    order: tuple[str, ...] = ("id",),
    order_values: Sequence[object] = (),
) -> Found[T]:
    """Return one page of the rows that meet the conditions."""
    total = number(connection, f"SELECT count(*) FROM ({select} WHERE {conditions})", *conditions.values)  # noqa: S608
    page = rows(
        connection,
        f"{select} WHERE {conditions} ORDER BY {', '.join(order)} LIMIT ? OFFSET ?",
        *conditions.values,
        *order_values,
        max(0, min(limit, LARGEST_PAGE)),
        max(0, min(offset, _EVERYTHING)),
    )
    return Found(tuple(make(values) for values in page), total)


def identifier_values(identifiers: DeviceIdentifiers) -> tuple[str | None, str | None, str | None]:
    """Return the values of `checks.IDENTIFIED`."""
    return identifiers.udid or None, identifiers.serial_number or None, identifiers.imei or None


def identifier_columns(identifiers: DeviceIdentifiers) -> Columns:
    """Return the identifiers as columns."""
    return dict(zip(("udid", "serial_number", "imei"), identifier_values(identifiers), strict=True))


def identifiers_of(values: sqlite3.Row) -> DeviceIdentifiers:
    """Return the identifiers in a row."""
    return DeviceIdentifiers(values["udid"], values["serial_number"], values["imei"])


def _kept(value: object) -> Any:
    return clean(value) if isinstance(value, str) else value


def _expect_one(done: sqlite3.Cursor, table: str) -> None:
    if done.rowcount != 1:
        raise Refusal("api.not_found", reason=table)


def _refusal(error: str) -> Refusal | None:
    """Return the refusal that a broken guard stands for; a broken CHECK is a mistake of ours, and stays one."""
    if CLAIMED_ONCE in error:
        return Refusal("ALREADY_CLAIMED")
    if error.startswith("UNIQUE"):
        # "UNIQUE constraint failed: device.platform, device.serial_key": the last column is what was taken.
        column = error.rpartition(" ")[2]
        return Refusal("api.conflict", reason=_TAKEN.get(column) or column.partition(".")[2])
    if error.startswith("FOREIGN KEY"):
        return Refusal("api.conflict", reason="reference")
    return None
