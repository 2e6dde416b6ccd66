# mypy: allow-subclassing-any
# ruff: noqa: RUF012 - lists on classes are how asn1crypto is told
"""The structures of CMS, as RFC 5652 and RFC 5280 declare them: `load` reads them, and `.dump()` writes them in DER.

Everything here is said in asn1crypto's public words. Its own `asn1crypto.cms` is not used: what SCEP adds would have to
be entered in its private registries, and it refuses the octet strings that Go writes in pieces. What asn1crypto lets
pass and these structures must not, `load` refuses: fields after the last one, and padded object identifiers.

- `EXPLICIT [n] X` is declared as what it is on the wire, `[n] IMPLICIT SEQUENCE { X }`: asn1crypto looks at nothing
  after the first element under an explicit tag, but a sequence's fields are counted.
- The alternatives of a CHOICE stand as optional fields one after the other, and their reader sees that there is one:
  asn1crypto's own Choice loses the end of an element of indefinite length.
- What is compared byte by byte, or means nothing to us, stays `Any` or a bare `Sequence`: kept as it was written.
- A SET OF whose order should be kept when it is written is declared as SEQUENCE OF under its implicit tag.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from asn1crypto import core, parser

from certs.der import MAX_ELEMENTS, scan

FAULTS = (ValueError, TypeError, LookupError)
"""Whatever asn1crypto may raise over bytes that are not what they should be."""
MOST_MEMBERS = 64
"""How many signers, certificates, attributes or values there may be of each. Two or three are usual."""

_PRIMITIVE = 0

Structure = TypeVar("Structure", bound=core.Asn1Value)


class AlgorithmIdentifier(core.Sequence):
    """RFC 5280 §4.1.1.2."""

    _fields = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class AlgorithmIdentifiers(core.SetOf):
    """RFC 5652 §5.1, DigestAlgorithmIdentifiers."""

    _child_spec = AlgorithmIdentifier


class AttributeValues(core.SetOf):
    """RFC 5652 §5.3."""

    _child_spec = core.Any


class Attribute(core.Sequence):
    """RFC 5652 §5.3."""

    _fields = [("type", core.ObjectIdentifier), ("values", AttributeValues)]


class Attributes(core.SetOf):
    """RFC 5652 §5.3, SignedAttributes."""

    _child_spec = Attribute


class IssuerAndSerialNumber(core.Sequence):
    """RFC 5652 §10.2.4."""

    _fields = [("issuer", core.Any), ("serial_number", core.Integer)]


class TbsCertificate(core.Sequence):
    """RFC 5280 §4.1, as far as it names a signer; `cryptography` reads the rest."""

    _fields = [
        ("version", core.Sequence, {"implicit": 0, "optional": True}),
        ("serial_number", core.Integer),
        ("signature", core.Sequence),
        ("issuer", core.Sequence),
    ]


class Certificate(core.Sequence):
    """RFC 5280 §4.1, as far as it names a signer."""

    _fields = [("tbs_certificate", TbsCertificate)]


class Certificates(core.SequenceOf):
    """RFC 5652 §10.2.3, CertificateSet: a SET OF in which some readers take the first to be the signer's."""

    _child_spec = core.Any


class Unread(core.SetOf):
    """Revocation lists, and attributes that nobody vouches for: nobody asks for them."""

    _child_spec = core.Any


class SignerInfo(core.Sequence):
    """RFC 5652 §5.3."""

    _fields = [
        ("version", core.Integer),
        ("issuer_and_serial_number", IssuerAndSerialNumber, {"optional": True}),
        ("subject_key_identifier", core.OctetString, {"implicit": 0, "optional": True}),
        ("digest_algorithm", AlgorithmIdentifier),
        ("signed_attrs", Attributes, {"implicit": 0, "optional": True}),
        ("signature_algorithm", AlgorithmIdentifier),
        ("signature", core.Any),  # an OCTET STRING, perhaps in pieces
        ("unsigned_attrs", Unread, {"implicit": 1, "optional": True}),
    ]


class SignerInfos(core.SetOf):
    """RFC 5652 §5.1."""

    _child_spec = SignerInfo


class ExplicitValue(core.Sequence):
    """What stands under an explicit tag: one element, whatever it is."""

    _fields = [("value", core.Any)]


class EncapsulatedContentInfo(core.Sequence):
    """RFC 5652 §5.2."""

    _fields = [
        ("content_type", core.ObjectIdentifier),
        ("content", ExplicitValue, {"implicit": 0, "optional": True}),  # an OCTET STRING, perhaps in pieces
    ]


class SignedData(core.Sequence):
    """RFC 5652 §5.1."""

    _fields = [
        ("version", core.Integer),
        ("digest_algorithms", AlgorithmIdentifiers),
        ("encap_content_info", EncapsulatedContentInfo),
        ("certificates", Certificates, {"implicit": 0, "optional": True}),
        ("crls", Unread, {"implicit": 1, "optional": True}),
        ("signer_infos", SignerInfos),
    ]


class KeyTransRecipientInfo(core.Sequence):
    """RFC 5652 §6.2.1."""

    _fields = [
        ("version", core.Integer),
        ("issuer_and_serial_number", IssuerAndSerialNumber, {"optional": True}),
        ("subject_key_identifier", core.OctetString, {"implicit": 0, "optional": True}),
        ("key_encryption_algorithm", AlgorithmIdentifier),
        ("encrypted_key", core.Any),  # an OCTET STRING, perhaps in pieces
    ]


