"""YAML read with an eye on where everything stands, so that an error can point at it.

What is read is plain data: mappings with text keys, lists, text, numbers, true, false and null. Anchors, tags and more
than one document are refused, and so is a key that is there twice. `yes`, `no`, `on`, `off` are text, as in YAML 1.2:
a user may well be called No.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from device_emulator.scenario.errors import DocumentError, Position, Problem

Path = tuple[str | int, ...]

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 32
MAX_VALUES = 50_000

_WORDS: Mapping[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file says, and where it says it."""

    source: str
    value: Any
    positions: Mapping[Path, Position]
    """The position of every value by its path; of a value in a mapping, that of its key."""

    def position(self, path: Path) -> Position:
        """Return where a path stands, or the nearest thing around it that stands somewhere."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, Position(1, 1))

    def problem(self, path: Path, text: str, remedy: str = "") -> Problem:
        """Return what is wrong at a path."""
        return Problem(self.source, self.position(path), spell(path), text, remedy)


def spell(path: Path) -> str:
    """Return a path as a person writes it: `steps[2].enrol.device`."""
    spelled = ""
    for part in path:
        spelled += f"[{part}]" if isinstance(part, int) else f".{part}" if spelled else part
    return spelled


def read(text: str, source: str) -> Tree:
    """Read a document; raises DocumentError."""
    if len(text) > MAX_CHARACTERS:
        _refuse(source, Position(1, 1), f"a scenario has at most {MAX_CHARACTERS:,} characters, found {len(text):,}")
    try:
        return _Reader(source, yaml.parse(text, Loader=yaml.SafeLoader)).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)
        _refuse(source, position, f"this is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        _refuse(source, Position(1, 1), f"this is not YAML: {' '.join(str(error).split())}")


@dataclass(slots=True)
class _Reader:
    source: str
    events: Iterator[yaml.Event]
    positions: dict[Path, Position] = field(default_factory=dict)

    def read(self) -> Tree:
        if not isinstance(event := self._next(yaml.StreamStartEvent), yaml.DocumentStartEvent):
            _refuse(self.source, _position(event), "expected a scenario, found an empty file")
        value = self._value(next(self.events), ())
        if not isinstance(event := self._next(yaml.DocumentEndEvent), yaml.StreamEndEvent):
            _refuse(self.source, _position(event), "expected one document, found a second one")
        return Tree(self.source, value, self.positions)

    def _next(self, passed: type[yaml.Event]) -> yaml.Event:
        """Step over an event that says nothing, if it is still ahead, and return the one after it."""
        event = next(self.events)
        return next(self.events) if isinstance(event, passed) else event

    def _value(self, event: yaml.Event, path: Path) -> Any:
        position = _position(event)
        self.positions.setdefault(path, position)
        if len(path) > MAX_DEPTH or len(self.positions) > MAX_VALUES:
            limit = f"{MAX_DEPTH} levels deep" if len(path) > MAX_DEPTH else f"{MAX_VALUES:,} values"
            _refuse(self.source, position, f"a scenario is at most {limit}")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _refuse(self.source, position, "anchors and aliases are not read here", "write it out")
        if tag := getattr(event, "tag", None):
            _refuse(self.source, position, f"tags are not read here, found {tag}", "leave it out")
        match event:
            case yaml.MappingStartEvent():
                return self._mapping(path)
            case yaml.SequenceStartEvent():
                return self._sequence(path)
            case yaml.ScalarEvent():
                return _scalar(event.value) if event.implicit[0] and event.style is None else event.value
        raise AssertionError(event)

    def _mapping(self, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            position = _position(event)
            if not isinstance(event, yaml.ScalarEvent):
                _refuse(self.source, position, "expected a word as the key, found something larger")
            key = str(event.value)
            if key in values:
                first = self.positions[(*path, key)].line
                _refuse(self.source, position, f'"{key}" is here twice, first in line {first}', "keep one of them")
            self.positions[(*path, key)] = position
            values[key] = self._value(next(self.events), (*path, key))
        return values

    def _sequence(self, path: Path) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self._value(event, (*path, len(values))))
        return values


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def _position(event: yaml.Event) -> Position:
    assert event.start_mark is not None
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def _refuse(source: str, position: Position, text: str, remedy: str = "") -> NoReturn:
    raise DocumentError([Problem(source, position, "", text, remedy)])
