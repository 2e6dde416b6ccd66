"""Whether the keys of a request are what its request type asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mdm_server.wire.commands.spec import ANY_KEY, CommandSpec, Field, Kind
from mdm_server.wire.commands.support import Platform

_PYTHON_TYPES: Mapping[Kind, tuple[type, ...]] = {
    Kind.STRING: (str,),
    Kind.INTEGER: (int,),
    Kind.REAL: (float, int),
    Kind.BOOLEAN: (bool,),
    Kind.DATE: (datetime,),
    Kind.DATA: (bytes,),
    Kind.ARRAY: (list, tuple),
    Kind.DICTIONARY: (dict,),
}


class ProblemKind(StrEnum):
    """What can be wrong with a key."""

    MISSING = "missing"
    WRONG_TYPE = "wrong type"
    NOT_ALLOWED = "value not allowed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong with one key, and what was expected instead."""

    path: str
    kind: ProblemKind
    expected: str
    found: str = "nothing"

    @property
    def is_note(self) -> bool:
        """Whether a device would shrug: it ignores keys and values it has never heard of."""
        return self.kind is ProblemKind.UNKNOWN

    def __str__(self) -> str:
        return f"{self.path}: {self.kind}; expected {self.expected}, found {self.found}"


def check_fields(spec: CommandSpec, fields: Mapping[str, Any], platform: Platform | None = None) -> list[FieldProblem]:
    """Return everything that is wrong with a request's keys, in the order of the table; notes are among it.

    With a platform given, keys that it lacks are as unknown as any other: an iPhone does not mind what PIN a Mac needs.
    """
    known = spec.fields if platform is None else spec.fields_by_platform.get(platform, spec.fields)
    return list(_check_keys(known, fields, ""))


def _check_keys(known: tuple[Field, ...], given: Mapping[str, Any], path: str) -> Iterator[FieldProblem]:
    names = {field.name for field in known}
    open_shape = next((field for field in known if field.name == ANY_KEY), None)
    for field in known:
        if field.name in given:
            yield from _check_value(field, given[field.name], path + field.name)
        elif field.required and field is not open_shape:
            yield FieldProblem(path + field.name, ProblemKind.MISSING, _article(field))
    for name, value in given.items():
        if name in names:
            continue
        if open_shape is not None:
            yield from _check_value(open_shape, value, f"{path}{name}")
        else:
            yield FieldProblem(f"{path}{name}", ProblemKind.UNKNOWN, "no such key", _show(value))


def _check_value(field: Field, value: Any, path: str) -> Iterator[FieldProblem]:
    if field.kind is Kind.ANY:
        return
    if not _has_type(value, field.kind):
        yield FieldProblem(path, ProblemKind.WRONG_TYPE, _article(field), _show(value))
        return
    if field.choices and value not in field.choices:
        yield FieldProblem(path, ProblemKind.NOT_ALLOWED, " or ".join(map(repr, field.choices)), _show(value))
    if field.range is not None and not field.range[0] <= value <= field.range[1]:
        yield FieldProblem(path, ProblemKind.NOT_ALLOWED, f"{field.range[0]} to {field.range[1]}", _show(value))
    if field.known and value not in field.known:
        yield FieldProblem(path, ProblemKind.UNKNOWN, "a value of the table", _show(value))
    if field.kind is Kind.DICTIONARY and field.fields:
        yield from _check_keys(field.fields, value, f"{path}.")
    if field.kind is Kind.ARRAY:
        for index, each in enumerate(value):
            yield from _check_item(field.fields, each, f"{path}[{index}]")


def _check_item(shapes: tuple[Field, ...], value: Any, path: str) -> Iterator[FieldProblem]:
    """Check an array's item; where the table offers several shapes, the item says by its `Item` key which it has."""
    if len(shapes) <= 1:
        for shape in shapes:
            yield from _check_value(shape, value, path)
        return
    if not isinstance(value, dict):
        yield FieldProblem(path, ProblemKind.WRONG_TYPE, "a dictionary", _show(value))
        return
    name = value.get("Item")
    chosen = [shape for shape in shapes if shape.name == name]
    if chosen:
        yield from _check_value(chosen[0], value, path)
    elif isinstance(name, str):
        yield FieldProblem(f"{path}.Item", ProblemKind.UNKNOWN, "an item of the table", _show(name))
    else:
        kind = ProblemKind.MISSING if name is None else ProblemKind.WRONG_TYPE
        yield FieldProblem(f"{path}.Item", kind, "a string", "nothing" if name is None else _show(name))


def _has_type(value: Any, kind: Kind) -> bool:
    """Return whether a plist value is of the kind; a truth value is no number, though Python thinks it is."""
    return isinstance(value, _PYTHON_TYPES[kind]) and isinstance(value, bool) == (kind is Kind.BOOLEAN)


def _article(field: Field) -> str:
    return f"{'an' if field.kind[0] in 'aeiou' else 'a'} {field.kind}"


def _show(value: Any) -> str:
    """Describe a foreign value without repeating more than a glimpse of it."""
    if isinstance(value, (bytes, list, tuple, dict)):
        return f"{type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
