from __future__ import annotations

import pytest
from asn1crypto import core

from certs.errors import DerError
from certs.structures import (
    MOST_MEMBERS,
    AlgorithmIdentifier,
    Attribute,
    Attributes,
    AttributeValues,
    EncryptedContentInfo,
    IssuerAndSubject,
    contents_of,
    dotted,
    load,
    members,
    octets,
    read,
)
from rigs.elements import CONTEXT_0, NULL, OCTET_STRING, SEQUENCE, SET, element, integer, object_identifier

NAME = element(SEQUENCE)


@pytest.mark.parametrize("identifier", ["1.2.840.113549.1.7.2", "2.16.840.1.113733.1.9.7", "0.0", "2.999.1"])
def test_object_identifiers_are_read(identifier: str) -> None:
    """The dotted form is that of the bytes."""
    assert dotted(object_identifier(identifier)[2:]) == identifier


@pytest.mark.parametrize("contents", [b"", b"\x80\x01", b"\x2a\x86", b"\x2a\x80\x01"])
def test_an_object_identifier_has_one_form(contents: bytes) -> None:
    """Padded and truncated arcs, which asn1crypto overlooks, are refused wherever one is declared."""
    with pytest.raises(ValueError, match="object identifier"):
        read(AlgorithmIdentifier, element(SEQUENCE, element(0x06, contents)))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(element(SEQUENCE, NAME), id="one field too few"),
        pytest.param(element(SEQUENCE, NAME, NAME, NAME), id="one field too many"),
        pytest.param(element(SEQUENCE, NAME, integer(1)), id="a field of another type"),
        pytest.param(element(SET, NAME, NAME), id="another structure"),
    ],
)
def test_fields_are_those_declared(raw: bytes) -> None:
    """asn1crypto looks at a field when it is asked for, and at no field that is not declared; `load` looks at all."""
    assert load(IssuerAndSubject, element(SEQUENCE, NAME, NAME)).dump() == element(SEQUENCE, NAME, NAME)
    with pytest.raises(ValueError, match="expected IssuerAndSubject"):
        load(IssuerAndSubject, raw)


@pytest.mark.parametrize("tail", [b"\0", NULL])
def test_nothing_comes_after(tail: bytes) -> None:
    """Bytes after the element are refused by the look over it, and by the reader alone."""
    raw = element(SEQUENCE, NAME, NAME) + tail
    with pytest.raises(DerError):
        load(IssuerAndSubject, raw)
    with pytest.raises(ValueError, match="trailing data"):
        read(IssuerAndSubject, raw)


def test_collections_are_bounded() -> None:
    """There is a greatest number of members, so that nobody makes us build thousands."""
    full = [element(SEQUENCE, object_identifier("1.2.3"), element(SET))] * MOST_MEMBERS
    assert len(load(Attributes, element(SET, *full))) == MOST_MEMBERS
    with pytest.raises(ValueError, match=f"at most {MOST_MEMBERS} members"):
        load(Attributes, element(SET, *full, full[0]))


def test_members_stay_as_they_were_written() -> None:
    """Order, length and type of values do not matter: they are returned byte by byte."""
    values = (integer(3), element(CONTEXT_0, integer(1)), b"\x30\x80\0\0", b"\x04\x82\x00\x01a", element(0x9E))
    attribute = element(SEQUENCE, object_identifier("1.2.3"), element(SET, *values))
    assert members(load(Attribute, attribute, allow_indefinite=True)["values"]) == values


def test_a_set_is_sorted_when_it_is_made_and_not_when_it_is_read() -> None:
    """DER puts the members of a SET OF in the order of their bytes (X.690 §11.6); signatures are over what came."""
    values = [core.Integer(3), core.Integer(1)]
    assert AttributeValues(values).dump() == element(SET, integer(1), integer(3))
    unsorted = element(SET, integer(3), integer(1))
    assert AttributeValues(contents=contents_of(read(AttributeValues, unsorted))).dump() == unsorted


A, B, C = (element(OCTET_STRING, letter) for letter in (b"a", b"b", b"c"))


@pytest.mark.parametrize(
    "string",
    [
        element(0x80, b"abc"),
        element(CONTEXT_0, A, B, C),
        b"\xa0\x80" + A + B + C + b"\0\0",
    ],
)
def test_pieces_of_a_string_are_joined(string: bytes) -> None:
    """Of definite length as Go writes them, of indefinite length as OpenSSL does (X.690 §8.7)."""
    assert octets(encrypted(string), implicit=0) == b"abc"


@pytest.mark.parametrize(
    "string",
    [
        pytest.param(integer(1), id="an integer"),
        pytest.param(element(OCTET_STRING, b"a"), id="another tag"),
        pytest.param(element(CONTEXT_0, integer(1)), id="pieces of something else"),
        pytest.param(element(CONTEXT_0, element(0x24, A)), id="pieces in pieces"),
        pytest.param(element(CONTEXT_0, b"\x24\x80" + A + b"\0\0"), id="open pieces in pieces"),
    ],
)
def test_a_string_of_something_else_is_refused(string: bytes) -> None:
    """Pieces of a string are strings, and one level of them is enough."""
    with pytest.raises(ValueError, match=r"OctetString|pieces in pieces|_Pieces"):
        octets(encrypted(string), implicit=0)


def test_a_megabyte_in_pieces_is_joined() -> None:
    """Eight thousand pieces are one string (asn1crypto's own way of joining them is quadratic in their number)."""
    piece = element(OCTET_STRING, bytes(128))
    assert octets(encrypted(b"\xa0\x80" + piece * 8000 + b"\0\0"), implicit=0) == bytes(128 * 8000)


def encrypted(string: bytes) -> core.Any:
    """Return the last field of an EncryptedContentInfo, as it was written."""
    raw = element(SEQUENCE, object_identifier("1.2.3"), element(SEQUENCE, object_identifier("1.2.3")), string)
    found = load(EncryptedContentInfo, raw, max_bytes=2 << 20, max_elements=9000, allow_indefinite=True)
    return found["encrypted_content"]
