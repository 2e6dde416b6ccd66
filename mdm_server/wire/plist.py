"""Property lists: read behind guards, written in XML or binary.

Apple's devices and servers exchange property lists and little else. `loads` trusts none of them: what `plist_scan_xml`
and `plist_scan_binary` refuse never reaches a parser, and whatever is wrong comes back as one PlistError.
"""

from __future__ import annotations

import enum
import math
import plistlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeAlias, cast

from mdm_server.wire.errors import PlistError, SchemaError
from mdm_server.wire.plist_limits import CHECK_IN, PROFILE, RESULT, Limits, integer_fits
from mdm_server.wire.plist_scan_binary import scan_binary
from mdm_server.wire.plist_scan_xml import scan_xml

__all__ = [
    "CHECK_IN",
    "PROFILE",
    "RESULT",
    "Codec",
    "Limits",
    "PlistDict",
    "PlistValue",
    "dumps",
    "loads",
    "loads_dict",
]

PlistValue: TypeAlias = "str | int | float | bool | bytes | datetime | list[PlistValue] | dict[str, PlistValue]"
PlistDict: TypeAlias = dict[str, Any]

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")
# XML 1.0 §2.2 has no way to write these, not even as character references; a binary property list only minds NUL.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_BINARY = re.compile("[\x00\ud800-\udfff]")


class Codec(enum.StrEnum):
    """Which program reads and writes the binary format; XML is always plistlib's."""

    STDLIB = "stdlib"
    BIPLIST = "biplist"


def loads(data: bytes, *, limits: Limits = CHECK_IN, codec: Codec = Codec.STDLIB) -> PlistValue:
    """Read a property list, XML or binary.

    Raises PlistError whatever is wrong with it. Dates come back naive and mean UTC, as plistlib has it.
    """
    if len(data) > limits.max_bytes:
        raise PlistError("parse.size", f"expected at most {limits.max_bytes} bytes, found {len(data)}")
    binary = data.startswith(b"bplist00")
    if binary:
        scan_binary(data, limits)
    elif data[:64].lstrip().startswith(b"<") or data.startswith(_BYTE_ORDER_MARKS):
        scan_xml(data, limits)
    else:
        raise PlistError("parse.not_plist", "expected an XML or binary property list, found neither's first bytes", 0)
    try:
        if binary and codec is Codec.BIPLIST:
            from mdm_server.wire import plist_biplist  # costs an import that hardly anybody needs

            return cast("PlistValue", plist_biplist.read(data))
        return cast("PlistValue", plistlib.loads(data, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML))
    except (ValueError, OverflowError) as error:
        if isinstance(error, PlistError):
            raise
        # Only values are left to go wrong after a scan: a 31st of February, base64 with a character missing.
        raise PlistError("parse.value", f"expected values that exist ({error})") from error


def loads_dict(data: bytes, *, limits: Limits = CHECK_IN, codec: Codec = Codec.STDLIB) -> PlistDict:
    """Read a property list whose outermost value must be a dictionary, as every MDM message is (SchemaError)."""
    value = loads(data, limits=limits, codec=codec)
    if not isinstance(value, dict):
        raise SchemaError(f"expected a dictionary as the outermost value, found {type(value).__name__}")
    return value


def dumps(value: object, *, binary: bool = False, codec: Codec = Codec.STDLIB) -> bytes:
    """Write a property list; aware datetimes become UTC, keys keep their order.

    Raises PlistError `encode.value` for what a property list cannot hold: None, sets, NaN, integers beyond 64 bits…
    and `encode.depth` for what `loads` would refuse as too deep.
    """
    writable = _Writable(_NOT_IN_BINARY if binary else _NOT_IN_XML).value(value, ())
    if binary and codec is Codec.BIPLIST:
        from mdm_server.wire import plist_biplist  # as in loads

        return plist_biplist.write(writable)
    return plistlib.dumps(writable, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML, sort_keys=False)


class _Writable:
    """A copy of a value in the types a property list has, or a refusal that names the place."""

    def __init__(self, forbidden: re.Pattern[str]) -> None:
        self.forbidden = forbidden

    def value(self, value: object, path: tuple[str, ...]) -> Any:
        match value:
            case bool():
                return value
            case str():
                return self.text(value, path)
            case int():
                if not integer_fits(value):
                    self.refuse("an integer of at most 64 bits", "a larger one", path)
                return int(value)
            case float():
                if not math.isfinite(value):
                    self.refuse("a finite number", str(value), path)
                return value
            case bytes() | bytearray() | memoryview():
                return bytes(value)
            case datetime():
                return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            case dict() | list() | tuple() | Mapping():  # an abstract class takes ten times as long to ask
                return self.container(value, path)
            case _:
                return self.refuse("a property list value", type(value).__name__, path)

    def container(self, value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], path: tuple[str, ...]) -> Any:
        if len(path) >= CHECK_IN.max_depth:
            raise PlistError("encode.depth", f"expected at most {CHECK_IN.max_depth} nested containers")
        if isinstance(value, list | tuple):
            return [self.value(item, (*path, str(index))) for index, item in enumerate(value)]
        for key in value:
            if not isinstance(key, str):
                self.refuse("a string as key", type(key).__name__, path)
        return {self.text(key, path): self.value(item, (*path, key)) for key, item in value.items()}

    def text(self, value: str, path: tuple[str, ...]) -> str:
        if found := self.forbidden.search(value):
            self.refuse("text a property list can hold", f"U+{ord(found[0]):04X}", path)
        return value if type(value) is str else str.__str__(value)

    def refuse(self, expected: str, found: str, path: tuple[str, ...]) -> NoReturn:
        where = "/".join(path) or "the outermost value"
        raise PlistError("encode.value", f"expected {expected} at {where}, found {found}")
