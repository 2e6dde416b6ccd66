"""SCEP messages (RFC 8894): what is inside them, not how they travel.

Server: `parse_request`, `open_request`, then `certificate_reply`, `failure_reply` or `pending_reply`.
Client: `parse_capabilities`, `parse_ca_certificates`, `choose_recipient`; `self_signed`; then `pkcs_request`,
`renewal_request` or `poll_request`; then `read_reply`.
"""

from __future__ import annotations

from certs.scep.client import (
    Reply,
    pkcs_request,
    poll_request,
    read_reply,
    renewal_request,
    self_signed,
    transaction_id_of,
)
from certs.scep.discovery import (
    Capabilities,
    choose_recipient,
    parse_ca_certificates,
    parse_capabilities,
    write_ca_certificates,
    write_capabilities,
)
from certs.scep.server import (
    PkiMessage,
    certificate_reply,
    failure_reply,
    open_request,
    parse_request,
    pending_reply,
)
from certs.scep.vocabulary import REQUESTS, FailInfo, MessageType, PkiStatus

__all__ = [
    "REQUESTS",
    "Capabilities",
    "FailInfo",
    "MessageType",
    "PkiMessage",
    "PkiStatus",
    "Reply",
    "certificate_reply",
    "choose_recipient",
    "failure_reply",
    "open_request",
    "parse_ca_certificates",
    "parse_capabilities",
    "parse_request",
    "pending_reply",
    "pkcs_request",
    "poll_request",
    "read_reply",
    "renewal_request",
    "self_signed",
    "transaction_id_of",
    "write_ca_certificates",
    "write_capabilities",
]
