"""Lengths of time as people write them: `250 ms`, `2s`, `61 minutes`, `1h 30m`, `2 days`."""

from __future__ import annotations

import re
from collections.abc import Mapping

UNITS: Mapping[str, float] = {
    "ms": 0.001,
    "s": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
    "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip
_PART = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)")


def seconds(text: str) -> float:
    """Return a length of time in seconds; raises ValueError that says what was expected."""
    total, position = 0.0, 0
    for part in _PART.finditer(text):
        if part.start() != position or part[2] not in UNITS:
            break
        total, position = total + float(part[1]) * UNITS[part[2]], part.end()
    if position == 0 or text[position:].strip():
        raise ValueError(f"expected a length of time such as `90 s`, `61 minutes` or `2 days`, found {text!r}")
    return total


def spoken(length: float) -> str:
    """Return a length of time as it is said: `61 minutes`, `2 days`, `0.25 seconds`."""
    for unit in ("day", "hour", "minute"):
        if length >= UNITS[unit] and length % UNITS[unit] == 0:
            count = int(length / UNITS[unit])
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "1 second" if length == 1 else f"{length:g} seconds"
