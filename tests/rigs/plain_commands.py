"""The plainest form of every command: what is required, and nothing else."""

from __future__ import annotations

from typing import Any

from mdm_server.wire.commands import ANY_KEY, COMMANDS, Field, Kind


def plain_fields(name: str) -> dict[str, Any]:
    """Return the keys that a command cannot do without, with the plainest values."""
    return {field.name: plain_value(field) for field in COMMANDS[name].fields if field.required}


def plain_value(field: Field) -> Any:
    """Return the plainest value a key may have, with all keys that are required in it."""
    match field.kind:
        case Kind.DICTIONARY:
            return {each.name: plain_value(each) for each in field.fields if each.required and each.name != ANY_KEY}
        case Kind.ARRAY:
            return [plain_value(field.fields[0])] if field.required else []
    if field.choices:
        return field.choices[0]
    if field.known:
        return next(iter(field.known))
    plain = {Kind.STRING: "https://example.com/x", Kind.INTEGER: 1, Kind.REAL: 0.5, Kind.BOOLEAN: True, Kind.DATA: b"x"}
    return plain[field.kind]
