"""What a use case is told about a request: plain facts, gathered by the web room, without a web framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from mdm_server.store.records import Occasion

DEVICE_INFO_HEADER = "x-apple-aspen-deviceinfo"
# Names under which reverse proxies hand on a client certificate (RFC 9440 §2.2 and common usage). We list no trusted
# peer, so a device that sends one of them is forging it.
PROXY_CERTIFICATE_HEADERS = frozenset(
    {
        "client-cert",
        "client-cert-chain",
        "ssl-client-cert",
        "x-client-cert",
        "x-client-certificate",
        "x-forwarded-client-cert",
        "x-ssl-cert",
        "x-ssl-client-cert",
        "x-ssl-client-s-dn",
    }
)


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """One request, without its body.

    `peer` is the address at the other end of the socket, never a forwarded header. `base_url` is the address of the
    listener that took the request (`https://host:port`, no trailing slash), never the request's own Host header.
    `proxy_certificate_headers` are the names, in lower case, of the headers of PROXY_CERTIFICATE_HEADERS it carried.
    """

    request_id: str
    peer: str
    method: str = "PUT"
    base_url: str = ""
    mdm_signature: str | None = None
    authorization: str | None = field(default=None, repr=False)
    tls_certificate: bytes | None = None
    content_type: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    device_info: str | None = None
    proxy_certificate_headers: frozenset[str] = frozenset()

    def occasion(self, at: datetime) -> Occasion:
        """Return what the store wants to know of the request, for the journal lines of its own changes."""
        return Occasion(at, self.request_id, self.peer)


class HeaderFacts(TypedDict):
    """The facts that a request's headers tell."""

    mdm_signature: str | None
    authorization: str | None
    content_type: str
    device_info: str | None
    proxy_certificate_headers: frozenset[str]


def told_by(headers: Mapping[str, str]) -> HeaderFacts:
    """Read the facts in headers, which are looked up by their names in lower case."""
    return HeaderFacts(
        mdm_signature=headers.get("mdm-signature"),
        authorization=headers.get("authorization"),
        content_type=headers.get("content-type", ""),
        device_info=headers.get(DEVICE_INFO_HEADER),
        proxy_certificate_headers=PROXY_CERTIFICATE_HEADERS.intersection(map(str.lower, headers)),
    )


INTERNAL = RequestFacts(request_id="", peer="")
"""The facts of what the server does of its own accord."""
