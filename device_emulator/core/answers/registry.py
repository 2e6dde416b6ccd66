"""The table of answers: every request type's answerer, gathered from the theme modules.

To add a theme: write a module of `@answerer` functions beside this one and name it in THEMES.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

from device_emulator.core.answers import (
    applications,
    elsewhere,
    lost_mode,
    managed_applications,
    media,
    power,
    profiles,
    queries,
    reach,
    security,
    setting_up,
    settings,
    software_update,
)
from device_emulator.core.answers.answerer import Answerer

THEMES: tuple[ModuleType, ...] = (
    queries,
    security,
    lost_mode,
    power,
    profiles,
    applications,
    managed_applications,
    media,
    settings,
    software_update,
    setting_up,
    reach,
)


def gather(themes: Iterable[ModuleType], more: Iterable[Answerer] = ()) -> Mapping[str, Answerer]:
    """Return the answerers of all themes by request type; two for one request type is a defect of ours."""
    rows = [row for theme in themes for row in vars(theme).values() if isinstance(row, Answerer)] + list(more)
    table = {row.request_type: row for row in rows}
    if len(table) != len(rows):
        raise ValueError("expected one answerer for each request type, found two for one of them")
    return MappingProxyType(table)


ANSWERERS: Mapping[str, Answerer] = gather(THEMES, elsewhere.ANSWERERS)
