"""The structure of a SignedData (RFC 5652 §5.1): read from BER or DER, everything kept as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from certs.cms_content import SIGNED_DATA, Algorithm, read_algorithm, unwrap
from certs.elements import (
    CONSTRUCTED_OCTET_STRING,
    CONTEXT_0,
    CONTEXT_1,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    Fields,
    dotted,
    octets,
)
from certs.errors import CmsError

SUBJECT_KEY_IDENTIFIER = 0x80
"""The implicit [0] by which a signer may be named (RFC 5652 §5.3)."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A SignerInfo (RFC 5652 §5.3) as it was written."""

    identifier: Element
    digest: Algorithm
    signed_attributes: Element | None
    attributes: Mapping[str, tuple[bytes, ...]]
    algorithm: Algorithm
    signature: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A SignedData (RFC 5652 §5.1) as it was written."""

    content_type: str
    embedded: bytes | None
    announced: frozenset[str]
    certificates: tuple[bytes, ...]
    signers: tuple[Signer, ...]


def read_signed_data(message: bytes, max_bytes: int) -> Signed:
    """Take a message apart, without asking whether any of it is true.

    Raises:
        CmsError: `asn1` or `not_signed_data`.

    """
    signed_data = unwrap(message, SIGNED_DATA, max_bytes=max_bytes, reason="not_signed_data")
    try:
        return _read(signed_data)
    except ValueError as error:
        raise CmsError("asn1", f"expected a CMS SignedData: {error}") from error


def _read(signed_data: Element) -> Signed:
    fields = Fields(signed_data)
    fields.take(INTEGER)
    announced = fields.take(SET)
    content_info = Fields(fields.take(SEQUENCE))
    certificates = fields.optional(CONTEXT_0)
    fields.optional(CONTEXT_1)  # revocation lists: nobody asks for them
    signers = fields.take(SET)
    fields.finish()
    content_type = dotted(content_info.take(OBJECT_IDENTIFIER).contents)
    embedded = content_info.optional(CONTEXT_0)
    content_info.finish()
    return Signed(
        content_type=content_type,
        embedded=octets(embedded.only_child(OCTET_STRING, CONSTRUCTED_OCTET_STRING)) if embedded else None,
        announced=frozenset(read_algorithm(algorithm).identifier for algorithm in announced.children()),
        certificates=tuple(certificate.raw for certificate in certificates.children()) if certificates else (),
        signers=tuple(_read_signer(signer) for signer in signers.children()),
    )


def _read_signer(signer: Element) -> Signer:
    fields = Fields(signer)
    fields.take(INTEGER)
    identifier = fields.take(SEQUENCE, SUBJECT_KEY_IDENTIFIER)
    digest = read_algorithm(fields.take(SEQUENCE))
    signed_attributes = fields.optional(CONTEXT_0)
    algorithm = read_algorithm(fields.take(SEQUENCE))
    signature = octets(fields.take(OCTET_STRING, CONSTRUCTED_OCTET_STRING))
    fields.optional(CONTEXT_1)  # unsigned attributes: nobody vouches for them
    fields.finish()
    attributes = _read_attributes(signed_attributes.children() if signed_attributes else [])
    return Signer(identifier, digest, signed_attributes, attributes, algorithm, signature)


def _read_attributes(elements: list[Element]) -> dict[str, tuple[bytes, ...]]:
    attributes: dict[str, tuple[bytes, ...]] = {}
    for attribute in elements:
        fields = Fields(attribute)
        identifier = dotted(fields.take(OBJECT_IDENTIFIER).contents)
        values = tuple(value.raw for value in fields.take(SET).children())
        fields.finish()
        attributes[identifier] = attributes.get(identifier, ()) + values
    return attributes
