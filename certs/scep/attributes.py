"""SCEP's signed attributes (RFC 8894 §3.2.1), written and read.

Reading is where a SCEP server is attacked first: an attribute that is missing, there twice, of another type or absurdly
long reads as None, and None is on nobody's list of what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping

from certs.elements import IA5_STRING, OCTET_STRING, PRINTABLE_STRING, UTF8_STRING, element, read
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
_TEXT_TAGS = frozenset({PRINTABLE_STRING, UTF8_STRING, IA5_STRING})
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
        SENDER_NONCE: element(OCTET_STRING, sender_nonce),
    }
    if recipient_nonce is not None:
        attributes[RECIPIENT_NONCE] = element(OCTET_STRING, recipient_nonce)
    if pki_status is not None:
        attributes[PKI_STATUS] = _printable(str(pki_status.value))
    if fail_info is not None:
        attributes[FAIL_INFO] = _printable(str(fail_info.value))
    if fail_info_text:
        attributes[FAIL_INFO_TEXT] = element(UTF8_STRING, fail_info_text.encode()[:_LONGEST_TEXT])
    return attributes


def read_text(attributes: Mapping[str, tuple[bytes, ...]], identifier: str) -> str | None:
    """Return the text of an attribute that is there exactly once, and not too long; None otherwise."""
    value = _only(attributes, identifier, _TEXT_TAGS)
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
    value = _only(attributes, identifier, frozenset({OCTET_STRING}))
    return value if value and len(value) <= _LONGEST_NONCE else None


def _only(attributes: Mapping[str, tuple[bytes, ...]], identifier: str, tags: frozenset[int]) -> bytes | None:
    values = attributes.get(identifier, ())
    if len(values) != 1:
        return None
    value = read(values[0])
    return value.contents if value.tag in tags else None


def _printable(text: str) -> bytes:
    """Write a string as the RFC wants it; a transaction identifier that a client made otherwise is echoed in UTF-8."""
    allowed = text.isascii() and all(character.isalnum() or character in " '()+,-./:=?" for character in text)
    return element(PRINTABLE_STRING if allowed else UTF8_STRING, text.encode())
