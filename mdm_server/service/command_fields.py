"""A command's fields between JSON, which has no bytes, and property lists, which have them.

No command of the table takes a date; answers hold some, and those are shown.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mdm_server.wire.commands import ANY_KEY, CommandSpec, Field, Kind

_SECRET_WORDS = ("password", "passcode", "pin", "token", "challenge", "escrow", "secret", "recoverykey")
_FOR_ADMINISTRATORS = "activationlockbypasscode"
"""Whoever asks a device for its bypass code wants to type it one day."""
HIDDEN = "(not shown)"


def from_document(spec: CommandSpec, fields: Mapping[str, object]) -> dict[str, Any]:
    """Return fields as a property list has them: where the command wants data, base64 becomes data.

    Text that is no base64 stays text, for `check_fields` to point at.
    """
    return _read_keys(spec.fields, fields)


def to_document(value: object, name: str = "") -> object:
    """Return a value of a property list as JSON can show it, without secrets and without long data."""
    if isinstance(value, Mapping):
        return {str(key): to_document(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_document(each, name) for each in value]
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat() if value.tzinfo is None else value.isoformat()
    if isinstance(value, str) and is_secret(name):
        return HIDDEN
    return value


def is_secret(name: str) -> bool:
    """Say whether a key of a command or an answer holds something that only the device should know."""
    lowered = name.lower()
    if lowered == _FOR_ADMINISTRATORS:
        return False
    return any(lowered == word or (len(word) > 3 and word in lowered) for word in _SECRET_WORDS)


def _read_keys(known: Sequence[Field], given: Mapping[str, object]) -> dict[str, Any]:
    shapes = {field.name: field for field in known}
    every_key = shapes.get(ANY_KEY)
    return {name: _read(shapes.get(name, every_key), value) for name, value in given.items()}


def _read(field: Field | None, value: object) -> object:
    if field is None:
        return value
    if isinstance(value, str) and field.kind is Kind.DATA:
        return _data(value)
    if isinstance(value, Mapping) and field.kind is Kind.DICTIONARY:
        return _read_keys(field.fields, value)
    if isinstance(value, list) and field.kind is Kind.ARRAY:
        return [_read(_shape_of(field.fields, each), each) for each in value]
    return value


def _shape_of(shapes: Sequence[Field], value: object) -> Field | None:
    """Find the shape of an array's item; where there are several, its `Item` key says which."""
    if len(shapes) == 1:
        return shapes[0]
    name = value.get("Item") if isinstance(value, Mapping) else None
    return next((shape for shape in shapes if shape.name == name), None)


def _data(text: str) -> bytes | str:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text
