"""What time does to a device without anybody's help: updates and applications come further on their way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from device_emulator.core import managing_applications, updating
from device_emulator.core.handheld import Handheld

THEMES = (updating, managing_applications)
"""The modules in which something takes its time; each says when it wants to be looked at, and catches up."""


def catch_up(handheld: Handheld) -> None:
    """Let happen what has been due."""
    for theme in THEMES:
        theme.catch_up(handheld)


def alarms(handheld: Handheld) -> Iterator[datetime]:
    """Return when something will be due."""
    for theme in THEMES:
        yield from theme.alarms(handheld)
