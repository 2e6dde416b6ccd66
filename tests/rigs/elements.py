"""ASN.1 elements by hand, for messages that no library would write: read from BER or DER, written in DER.

`certs` reads and writes with asn1crypto and cryptography; what is to be spoilt for it is made here, byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import core

INTEGER, OCTET_STRING, OBJECT_IDENTIFIER, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
UTF8_STRING, PRINTABLE_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x13, 0x16, 0x17, 0x18
CONSTRUCTED_OCTET_STRING = 0x24
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1
"""Constructed, context-specific: an explicit tag, or an implicit one on a SET or SEQUENCE."""
NULL = b"\x05\x00"

_CONSTRUCTED = 0x20
_LONG_FORM = 0x80
_END_OF_CONTENTS = b"\x00\x00"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag byte, all of its bytes as they were written, and those of its contents."""

    tag: int
    raw: bytes
    contents: bytes

    def children(self) -> list[Element]:
        """Return the elements directly inside."""
        return read_all(self.contents) if self.tag & _CONSTRUCTED else []


def read(data: bytes) -> Element:
    """Read the one element that the bytes are.

    Raises:
        ValueError: something comes after it.

    """
    elements = read_all(data)
    if len(elements) != 1:
        raise ValueError(f"expected one element, found {len(elements)}")
    return elements[0]


def read_all(data: bytes) -> list[Element]:
    """Read elements that follow each other."""
    elements, position = [], 0
    while position < len(data):
        start, stop, end = _extent(data, position)
        elements.append(Element(data[position], data[position:end], data[start:stop]))
        position = end
    return elements


def _extent(data: bytes, position: int) -> tuple[int, int, int]:
    """Return where an element's contents start and stop, and where the element ends."""
    first = data[position + 1]
    start = position + 2
    if first < _LONG_FORM:
        return start, start + first, start + first
    if first > _LONG_FORM:
        start += first & 0x7F
        stop = start + int.from_bytes(data[position + 2 : start], "big")
        return start, stop, stop
    # An indefinite length (X.690 §8.1.3.6): the end is where the last element inside is followed by the marker.
    stop = start
    while data[stop : stop + 2] != _END_OF_CONTENTS:
        stop = _extent(data, stop)[2]
    return start, stop, stop + 2


@lru_cache(maxsize=256)
def object_identifier(identifier: str) -> bytes:
    """Write an OBJECT IDENTIFIER, given its dotted form."""
    return bytes(core.ObjectIdentifier(identifier).dump())


def element(tag: int, *parts: bytes) -> bytes:
    """Write one element in DER (X.690 §10.1): with the shortest length there is."""
    contents = b"".join(parts)
    length = len(contents)
    if length < _LONG_FORM:
        return bytes((tag, length)) + contents
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM | len(size))) + size + contents


def integer(value: int) -> bytes:
    """Write a non-negative INTEGER."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
