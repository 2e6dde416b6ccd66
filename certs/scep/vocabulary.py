"""SCEP's numbers and names (RFC 8894 §3.2.1), each under the name that the RFC gives it."""

from __future__ import annotations

from enum import IntEnum

from certs.errors import FailInfo

__all__ = ["REQUESTS", "FailInfo", "MessageType", "PkiStatus"]


class MessageType(IntEnum):
    """What a message is (RFC 8894 §3.2.1.2)."""

    CERT_REP = 3
    RENEWAL_REQ = 17
    PKCS_REQ = 19
    GET_CERT_INITIAL = 20


REQUESTS = frozenset({MessageType.RENEWAL_REQ, MessageType.PKCS_REQ, MessageType.GET_CERT_INITIAL})
"""All that a server may act on. Everything else is refused by not being here (step-ca's CVE-2026-30836 was a type that
parsed and that nobody had thought of)."""


class PkiStatus(IntEnum):
    """How a request went (RFC 8894 §3.2.1.3)."""

    SUCCESS = 0
    FAILURE = 2
    PENDING = 3


MESSAGE_TYPE = "2.16.840.1.113733.1.9.2"
PKI_STATUS = "2.16.840.1.113733.1.9.3"
FAIL_INFO = "2.16.840.1.113733.1.9.4"
SENDER_NONCE = "2.16.840.1.113733.1.9.5"
RECIPIENT_NONCE = "2.16.840.1.113733.1.9.6"
TRANSACTION_ID = "2.16.840.1.113733.1.9.7"
FAIL_INFO_TEXT = "1.3.6.1.5.5.7.24.1"
