"""The port where providers push: HTTP/2 over TLS, with client certificates, in front of Apple's push service.

port = PushPort(apple.push, limits)
await port.open()
port.listen(bound, push_tls(identity_file, authorities_pem))
...
await port.close()
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cryptography import x509

from certs.errors import UNREADABLE_X509, CertsError
from certs.identity import load_certificate
from mdm_server.clouds.apple.push.service import PushService
from mdm_server.web.admission import Admission
from mdm_server.web.http2 import Http2Limits, PushConnection
from mdm_server.web.limits import Limits
from mdm_server.web.listener import Listener, tls_context
from mdm_server.wire.apns import PushReply, PushRequest, Reason

HOST_NAMES = ("api.push.apple.com", "api.development.push.apple.com", "api.sandbox.push.apple.com")
"""What an MDM with a fixed address believes to talk to: names for the certificate of this port."""
LONGEST_NAP = 1.0
"""While a push waits: for the service may go by a clock that somebody puts forward."""
LAST_WORDS_SECONDS = 0.5


def push_tls(identity_file: Path, authorities_pem: str) -> ssl.SSLContext:
    """Make the TLS context of the port: a server's identity, and whose push certificates are welcome."""
    return tls_context(identity_file, authorities_pem, ("h2",))


class PushPort:
    """Serves one push service on any number of listening sockets."""

    def __init__(self, push: PushService, limits: Limits, http2: Http2Limits | None = None) -> None:
        self._push = push
        self._limits = limits
        self._http2 = http2 or Http2Limits()
        self._listeners: list[Listener] = []
        self._connections: set[PushConnection] = set()
        self._delivering: asyncio.Task[None] | None = None
        self.admission = Admission(limits)

    async def open(self) -> None:
        """Deliver delayed pushes from now on; nobody can connect yet."""
        self._delivering = asyncio.create_task(deliver_delayed(self._push), name="delayed pushes")

    def listen(self, bound: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Begin to accept connections on a bound socket; without TLS they are HTTP/2 with prior knowledge."""
        listener = Listener(bound, self._receive, self.admission, self._limits, tls)
        listener.open()
        self._listeners.append(listener)

    async def close(self) -> None:
        """Stop accepting, say Shutdown to whoever is connected, and hang up. Harmless when repeated."""
        for listener in self._listeners:
            await listener.close()
        for connection in list(self._connections):
            connection.go_away(Reason.SHUTDOWN)
        if self._connections:
            await asyncio.wait([connection.lost for connection in self._connections], timeout=LAST_WORDS_SECONDS)
        for connection in list(self._connections):
            connection.abort()
        if self._delivering is not None:
            self._delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._delivering
            self._delivering = None

    def _receive(self, peer: str, leave: Callable[[], None]) -> PushConnection:
        def gone() -> None:
            self._connections.discard(connection)
            leave()

        connection = PushConnection(self._meet, gone, self._http2)
        self._connections.add(connection)
        return connection

    def _meet(self, certificate: bytes | None) -> Callable[[PushRequest], PushReply]:
        provider = self._push.connect(_certificate(certificate))
        return lambda request: self._push.push(provider, request)


async def deliver_delayed(push: PushService) -> None:
    """Deliver delayed pushes when they are due, for ever."""
    changed = asyncio.Event()
    push.deliveries.when_delayed = changed.set
    while True:
        due = push.next_delivery
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_seconds_until(due, push.now())):
                await changed.wait()
        changed.clear()
        push.deliver_due()


def _seconds_until(due: datetime | None, now: datetime) -> float | None:
    """Return how long to sleep; None: until something changes."""
    return None if due is None else min(max((due - now).total_seconds(), 0.0), LONGEST_NAP)


def _certificate(der: bytes | None) -> x509.Certificate | None:
    """Read a certificate that OpenSSL has accepted already; one that nobody else can read is none."""
    if der is None:
        return None
    try:
        return load_certificate(der)
    except (CertsError, *UNREADABLE_X509):
        return None
