"""The form in which messages usually come, declared for cryptography's DER reader and writer in Rust.

Importing this fails where `cryptography.hazmat.asn1` is missing or has changed; whoever does has another way. What the
form leaves out (revocation lists, unsigned attributes, signers named by key identifier) makes a message unusual, not
wrong. Whatever is compared byte by byte stays an unread `TLV`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

from certs.cms_content import DATA, SIGNED_DATA
from certs.signed_data_structure import ToBeSigned


@asn1.sequence
class EncapsulatedContentInfo:
    """RFC 5652 §5.2."""

    content_type: x509.ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class Attribute:
    """RFC 5652 §5.3."""

    type: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class SignerInfo:
    """RFC 5652 §5.3."""

    version: int
    identifier: asn1.TLV
    digest_algorithm: asn1.TLV
    signed_attributes: Annotated[asn1.SetOf[Attribute], asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes


@asn1.sequence
class SignedData:
    """RFC 5652 §5.1. The certificates are a SET OF in no order: most writers put the signer's own first."""

    version: int
    digest_algorithms: asn1.SetOf[asn1.TLV]
    content_info: EncapsulatedContentInfo
    certificates: Annotated[list[asn1.TLV], asn1.Implicit(0)]
    signer_infos: asn1.SetOf[SignerInfo]


@asn1.sequence
class ContentInfo:
    """RFC 5652 §3."""

    content_type: x509.ObjectIdentifier
    content: Annotated[SignedData, asn1.Explicit(0)]


_SIGNED_DATA = x509.ObjectIdentifier(SIGNED_DATA)
_DATA = x509.ObjectIdentifier(DATA)


def decode(message: bytes) -> ContentInfo:
    """Take a message apart.

    Raises:
        ValueError: it is not DER, or not of this form.

    """
    return asn1.decode_der(ContentInfo, message)


def raw(element: asn1.TLV | asn1.SetOf[Attribute]) -> bytes:
    """Return an element as it was written: in DER there is no other way to write it."""
    return asn1.encode_der(element)


def write_signed_data(parts: ToBeSigned, sign: Callable[[bytes], bytes]) -> bytes:
    """Write what `certs.signed_data_structure.write_signed_data` would."""
    attributes = asn1.SetOf(
        [
            Attribute(type=x509.ObjectIdentifier(identifier), values=asn1.SetOf([_unread(value)]))
            for identifier, value in parts.attributes.items()
        ]
    )
    digest_algorithm = _unread(parts.digest_algorithm)
    signer_info = SignerInfo(
        version=1,
        identifier=_unread(parts.issuer_and_serial_number),
        digest_algorithm=digest_algorithm,
        signed_attributes=attributes,
        signature_algorithm=_unread(parts.signature_algorithm),
        signature=sign(raw(attributes)),
    )
    signed_data = SignedData(
        version=1,
        digest_algorithms=asn1.SetOf([digest_algorithm]),
        content_info=EncapsulatedContentInfo(content_type=_DATA, content=parts.content),
        certificates=[_unread(certificate) for certificate in parts.certificates],
        signer_infos=asn1.SetOf([signer_info]),
    )
    return asn1.encode_der(ContentInfo(content_type=_SIGNED_DATA, content=signed_data))


def _unread(written: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, written)
