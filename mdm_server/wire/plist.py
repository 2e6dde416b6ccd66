"""Property lists: read behind guards, written in XML or binary.

Apple's devices and servers exchange property lists and nothing else. `loads` trusts none of them: see `plist_scan` for
what is refused before the parser sees it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

PlistValue: TypeAlias = "str | int | float | bool | bytes | datetime | list[PlistValue] | dict[str, PlistValue]"
PlistDict: TypeAlias = dict[str, Any]


class Codec(enum.StrEnum):
    """Which program reads and writes the binary format; XML is always plistlib's."""

    STDLIB = "stdlib"
    BIPLIST = "biplist"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a property list is read before it is refused."""

    max_bytes: int
    max_depth: int = 32
    max_elements: int = 20_000


CHECK_IN = Limits(max_bytes=256 * 1024)
RESULT = Limits(max_bytes=1024 * 1024)
PROFILE = Limits(max_bytes=8 * 1024 * 1024)


def loads(data: bytes, *, limits: Limits = CHECK_IN, codec: Codec = Codec.STDLIB) -> PlistValue:
    """Read a property list, XML or binary.

    Raises PlistError whatever is wrong with it. Dates come back naive and mean UTC, as plistlib has it.
    """
    raise NotImplementedError


def loads_dict(data: bytes, *, limits: Limits = CHECK_IN, codec: Codec = Codec.STDLIB) -> PlistDict:
    """Read a property list whose outermost value must be a dictionary, as every MDM message is (SchemaError)."""
    raise NotImplementedError


def dumps(value: object, *, binary: bool = False, codec: Codec = Codec.STDLIB) -> bytes:
    """Write a property list; aware datetimes become UTC, keys keep their order.

    Raises PlistError `encode.value` for what a property list cannot hold: None, sets, NaN, integers beyond 64 bits…
    """
    raise NotImplementedError
