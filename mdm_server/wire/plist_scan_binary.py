"""What is refused in a binary property list before the parser sees it.

A binary property list is a table of objects that refer to each other by number, so a file of 434 bytes can describe
10^30 values and one of 44 bytes a list that contains itself; plistlib builds both in a millisecond and leaves it to the
first reader of the result to never come back. Here each object is measured once, from what it refers to upwards, and
nothing is built: how many values and how many bytes a reader would meet in it, and how deep it goes.

The layout, as CoreFoundation's CFBinaryPList.c documents it: "bplist00", the objects, a table of their offsets, and a
trailer of 32 bytes (six unused, offset size, reference size, number of objects, number of the top object, offset of
the table).
"""

from __future__ import annotations

import math
import struct
from typing import Final, NamedTuple, NoReturn

from mdm_server.wire.errors import PlistError, excerpt
from mdm_server.wire.plist_limits import Limits, integer_fits

_HEADER: Final = 8
_TRAILER = struct.Struct(">6xBBQQQ")
_INTEGER, _DATA, _ASCII, _UTF16, _ARRAY, _DICT = 0x1, 0x4, 0x5, 0x6, 0xA, 0xD
_BOOLEANS = frozenset({0x08, 0x09})
_SIGNED_FROM = 3  # integers of 2^3 bytes and more are signed, shorter ones are not
_WIDEST_INTEGER = 4  # 2^4 bytes: how Apple writes what does not fit a signed 64-bit integer
_REAL_FORMATS = {0x22: ">f", 0x23: ">d", 0x33: ">d"}
# A string of 100 kB referred to by twenty thousand keys is no deep structure, but two gigabytes as JSON.
_UNFOLDING = 4


def scan_binary(data: bytes, limits: Limits) -> None:
    """Refuse what is too deep, unfolds to too much, contains itself, repeats a key, or holds a junk value."""
    _BinaryScan(data, limits).run()


class _Measure(NamedTuple):
    """What a reader would meet in an object, itself included, shared parts as often as they are referred to."""

    values: int
    text_bytes: int
    depth: int


_ONE_VALUE = _Measure(1, 0, 0)


