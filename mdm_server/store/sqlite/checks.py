"""Pieces of SQL that schema and queries share: words of our enumerations, and how identifiers are compared."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


def quoted(values: Iterable[str]) -> str:
    """Return words of our own as a list of SQL literals."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """Return the constraint that a column holds one of these words."""
    return f"CHECK ({column} IN ({quoted(values)}))"


def normal(expression: str) -> str:
    """Return the form in which an identifier is compared, as `domain.staging.devices.normal_identifier` has it.

    It is written in SQL, so that what is stored and what is looked for are brought into it by the same rule, and an
    index can be on it.
    """
    return f"upper(replace(replace(trim({expression}), ' ', ''), '-', ''))"


IDENTIFIERS = f"""
        udid          TEXT CHECK (udid <> ''),
        serial_number TEXT CHECK (serial_number <> ''),
        imei          TEXT CHECK (imei <> ''),
        udid_key      TEXT GENERATED ALWAYS AS ({normal("udid")}) VIRTUAL,
        serial_key    TEXT GENERATED ALWAYS AS ({normal("serial_number")}) VIRTUAL,
        imei_key      TEXT GENERATED ALWAYS AS ({normal("imei")}) VIRTUAL
"""
"""The columns of a table whose rows are found by what identifies a device."""

IDENTIFIED = (
    f"(udid_key = {normal('?')} OR serial_key = {normal('?')} OR imei_key = {normal('?')})"  # each has its index
)
"""The condition that a row shares an identifier; its three values are UDID, serial number and IMEI, or None."""


def identifier_indexes(table: str) -> tuple[str, ...]:
    """Return the statements that make IDENTIFIED fast on a table."""
    return tuple(
        f"CREATE INDEX {table}_of_{column} ON {table} ({column}) WHERE {column} IS NOT NULL"
        for column in ("udid_key", "serial_key", "imei_key")
    )
