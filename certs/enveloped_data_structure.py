"""An EnvelopedData (RFC 5652 §6.1) as plain facts, read from BER or DER, everything kept as it was written."""

from __future__ import annotations

from dataclasses import dataclass

from certs.cms_content import DATA, ENVELOPED_DATA, Algorithm, Named, read_algorithm, read_named, unwrap
from certs.errors import CmsError
from certs.structures import FAULTS, EnvelopedData, KeyTransRecipientInfo, dotted, members, octets, read

_SEQUENCE = 0x30


@dataclass(frozen=True, slots=True)
class Recipient:
    """A KeyTransRecipientInfo (RFC 5652 §6.2.1) as it was written."""

    named: Named
    algorithm: Algorithm
    encrypted_key: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An EnvelopedData (RFC 5652 §6.1) as it was written; recipients by other means than key transport are left out."""

    recipients: tuple[Recipient, ...]
    cipher: Algorithm
    encrypted_content: bytes


def read_envelope(message: bytes, max_bytes: int) -> Envelope:
    """Take a message apart, without a key.

    Raises:
        CmsError: `asn1` or `not_enveloped_data`.

    """
    envelope = unwrap(message, ENVELOPED_DATA, EnvelopedData, max_bytes=max_bytes, reason="not_enveloped_data")
    try:
        content_info = envelope["encrypted_content_info"]
        content_type = dotted(content_info["content_type"].contents)
        if content_type != DATA:
            raise ValueError(f"expected plain data to be encrypted, found {content_type}")
        recipients = members(envelope["recipient_infos"])
        return Envelope(
            recipients=tuple(_read_recipient(recipient) for recipient in recipients if recipient[0] == _SEQUENCE),
            cipher=read_algorithm(content_info["content_encryption_algorithm"]),
            encrypted_content=octets(content_info["encrypted_content"], implicit=0),
        )
    except FAULTS as error:
        raise CmsError("asn1", f"expected a CMS EnvelopedData: {error}") from error


def _read_recipient(raw: bytes) -> Recipient:
    info = read(KeyTransRecipientInfo, raw)
    return Recipient(
        named=read_named(info),
        algorithm=read_algorithm(info["key_encryption_algorithm"]),
        encrypted_key=octets(info["encrypted_key"]),
    )
