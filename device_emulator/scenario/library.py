"""The shipped scenarios, found by their names, and those that people keep in files."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from device_emulator.scenario.checking import Script, check
from device_emulator.scenario.errors import DocumentError, Position, Problem, UnknownScenario, nearest

SUFFIXES = (".yaml", ".yml")


def load(name_or_file: str | Path) -> Script:
    """Read a scenario: a shipped one by its name, any other from its file.

    Raises:
        UnknownScenario: there is neither.
        DocumentError: it is there, and something is wrong with it.

    """
    path = Path(name_or_file)
    if isinstance(name_or_file, Path) or path.suffix in SUFFIXES:
        return _load_file(path)
    return check(text_of(name_or_file), f"{name_or_file}.yaml")


def text_of(name: str) -> str:
    """Return a shipped scenario as it is written; raises UnknownScenario."""
    shipped = dict(_walk(_root(), ""))
    found = shipped.get(name)
    if found is None:
        raise UnknownScenario(
            f"there is no scenario {name!r}; {nearest(name, tuple(shipped))} "
            "(`device-emulator scenario list` shows all; a file is named with its `.yaml`)"
        )
    return found.read_text(encoding="utf-8")


def names() -> tuple[str, ...]:
    """Return the names of the shipped scenarios, in order."""
    return tuple(sorted(name for name, _ in _walk(_root(), "")))


def _load_file(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        problem = Problem(str(path), Position(1, 1), "", f"expected text in UTF-8, found other bytes: {error.reason}")
        raise DocumentError([problem]) from None
    except OSError as error:
        raise UnknownScenario(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    return check(text, str(path))


def _root() -> Traversable:
    return files("device_emulator.scenarios")


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIXES[0]):
            yield f"{prefix}{entry.name.removesuffix(SUFFIXES[0])}", entry
