"""The form in which devices sign, declared for cryptography's DER parser in Rust.

Importing this fails where `cryptography.hazmat.asn1` is missing or has changed; only `certs.signed_data_fast` does.
Whatever is compared byte by byte stays an unread `TLV`. What the form leaves out (revocation lists, unsigned
attributes, signers named by key identifier) makes a message unusual, not wrong.
"""

from __future__ import annotations

from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1


@asn1.sequence
class EncapsulatedContentInfo:
    """RFC 5652 §5.2."""

    content_type: x509.ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignerInfo:
    """RFC 5652 §5.3."""

    version: int
    identifier: asn1.TLV
    digest_algorithm: asn1.TLV
    signed_attributes: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes


@asn1.sequence
class SignedData:
    """RFC 5652 §5.1."""

    version: int
    digest_algorithms: asn1.SetOf[asn1.TLV]
    content_info: EncapsulatedContentInfo
    certificates: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]
    signer_infos: asn1.SetOf[SignerInfo]


@asn1.sequence
class ContentInfo:
    """RFC 5652 §3."""

    content_type: x509.ObjectIdentifier
    content: Annotated[SignedData, asn1.Explicit(0)]


def decode(message: bytes) -> ContentInfo:
    """Take a message apart.

    Raises:
        ValueError: it is not DER, or not of this form.

    """
    return asn1.decode_der(ContentInfo, message)
