"""A value held against the type it should have: everything that is wrong is told, each at its place.

msgspec would stop at the first and know nothing of lines; here it says what the types are, and converts what is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from msgspec import inspect

from device_emulator.scenario.document import Record, Refers
from device_emulator.scenario.errors import Problem, nearest
from device_emulator.scenario.reading import Path, Tree

_KINDS: Mapping[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "nothing",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A word that must be known, and where it stands."""

    path: Path
    word: Any
    refers: Refers


@dataclass(slots=True)
class Fitting:
    """Holds values against types; `problems` and `references` are what was found on the way."""

    tree: Tree
    problems: list[Problem] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    def wrong(self, path: Path, text: str, remedy: str = "") -> None:
        """Note what is wrong at a path."""
        self.problems.append(self.tree.problem(path, text, remedy))

    def record(self, value: Any, kind: type[Record], path: Path) -> dict[str, Any] | None:
        """Return what a record says, a bare word written out; None if it is nothing of the kind."""
        described = _described(kind)
        if kind.SHORTHAND and not isinstance(value, dict | list) and value is not None:
            value = {kind.SHORTHAND: value}
        if not isinstance(value, dict):
            self._expected("a mapping", value, path)
            return None
        known = {one.encode_name: one for one in described.fields}
        for key in value:
            if key not in known:
                self.wrong((*path, key), "unknown key", nearest(key, tuple(known)))
        for name, one in known.items():
            if one.required and name not in value:
                self.wrong(path, f'"{name}" is missing', _described_as(one.type))
        return {name: self.value(value[name], one.type, (*path, name)) for name, one in known.items() if name in value}

    def value(self, value: Any, wanted: inspect.Type, path: Path) -> Any:
        """Return a value with the bare words in it written out."""
        match wanted:
            case inspect.Metadata(inner, _, extra):
                if extra and (refers := extra.get("refers")):
                    self.references.append(Reference(path, value, refers))
                return self.value(value, inner, path)
            case inspect.UnionType(kinds):
                return self._one_of(value, kinds, path)
            case inspect.StructType(kind) if issubclass(kind, Record):
                return self.record(value, kind, path)
            case inspect.VarTupleType(inner, at_least):
                return self._sequence(value, inner, at_least or 0, path)
            case inspect.EnumType(kind):
                return self.value(value, inspect.LiteralType(tuple(member.value for member in kind)), path)
            case inspect.LiteralType(choices):
                if value not in choices:
                    self.wrong(
                        path, f"unknown word {_quoted(value)}", nearest(str(value), [str(one) for one in choices])
                    )
            case _:
                self._simple(value, wanted, path)
        return value

    def _one_of(self, value: Any, kinds: tuple[inspect.Type, ...], path: Path) -> Any:
        some = [kind for kind in kinds if not isinstance(kind, inspect.NoneType)]
        if value is None:
            self.wrong(path, "nothing is said", "leave the key out")
            return None
        literals = [kind for kind in some if isinstance(kind, inspect.LiteralType)]
        if len(literals) == len(some):
            choices = tuple(choice for kind in literals for choice in kind.values)
            return self.value(value, inspect.LiteralType(choices), path)
        number = isinstance(value, int) and not isinstance(value, bool)
        fitting = next((kind for kind in some if isinstance(kind, inspect.IntType) is number), some[0])
        return self.value(value, fitting, path)

    def _sequence(self, value: Any, inner: inspect.Type, at_least: int, path: Path) -> list[Any] | None:
        if not isinstance(value, list):
            self._expected("a list", value, path)
            return None
        if len(value) < at_least:
            self.wrong(path, f"expected at least {at_least}, found {len(value)}")
        return [self.value(one, inner, (*path, number)) for number, one in enumerate(value)]

    def _simple(self, value: Any, wanted: inspect.Type, path: Path) -> None:
        match wanted:
            case inspect.StrType(_, longest, pattern):
                if not isinstance(value, str):
                    self._expected("text", value, path, 'put it in quotes: "…"')
                elif longest is not None and len(value) > longest:
                    self.wrong(path, f"expected at most {longest} characters, found {len(value)}")
                elif pattern is not None and not re.search(pattern, value):
                    self.wrong(path, f"unexpected form {_quoted(value)}", f"expected the form {pattern}")
                elif not value:
                    self.wrong(path, "expected some text, found none")
            case inspect.BoolType() if not isinstance(value, bool):
                self._expected("true or false", value, path)
            case inspect.IntType(_, least, _, most):
                self._number(value, (int,), least, most, path)
            case inspect.FloatType(_, least, _, most):
                self._number(value, (int, float), least, most, path)
            case inspect.DictType() if not isinstance(value, dict):
                self._expected("a mapping", value, path)
            case _:
                pass

    def _number(self, value: Any, kinds: tuple[type, ...], least: float | None, most: float | None, path: Path) -> None:
        if not isinstance(value, int | float) or not isinstance(value, kinds) or isinstance(value, bool):
            self._expected("a number" if float in kinds else "a whole number", value, path)
        elif not (least or 0) <= value <= (value if most is None else most):
            limit = "or more" if most is None else f"to {most:g}"
            self.wrong(path, f"expected {least or 0:g} {limit}, found {value}")

    def _expected(self, what: str, value: Any, path: Path, remedy: str = "") -> None:
        self.wrong(path, f"expected {what}, found {_KINDS.get(type(value), 'something else')}", remedy)


@cache
def _described(kind: type[Record]) -> inspect.StructType:
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return described


def _described_as(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.Metadata) and wanted.extra_json_schema:
        return str(wanted.extra_json_schema.get("description", "")).rstrip(".")
    return ""


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else _KINDS.get(type(value), "something else")
