"""Reads a document of settings into frozen records, and says of a mistake where it is and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

Read = Callable[[str, Any], Any]
"""Turns the value found under a key (its path is given for the error) into a value of the record."""

Word = TypeVar("Word", bound=StrEnum)


class SettingsError(ValueError):
    """A setting cannot be what it is said to be: where, what was found, what is expected."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


def read_fields(path: str, document: object, readers: Mapping[str, Read]) -> dict[str, Any]:
    """Return the fields that a document sets; a key nobody reads is an error that names the nearest that is."""
    if not isinstance(document, Mapping):
        raise SettingsError(path or "settings", f"expected keys and values, found {document!r}")
    fields: dict[str, Any] = {}
    for key, value in document.items():
        where = f"{path}.{key}" if path else str(key)
        if key not in readers:
            raise SettingsError(where, f"there is no such setting{nearest(str(key), readers)}")
        fields[key] = readers[key](where, value)
    return fields


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" for the nearest known word, or the words there are."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    if not close:
        close = difflib.get_close_matches(word.casefold(), [known.casefold() for known in words], n=1)
        close = [known for known in words if known.casefold() in close]
    return f"; did you mean {close[0]}?" if close else f"; expected one of {', '.join(words)}"


def flag(path: str, value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise SettingsError(path, f"expected true or false, found {value!r}")
    return value


def text(path: str, value: object) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise SettingsError(path, f"expected a text, found {value!r}")
    return value


def number(least: int, most: int | None = None) -> Read:
    """Read a whole number within limits."""

    def read(path: str, value: object) -> int:
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value < least
            or (most is not None and value > most)
        ):
            limits = f"from {least} to {most}" if most is not None else f"of {least} or more"
            raise SettingsError(path, f"expected a whole number {limits}, found {value!r}")
        return value

    return read


def word(words: type[Word]) -> Read:
    """Read a member of a vocabulary."""

    def read(path: str, value: object) -> Word:
        try:
            return words(value)  # type: ignore[arg-type]
        except ValueError:
            hint = nearest(str(value), list(words))
            raise SettingsError(path, f"{value!r} is not one of the values{hint}") from None

    return read


def optional(read: Read) -> Read:
    """Read nothing as None."""
    return lambda path, value: None if value is None else read(path, value)


def several(read: Read) -> Read:
    """Read a list of values."""

    def read_all(path: str, value: object) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, list | tuple):
            raise SettingsError(path, f"expected a list, found {value!r}")
        return tuple(read(f"{path}[{position}]", item) for position, item in enumerate(value))

    return read_all


def by_word(words: type[Word], read: Read) -> Read:
    """Read values that are named by members of a vocabulary."""

    def read_all(path: str, value: object) -> dict[Word, Any]:
        if not isinstance(value, Mapping):
            raise SettingsError(path, f"expected keys and values, found {value!r}")
        return {word(words)(path, key): read(f"{path}.{key}", item) for key, item in value.items()}

    return read_all


def record(kind: Callable[..., Any], readers: Mapping[str, Read]) -> Read:
    """Read a record of its own."""

    def read(path: str, value: object) -> Any:
        if isinstance(kind, type) and isinstance(value, kind):
            return value
        try:
            return kind(**read_fields(path, value, readers))
        except TypeError as error:
            raise SettingsError(path, f"expected {', '.join(readers)}, found {value!r}") from error

    return read
