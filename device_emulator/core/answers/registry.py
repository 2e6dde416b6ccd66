"""The table of answers: every request type's answerer, gathered from the theme modules.

To add a theme: write a module of `@answerer` functions beside this one and name it in THEMES.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

from device_emulator.core.answers.answerer import Answerer

THEMES: tuple[ModuleType, ...] = ()


def gather(themes: Iterable[ModuleType]) -> Mapping[str, Answerer]:
    """Return the answerers of all themes by request type; two for one request type is a defect of ours."""
    rows = [row for theme in themes for row in vars(theme).values() if isinstance(row, Answerer)]
    table = {row.request_type: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("expected one answerer for each request type, found two for one of them")
    return MappingProxyType(table)


ANSWERERS: Mapping[str, Answerer] = gather(THEMES)