class _BinaryScan:
    """One walk over one file."""

    __slots__ = (
        "data",
        "end",
        "items",
        "limits",
        "measures",
        "offsets",
        "open",
        "reference_size",
        "text_bytes",
        "texts",
        "top",
    )

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.limits = limits
        self.measures: dict[int, _Measure] = {}
        self.texts: dict[int, str] = {}
        # What has been read so far. Objects may overlap in the file, so its size alone does not bound the work.
        self.items = 0
        self.text_bytes = 0
        self.open: list[int] = []  # the containers the walk is inside of, outermost first
        if len(data) < _HEADER + _TRAILER.size:
            self.refuse("parse.syntax", "expected a header and a trailer", len(data))
        offset_size, self.reference_size, count, self.top, table = _TRAILER.unpack_from(data, len(data) - _TRAILER.size)
        self.end = table  # objects stand before the table
        if not (1 <= offset_size <= 8 and 1 <= self.reference_size <= 8):
            self.refuse("parse.syntax", "expected offsets and references of 1 to 8 bytes", len(data) - _TRAILER.size)
        # A value brings at most one key with it, so an honest file has no more objects than that.
        if count > 2 * limits.max_elements:
            self.refuse("parse.expansion", f"expected at most {2 * limits.max_elements} objects, found {count}")
        if table < _HEADER or table + count * offset_size > len(data) - _TRAILER.size:
            self.refuse("parse.syntax", f"expected a table of {count} offsets", len(data) - _TRAILER.size)
        self.offsets = self.numbers(table, count, offset_size)

    def refuse(self, code: str, detail: str, position: int | None = None) -> NoReturn:
        raise PlistError(code, detail, position)

    def run(self) -> None:
        self.measure(self.top)

    def numbers(self, start: int, count: int, size: int) -> list[int]:
        """Read a row of big-endian numbers; the caller has checked that it lies inside the file."""
        data = self.data
        if size == 1:
            return list(data[start : start + count])
        return [int.from_bytes(data[at : at + size], "big") for at in range(start, start + count * size, size)]

    def marker(self, reference: int) -> tuple[int, int]:
        """Return where an object starts and its first byte: kind in the high half, length in the low one."""
        if reference >= len(self.offsets):
            self.refuse("parse.syntax", f"expected one of {len(self.offsets)} objects, found a reference to another")
        offset = self.offsets[reference]
        if not _HEADER <= offset < self.end:
            self.refuse("parse.syntax", "expected an object between header and offset table", offset)
        return offset, self.data[offset]

    def extent(self, offset: int, marker: int, width: int) -> tuple[int, int]:
        """Return where an object's content starts and how many items of `width` bytes it has, all inside the file."""
        length, start = marker & 0xF, offset + 1
        if length == 0xF:  # the length did not fit: an integer object follows that says it
            size_marker = self.data[start] if start < self.end else 0
            size = 1 << (size_marker & 0xF)
            if size_marker >> 4 != _INTEGER or size > 8:
                self.refuse("parse.syntax", "expected a length", start)
            length = int.from_bytes(self.data[start + 1 : start + 1 + size], "big")
            start += 1 + size
        if start + length * width > self.end:
            self.refuse("parse.syntax", f"expected {length} items of {width} bytes, found the end", offset)
        return start, length

    def measure(self, reference: int) -> _Measure:
        """Measure one object and everything in it that has not been measured yet."""
        offset, marker = self.marker(reference)
        kind = marker >> 4
        if kind in {_ARRAY, _DICT}:
            measure = self.container(reference, offset, marker)
        elif kind in {_ASCII, _UTF16}:
            measure = _Measure(1, len(self.text(reference, offset, marker)), 0)
        elif kind == _DATA:
            measure = _Measure(1, self.extent(offset, marker, 1)[1], 0)
        else:
            if marker not in _BOOLEANS:
                self.number(offset, marker)
            measure = _ONE_VALUE
        self.measures[reference] = measure
        return measure

    def container(self, reference: int, offset: int, marker: int) -> _Measure:
        if reference in self.open:
            self.refuse("parse.expansion", "expected a tree, found a container that contains itself", offset)
        self.open.append(reference)
        self.check_depth(0, offset)
        size = self.reference_size
        values, text_bytes, depth = 1, 0, 0
        if marker >> 4 == _DICT:
            start, count = self.extent(offset, marker, 2 * size)
            self.account(count, 0, offset)
            text_bytes = self.keys(self.numbers(start, count, size))
            start += count * size
        else:
            start, count = self.extent(offset, marker, size)
            self.account(count, 0, offset)
        for item in self.numbers(start, count, size):
            measure = self.measures.get(item) or self.measure(item)
            values += measure.values
            text_bytes += measure.text_bytes
            if measure.depth > depth:
                depth = measure.depth
                self.check_depth(depth, offset)
        self.check_size(values, text_bytes, offset)
        self.open.pop()
        return _Measure(values, text_bytes, depth + 1)

    def account(self, items: int, text_bytes: int, offset: int) -> None:
        """Take note of what is about to be read."""
        self.items += items
        self.text_bytes += text_bytes
        self.check_size(self.items, self.text_bytes, offset)

    def check_size(self, values: int, text_bytes: int, offset: int) -> None:
        if values > self.limits.max_elements:
            self.refuse("parse.expansion", f"expected at most {self.limits.max_elements} values, unfolded", offset)
        if text_bytes > _UNFOLDING * self.limits.max_bytes:
            most = _UNFOLDING * self.limits.max_bytes
            self.refuse("parse.expansion", f"expected at most {most} bytes of text and data, unfolded", offset)

    def check_depth(self, below: int, offset: int) -> None:
        if len(self.open) + below > self.limits.max_depth:
            self.refuse("parse.depth", f"expected at most {self.limits.max_depth} nested containers", offset)

    def keys(self, references: list[int]) -> int:
        """Check a dictionary's keys and return how much text they are."""
        seen = set()
        text_bytes = 0
        for reference in references:
            offset, marker = self.marker(reference)
            if marker >> 4 not in {_ASCII, _UTF16}:
                self.refuse("parse.value", "expected a string as key", offset)
            key = self.text(reference, offset, marker)
            if key in seen:
                self.refuse("parse.duplicate_key", f"expected {excerpt(key)} once in its dictionary", offset)
            seen.add(key)
            text_bytes += len(key)
        return text_bytes

    def text(self, reference: int, offset: int, marker: int) -> str:
        """Read a string, once."""
        if reference in self.texts:
            return self.texts[reference]
        ascii_only = marker >> 4 == _ASCII
        width = 1 if ascii_only else 2
        start, length = self.extent(offset, marker, width)
        self.account(0, length * width, offset)
        try:
            text = self.data[start : start + length * width].decode("ascii" if ascii_only else "utf-16-be")
        except UnicodeDecodeError as error:
            raise PlistError("parse.value", "expected text without lone surrogates or stray bytes", offset) from error
        if "\0" in text:
            self.refuse("parse.value", "expected text without NUL", offset)
        self.texts[reference] = text
        return text

    def number(self, offset: int, marker: int) -> None:
        start, exponent = offset + 1, marker & 0xF
        form = _REAL_FORMATS.get(marker)
        if form is None and (marker >> 4 != _INTEGER or exponent > _WIDEST_INTEGER):
            # Null, fill, UID (for keyed archives only), sets, and whatever Apple reserved.
            self.refuse(
                "parse.value", f"expected a property list value, found an object of type 0x{marker:02x}", offset
            )
        stop = start + (1 << exponent)
        if stop > self.end:
            self.refuse("parse.syntax", "expected a whole number, found the end", offset)
        if form is None:
            if not integer_fits(int.from_bytes(self.data[start:stop], "big", signed=exponent >= _SIGNED_FROM)):
                self.refuse("parse.value", "expected an integer of at most 64 bits", offset)
        elif not math.isfinite(struct.unpack_from(form, self.data, start)[0]):
            self.refuse("parse.value", "expected a finite number or date", offset)
