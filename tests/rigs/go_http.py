"""HTTP as Go's net/http speaks it: these headers and no others, on a connection of its own."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as Go's net/http describes it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content_length(self) -> int:
        """The length the server announced; -1 where it announced none, as for a chunked answer."""
        return int(self.headers.get("content-length", -1))


def http_request(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send exactly these headers, and those that no Go program can do without; on a connection of its own."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = (
        http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
        if parts.scheme == "http"
        else http.client.HTTPSConnection(parts.hostname, parts.port, timeout=PATIENCE_SECONDS, context=tls)
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        own = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
        if body is not None:
            own["Content-Length"] = str(len(body))
        for name, value in {**own, **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()
