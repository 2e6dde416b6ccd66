"""SCEP's signed attributes (RFC 8894 §3.2.1), written and read.

Reading is where a SCEP server is attacked first: an attribute that is missing, there twice, of another type or absurdly
long reads as None, and None is on nobody's list of what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping

from asn1crypto import core, parser

from certs.scep.vocabulary import (
    FAIL_INFO,
    FAIL_INFO_TEXT,
    MESSAGE_TYPE,
    PKI_STATUS,
    RECIPIENT_NONCE,
    SENDER_NONCE,
    TRANSACTION_ID,
    FailInfo,
    MessageType,
    PkiStatus,
)

_LONGEST_TEXT = 256
_LONGEST_NONCE = 64
_LONGEST_NUMBER = 4
_TEXTS = (core.PrintableString, core.UTF8String, core.IA5String)
"""PrintableString is what the RFC says; the others are what ASN.1 libraries choose by looking at the characters."""


def write(
    message_type: MessageType,
    transaction_id: str,
    sender_nonce: bytes,
    *,
    recipient_nonce: bytes | None = None,
    pki_status: PkiStatus | None = None,
    fail_info: FailInfo | None = None,
    fail_info_text: str | None = None,
) -> dict[str, bytes]:
    """Write the attributes of a message, dotted object identifier to value in DER."""
    attributes = {
        MESSAGE_TYPE: _printable(str(message_type.value)),
        TRANSACTION_ID: _printable(transaction_id),
        SENDER_NONCE: core.OctetString(sender_nonce).dump(),
    }
    if recipient_nonce is not None:
        attributes[RECIPIENT_NONCE] = core.OctetString(recipient_nonce).dump()
    if pki_status is not None:
        attributes[PKI_STATUS] = _printable(str(pki_status.value))
    if fail_info is not None:
        attributes[FAIL_INFO] = _printable(str(fail_info.value))
    if fail_info_text:
        shortened = fail_info_text.encode()[:_LONGEST_TEXT].decode(errors="ignore")
        attributes[FAIL_INFO_TEXT] = core.UTF8String(shortened).dump()
    return attributes


def read_text(attributes: Mapping[str, tuple[bytes, ...]], identifier: str) -> str | None:
    """Return the text of an attribute that is there exactly once, and not too long; None otherwise."""
    value = _only(attributes, identifier, *_TEXTS)
    if value is None or not 0 < len(value) <= _LONGEST_TEXT:
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def read_number(attributes: Mapping[str, tuple[bytes, ...]], identifier: str) -> int | None:
    """Return the number that the text of an attribute is; None if it is none."""
    text = read_text(attributes, identifier)
    # Not int() alone: that would take "+19", "1_9" and other scripts' digits for nineteen.
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def read_nonce(attributes: Mapping[str, tuple[bytes, ...]], identifier: str) -> bytes | None:
    """Return the octets of an attribute that is there exactly once, and neither empty nor too long; None otherwise."""
    value = _only(attributes, identifier, core.OctetString)
    return value if value and len(value) <= _LONGEST_NONCE else None


def _only(attributes: Mapping[str, tuple[bytes, ...]], identifier: str, *types: type[core.Primitive]) -> bytes | None:
    values = attributes.get(identifier, ())
    if len(values) != 1:
        return None
    class_, method, tag, _, contents, _ = parser.parse(values[0], strict=True)
    # Universal and primitive, both of which are zero.
    return bytes(contents) if (class_, method) == (0, 0) and tag in {one.tag for one in types} else None


def _printable(text: str) -> bytes:
    """Write a string as the RFC wants it; a transaction identifier that a client made otherwise is echoed in UTF-8."""
    allowed = text.isascii() and all(character.isalnum() or character in " '()+,-./:=?" for character in text)
    return bytes((core.PrintableString if allowed else core.UTF8String)(text).dump())