class RecipientInfos(core.SetOf):
    """RFC 5652 §6.1. Key transport is the one alternative without a tag of its own; the others are for others."""

    _child_spec = core.Any


class EncryptedContentInfo(core.Sequence):
    """RFC 5652 §6.1."""

    _fields = [
        ("content_type", core.ObjectIdentifier),
        ("content_encryption_algorithm", AlgorithmIdentifier),
        ("encrypted_content", core.Any),  # an OCTET STRING under the implicit tag [0], perhaps in pieces
    ]


class EnvelopedData(core.Sequence):
    """RFC 5652 §6.1."""

    _fields = [
        ("version", core.Integer),
        ("originator_info", core.Sequence, {"implicit": 0, "optional": True}),  # only key agreement needs it
        ("recipient_infos", RecipientInfos),
        ("encrypted_content_info", EncryptedContentInfo),
        ("unprotected_attrs", Unread, {"implicit": 1, "optional": True}),
    ]


class ContentInfo(core.Sequence):
    """RFC 5652 §3."""

    _fields = [("content_type", core.ObjectIdentifier), ("content", ExplicitValue, {"implicit": 0})]


class IssuerAndSubject(core.Sequence):
    """RFC 8894 §3.3.3."""

    _fields = [("issuer", core.Sequence), ("subject", core.Sequence)]


class _Pieces(core.SequenceOf):
    """An OCTET STRING in pieces (X.690 §8.7): of definite length as Go writes it, of indefinite as OpenSSL does."""

    tag = core.OctetString.tag
    _child_spec = core.OctetString


def load(
    kind: type[Structure],
    data: bytes,
    *,
    max_bytes: int = 65_536,
    max_elements: int = MAX_ELEMENTS,
    allow_indefinite: bool = False,
) -> Structure:
    """Read foreign bytes, after a look over them, down to the last field that is declared.

    Raises:
        DerError: they are nothing that a parser should see.
        ValueError: they are not of this kind.

    """
    scan(data, max_bytes=max_bytes, max_elements=max_elements, allow_indefinite=allow_indefinite)
    return read(kind, data)


def read(kind: type[Structure], raw: bytes) -> Structure:
    """Read an element from something that `load` has looked over.

    Raises:
        ValueError: it is not of this kind.

    """
    try:
        value: Structure = kind.load(raw, strict=True)
        _check(value)
    except FAULTS as error:
        raise ValueError(f"expected {kind.__name__}: {error}") from error
    return value


def _check(value: core.Asn1Value) -> None:
    """Build every declared field, for asn1crypto builds them only when asked; refuse those that are not declared."""
    if isinstance(value, core.Sequence):
        names = list(value)
        if names and len(value) != len(names):
            raise ValueError(f"expected at most {len(names)} fields, found {len(value)}")
        for name in names:
            _check(value[name])
    elif isinstance(value, core.SequenceOf):
        if len(value) > MOST_MEMBERS:
            raise ValueError(f"expected at most {MOST_MEMBERS} members, found {len(value)}")
        for member in value:
            _check(member)
    elif isinstance(value, core.ObjectIdentifier):
        dotted(value.contents)


@lru_cache(maxsize=256)
def dotted(contents: bytes) -> str:
    """Return the dotted form of an OBJECT IDENTIFIER, given its contents.

    Raises:
        ValueError: they are not what the dotted form is written as. (asn1crypto overlooks a last arc that is cut off.)

    """
    found = str(core.ObjectIdentifier(contents=contents).dotted)
    if not found or core.ObjectIdentifier(found).contents != contents:
        raise ValueError(f"expected an object identifier, found {contents.hex()}")
    return found


def octets(value: core.Any, *, implicit: int | None = None) -> bytes:
    """Return what an OCTET STRING holds, be it in one piece or in several (X.690 §8.7; pieces of pieces nobody writes).

    Args:
        value: the string, unread.
        implicit: the number of its implicit tag, if it has one; pieces are plain OCTET STRINGs in any case.

    Raises:
        ValueError: it is something else.

    """
    tagging = {} if implicit is None else {"implicit": implicit}
    try:
        whole = value.parse(core.OctetString, dict(tagging))
    except FAULTS:
        pass  # asn1crypto takes pieces for a string only where their length is indefinite
    else:
        if whole.method == _PRIMITIVE:
            return bytes(whole.contents)
    pieces = list(value.parse(_Pieces, dict(tagging)))
    if any(piece.method != _PRIMITIVE for piece in pieces):
        raise ValueError("expected an octet string in pieces, found pieces in pieces")
    return b"".join(piece.contents for piece in pieces)


def contents_of(field: core.Asn1Value) -> bytes | None:
    """Return what is inside a field; None if it is optional and absent."""
    return None if isinstance(field, core.Void) else bytes(field.contents)


def members(collection: core.SequenceOf) -> tuple[bytes, ...]:
    """Return the members of a checked collection, each as it was written."""
    found, rest = [], collection.contents
    while rest:
        size = parser.peek(rest)
        found.append(rest[:size])
        rest = rest[size:]
    return tuple(found)
