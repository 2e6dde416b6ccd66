"""The keys of a message as a table: which attribute of ours is which key of Apple's, and of what type."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mdm_server.wire.errors import SchemaError


class Kind(enum.Enum):
    """The types a key may have."""

    TEXT = "a string"
    DATA = "data"
    FLAG = "a boolean"
    INTEGER = "an integer"
    DICTIONARY = "a dictionary"
    REAL = "a number"
    DATE = "a date"


_TYPES: Mapping[Kind, type] = {
    Kind.TEXT: str,
    Kind.DATA: bytes,
    Kind.FLAG: bool,
    Kind.INTEGER: int,
    Kind.DICTIONARY: dict,
    Kind.REAL: float,
    Kind.DATE: datetime,
}
# Fleet's simulated device sends NotOnConsole as the string "false", because its plist type says so.
_FLAG_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a message."""

    attribute: str
    name: str
    kind: Kind = Kind.TEXT
    required: bool = False

    def read(self, payload: Mapping[str, Any]) -> Any:
        """Return the key's value, None where it is absent; SchemaError when it is required or of another type."""
        value: Any = payload.get(self.name)
        if type(value) is _TYPES[self.kind]:
            if value or not self.required:
                # plistlib reads dates without a zone; they are UTC.
                return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
        elif value is None and not self.required:
            return None
        elif self.kind is Kind.FLAG and isinstance(value, str) and value in _FLAG_WORDS:
            return _FLAG_WORDS[value]
        elif self.kind is Kind.REAL and type(value) is int:
            return float(value)
        # Only the type is named: the value may be a token or a challenge.
        found = "nothing" if value is None else f"{type(value).__name__}{'' if value else ' without content'}"
        raise SchemaError(f"expected {self.kind.value} as {self.name}, found {found}")


def read_keys(keys: Iterable[Key], payload: Mapping[str, Any]) -> dict[str, Any]:
    """Read a table of keys into the attributes they stand for."""
    return {key.attribute: key.read(payload) for key in keys}


def write_keys(keys: Iterable[Key], message: object) -> dict[str, Any]:
    """Write the attributes that are not None under their keys, in the table's order."""
    return {key.name: value for key in keys if (value := getattr(message, key.attribute)) is not None}
