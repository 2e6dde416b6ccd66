"""ASN.1 elements of CMS messages: read from BER that was scanned, written in DER.

asn1crypto's own CMS types are not used to read signed and enveloped messages. Values of attributes must stay the bytes
that were signed; SCEP's attributes would have to be entered in its private registries; and octet strings that Go writes
constructed with a definite length are refused by it. A message has two dozen elements: reading them in a row is shorter
than working around that, and four times as fast.
"""

from __future__ import annotations

from collections.abc import Iterable
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

    def only_child(self, *tags: int) -> Element:
        """Return the one element inside, as an explicit tag has it.

        Raises:
            ValueError: there is another number of them, or it is of another kind.

        """
        children = self.children()
        if len(children) != 1 or children[0].tag not in tags:
            raise ValueError(f"expected one element in the tag {self.tag:#04x}, found something else")
        return children[0]


class Fields:
    """The fields of a SEQUENCE, taken one after the other; whatever does not fit is a ValueError."""

    def __init__(self, sequence: Element) -> None:
        if sequence.tag != SEQUENCE:
            raise ValueError(f"expected a SEQUENCE, found an element with the tag {sequence.tag:#04x}")
        self._children = sequence.children()
        self._next = 0

    def optional(self, *tags: int) -> Element | None:
        """Take the next field if it has one of these tags."""
        if self._next < len(self._children) and (not tags or self._children[self._next].tag in tags):
            self._next += 1
            return self._children[self._next - 1]
        return None

    def take(self, *tags: int) -> Element:
        """Take the next field, which must have one of these tags (no tags: any)."""
        element = self.optional(*tags)
        if element is None:
            wanted = " or ".join(f"{tag:#04x}" for tag in tags) or "any tag"
            raise ValueError(f"expected a field with {wanted} as number {self._next + 1}, found another or none")
        return element

    def finish(self) -> None:
        """Make sure that no field is left."""
        if self._next != len(self._children):
            raise ValueError(f"expected {self._next} fields, found {len(self._children)}")


def read(data: bytes) -> Element:
    """Read the one element that the bytes are; `certs.der.scan` has looked over them before.

    Raises:
        ValueError: something comes after it.

    """
    elements = read_all(data)
    if len(elements) != 1:
        raise ValueError(f"expected one element, found {len(elements)}")
    return elements[0]


def read_all(data: bytes) -> list[Element]:
    """Read elements that follow each other; `certs.der.scan` has looked over what they are in before."""
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


def octets(string: Element, tag: int = OCTET_STRING) -> bytes:
    """Return what an OCTET STRING holds, be it primitive or in pieces (X.690 §8.7; pieces of pieces nobody writes).

    Args:
        string: the element.
        tag: its tag when it is primitive; the pieces of an implicitly tagged string are plain OCTET STRINGs.

    Raises:
        ValueError: it is something else.

    """
    if string.tag == tag:
        return string.contents
    if string.tag != tag | _CONSTRUCTED:
        raise ValueError(f"expected an octet string, found an element with the tag {string.tag:#04x}")
    pieces = string.children()
    if any(piece.tag != OCTET_STRING for piece in pieces):
        raise ValueError("expected an octet string in pieces, found something else among them")
    return b"".join(piece.contents for piece in pieces)


@lru_cache(maxsize=256)
def dotted(contents: bytes) -> str:
    """Return the dotted form of an OBJECT IDENTIFIER, given its contents.

    Raises:
        ValueError: they are not what the dotted form is written as. (asn1crypto overlooks a last arc that is cut off.)

    """
    raw = element(OBJECT_IDENTIFIER, contents)
    found = str(core.ObjectIdentifier.load(raw).dotted) if contents else ""
    if not found or object_identifier(found) != raw:
        raise ValueError(f"expected an object identifier, found {contents.hex()}")
    return found


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


def set_of(members: Iterable[bytes], tag: int = SET) -> bytes:
    """Write a SET OF in the order that DER wants (X.690 §11.6)."""
    return element(tag, *sorted(members))
