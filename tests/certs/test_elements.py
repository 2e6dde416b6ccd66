from __future__ import annotations

import random

import pytest
from asn1crypto import core

from certs.der import scan
from certs.elements import (
    CONTEXT_0,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    Fields,
    dotted,
    element,
    integer,
    object_identifier,
    octets,
    read,
    read_all,
    set_of,
)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths_are_the_shortest(length: int) -> None:
    """What is written is DER, and reads back as it was."""
    raw = element(OCTET_STRING, bytes(length))
    scan(raw, max_bytes=1 << 20)
    assert raw == core.OctetString(bytes(length)).dump()
    assert read(raw).contents == bytes(length)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 2**64])
def test_integers_are_positive(value: int) -> None:
    """A first bit that is set would make a number negative, so a zero goes before it."""
    assert integer(value) == core.Integer(value).dump()


@pytest.mark.parametrize("identifier", ["1.2.840.113549.1.7.2", "2.16.840.1.113733.1.9.7", "0.0", "2.999.1"])
def test_object_identifiers_go_both_ways(identifier: str) -> None:
    """Dotted to bytes and back."""
    assert dotted(read(object_identifier(identifier)).contents) == identifier


@pytest.mark.parametrize("contents", [b"", b"\x80\x01", b"\x2a\x86", b"\x2a\x80\x01"])
def test_an_object_identifier_has_one_form(contents: bytes) -> None:
    """Padded and truncated arcs, which asn1crypto overlooks, are refused."""
    with pytest.raises(ValueError, match="object identifier"):
        dotted(contents)


def test_sets_are_sorted() -> None:
    """DER puts the members of a SET OF in the order of their bytes (X.690 §11.6)."""
    members = [integer(3), integer(1), element(OCTET_STRING, b"a")]
    assert [child.raw for child in read(set_of(members)).children()] == sorted(members)


def test_pieces_of_a_string_are_joined() -> None:
    """Of definite length as Go writes them, of indefinite length as OpenSSL does (X.690 §8.7)."""
    a, b, c = (element(OCTET_STRING, letter) for letter in (b"a", b"b", b"c"))
    for raw in (
        element(OCTET_STRING, b"abc"),
        element(0x24, a, b, c),
        b"\x24\x80" + a + b + c + b"\0\0",
    ):
        scan(raw, allow_indefinite=True)
        assert octets(read(raw)) == b"abc"
    implicit = element(CONTEXT_0, a, b, c)
    assert octets(read(implicit), 0x80) == b"abc"


@pytest.mark.parametrize(
    "raw", [integer(1), element(0x24, integer(1)), element(CONTEXT_0, integer(1)), element(0x24, element(0x24))]
)
def test_a_string_of_something_else_is_refused(raw: bytes) -> None:
    """Pieces of a string are strings."""
    with pytest.raises(ValueError, match="expected an octet string"):
        octets(read(raw))


def test_fields_are_taken_in_order_and_completely() -> None:
    """A field that is missing, of another kind or left over is refused, and so is what is no SEQUENCE."""
    pair = element(SEQUENCE, integer(1), element(OCTET_STRING, b"a"))
    fields = Fields(read(pair))
    assert fields.optional(OCTET_STRING) is None
    assert fields.take(INTEGER).raw == integer(1)
    with pytest.raises(ValueError, match="expected 1 fields, found 2"):
        fields.finish()
    with pytest.raises(ValueError, match="expected a field with 0x02 as number 2"):
        fields.take(INTEGER)
    assert fields.take().contents == b"a"
    fields.finish()
    with pytest.raises(ValueError, match="expected a field with any tag as number 3"):
        fields.take()
    with pytest.raises(ValueError, match="expected a SEQUENCE"):
        Fields(read(integer(1)))


def test_whatever_passes_the_scan_is_read_completely() -> None:
    """Random trees in BER that `scan` accepts are read to the last byte, and written again give the same tree."""
    chance = random.Random(4)

    def tree(depth: int) -> bytes:
        if depth == 0 or chance.random() < 0.3:
            return element(OCTET_STRING, chance.randbytes(chance.randrange(200)))
        inside = b"".join(tree(depth - 1) for _ in range(chance.randrange(4)))
        return b"\x30\x80" + inside + b"\0\0" if chance.random() < 0.4 else element(SEQUENCE, inside)

    for _ in range(200):
        raw = tree(5)
        scan(raw, allow_indefinite=True)
        assert read(raw).raw == raw
        assert b"".join(one.raw for one in read_all(raw + raw)) == raw + raw


def test_one_element_is_one() -> None:
    """Something after the element, or nothing at all, is refused."""
    for raw in (b"", integer(1) + integer(2)):
        with pytest.raises(ValueError, match="expected one element"):
            read(raw)
