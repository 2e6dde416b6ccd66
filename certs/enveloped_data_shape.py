"""The form in which envelopes usually come, declared for cryptography's DER reader in Rust.

As `certs.signed_data_shape`: importing this fails where `cryptography.hazmat.asn1` is missing or has changed, and what
does not have this form is left to `certs.enveloped_data_structure`, whose verdict stands.
"""

from __future__ import annotations

from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

from certs.cms_content import DATA, ENVELOPED_DATA, NULL, Algorithm, Named
from certs.der import scan
from certs.enveloped_data_structure import Envelope, Recipient

_MOST_RECIPIENTS = 8
_NESTING_IN_A_MESSAGE = 5
_MOST_ELEMENTS = 256


@asn1.sequence
class IssuerAndSerialNumber:
    """RFC 5652 §10.2.4."""

    issuer: asn1.TLV
    serial_number: int


@asn1.sequence
class KeyTransport:
    """An AlgorithmIdentifier (RFC 5280 §4.1.1.2) whose parameters say nothing."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class BlockCipher:
    """An AlgorithmIdentifier whose parameters are the initialization vector (RFC 3565 §4.1)."""

    algorithm: x509.ObjectIdentifier
    initialization_vector: bytes


@asn1.sequence
class KeyTransRecipientInfo:
    """RFC 5652 §6.2.1."""

    version: int
    identifier: IssuerAndSerialNumber
    key_encryption_algorithm: KeyTransport
    encrypted_key: bytes


@asn1.sequence
class EncryptedContentInfo:
    """RFC 5652 §6.1."""

    content_type: x509.ObjectIdentifier
    cipher: BlockCipher
    encrypted_content: Annotated[bytes, asn1.Implicit(0)]


@asn1.sequence
class EnvelopedData:
    """RFC 5652 §6.1."""

    version: int
    recipient_infos: asn1.SetOf[KeyTransRecipientInfo]
    encrypted_content_info: EncryptedContentInfo


@asn1.sequence
class ContentInfo:
    """RFC 5652 §3."""

    content_type: x509.ObjectIdentifier
    content: Annotated[EnvelopedData, asn1.Explicit(0)]


def recognise(message: bytes) -> Envelope | None:
    """Return what `read_envelope` would, or None for a message that is not of this form."""
    try:
        decoded = asn1.decode_der(ContentInfo, message)
        infos, content_info = decoded.content.recipient_infos.as_list(), decoded.content.encrypted_content_info
        if (
            decoded.content_type.dotted_string != ENVELOPED_DATA
            or content_info.content_type.dotted_string != DATA
            or len(infos) > _MOST_RECIPIENTS
        ):
            return None
        return Envelope(
            recipients=tuple(_recipient(info) for info in infos),
            cipher=Algorithm(
                content_info.cipher.algorithm.dotted_string, asn1.encode_der(content_info.cipher.initialization_vector)
            ),
            encrypted_content=content_info.encrypted_content,
        )
    except ValueError:
        return None


def _recipient(info: KeyTransRecipientInfo) -> Recipient:
    """Return a recipient; raises a ValueError if its name is nothing that the careful reader would look at."""
    identifier = asn1.encode_der(info.identifier)
    scan(identifier, max_depth=32 - _NESTING_IN_A_MESSAGE, max_elements=_MOST_ELEMENTS)
    algorithm = info.key_encryption_algorithm
    parameters = b"" if algorithm.parameters is None else NULL
    return Recipient(Named(identifier), Algorithm(algorithm.algorithm.dotted_string, parameters), info.encrypted_key)
