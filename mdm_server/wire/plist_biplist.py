"""Binary property lists through biplist, the second codec.

biplist 1.0.3 is from 2017 and was never mended, so it is used behind the guards of `plist` and with what is listed here
put right. It stays because a second, independent program is the best judge of the first, and because a device may be
told to speak it. Its faults, found by running it (docs/decisions/0003-plist-codecs.md):

1. Strings are interned by their encoded bytes, in one table for the whole process: after "AB", U+4142 is written as
   "AB"; and the table keeps every string ever written. Floats likewise, so that -0.0 becomes 0.0.
2. The writer copies all it has for each object it adds; half a megabyte takes seconds.
3. Shared references are read again each time; `scan_binary` has bounded how often that can be.
4. Integers of 16 bytes are read as unsigned; dates that do not exist become the year 1 or 9999.
5. Half a dozen exception types leave the reader.
6. Data comes back as a class of its own.
7. XML has been broken since Python 3.9, in both directions; it is never asked for here.
"""

from __future__ import annotations

import io
import struct
import warnings
from datetime import datetime
from typing import Any

from mdm_server.wire.errors import PlistError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it calls datetime.utcfromtimestamp when imported
    import biplist


_NO_DATES = (datetime.min, datetime.max)  # noqa: DTZ901 - property list dates have no zone


class _Text(biplist.StringWrapper):  # type: ignore[misc]  # biplist has no types
    """A string as biplist's writer wants it, made without the process-wide table (fault 1)."""

    def __new__(cls, value: str) -> _Text:
        text: _Text = object.__new__(cls)
        text.encoding = "ascii" if value.isascii() else "utf_16_be"
        text.encodedValue = value.encode(text.encoding)
        return text


class _Real(biplist.FloatWrapper):  # type: ignore[misc]
    """A float as biplist's writer wants it, made without the process-wide table (fault 1)."""

    def __new__(cls, value: float) -> _Real:
        real: _Real = object.__new__(cls)
        real.value = value
        return real


class _Writer(biplist.PlistWriter):  # type: ignore[misc]
    """biplist's writer with tables of its own."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        # The writer only ever says `output += …`: on a bytearray that appends in place (fault 2). One byte that
        # biplist writes and throws away then stays behind the header, where nothing refers to it.
        self.header = bytearray(b"bplist00")
        self._wrapped: dict[str | tuple[float, str], _Text | _Real] = {}

    def wrapRoot(self, root: object) -> Any:  # noqa: N802 - biplist's name
        key: Any = (root, root.hex()) if isinstance(root, float) else root
        if not isinstance(root, str | float):
            return super().wrapRoot(root)
        if key not in self._wrapped:
            self._wrapped[key] = _Text(root) if isinstance(root, str) else _Real(root)
        return self._wrapped[key]


class _Reader(biplist.PlistReader):  # type: ignore[misc]
    """biplist's reader with faults 4 and 6 put right."""

    def readInteger(self, byteSize: int) -> int:  # noqa: N802, N803 - biplist's names
        data = self.readContents(byteSize, "Integer")
        self.currentOffset += byteSize
        return int.from_bytes(data, "big", signed=byteSize >= 8)

    def readData(self, length: int) -> bytes:  # noqa: N802
        return bytes(super().readData(length))

    def readDate(self) -> Any:  # noqa: N802
        date = super().readDate()
        if date in _NO_DATES:
            raise PlistError("parse.value", "expected a date that exists")
        return date


def read(data: bytes) -> Any:
    """Read a binary property list that `scan_binary` has let pass."""
    try:
        return _Reader(io.BytesIO(data)).parse()
    except PlistError:
        raise
    except (biplist.InvalidPlistException, biplist.NotBinaryPlistException, struct.error, ValueError) as error:
        raise PlistError("parse.syntax", f"expected a binary property list that biplist can read ({error})") from error


def write(value: object) -> bytes:
    """Write a value that `plist.dumps` has brought into the types of a property list."""
    file = io.BytesIO()
    _Writer(file).writeRoot(value)
    return file.getvalue()
