"""Requests over real sockets: plain HTTP or TLS, a connection of its own for every device."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from certs.identity import Identity
from device_emulator.core.messages import Request, RequestFailed, ResponseArrived
from device_emulator.transport.contract import Outcome
from device_emulator.transport.tls import anonymous_context, fleet_context, presented_identity, spare_tls_memory

MAX_ANSWER_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class _Line:
    """The connection of one device, and the identity it was opened with."""

    session: aiohttp.ClientSession
    identity: str | None


class RememberingResolver(AbstractResolver):
    """Asks for a name once: thousands of devices go to the same server."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, int, socket.AddressFamily], list[ResolveResult]] = {}
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host."""
        key = (host, port, family)
        if key not in self._answers:
            self._answers[key] = await self._resolver.resolve(host, port, family)
        return self._answers[key]

    async def close(self) -> None:
        """Forget what was asked."""
        self._answers.clear()


class NetworkTransport:
    """Carries the requests of a fleet over the network.

    Every device has its own connection, kept from its first request to `hang_up`, as a device keeps one for a session.
    A device whose request carries an identity presents it in the TLS handshake. The server's certificate is verified
    against `ca_file`, or against what the system trusts.

    Run it on asyncio's own loop: uvloop closes the sockets of others (docs/decisions/0010-no-uvloop-for-the-fleet.md).

    The identities are written to a private temporary folder, because OpenSSL reads client certificates from files only.
    """

    def __init__(self, *, ca_file: Path | None = None, timeout: float = 30.0) -> None:
        spare_tls_memory()
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._lines: dict[int, _Line] = {}
        self._resolver: RememberingResolver | None = None
        self._folder: Path | None = None
        self._anonymous = anonymous_context(ca_file)
        self._identified = fleet_context(ca_file)

    async def send(self, device: int, request: Request) -> Outcome:
        """Carry one request; every way in which that can fail is a `RequestFailed` with a stable reason."""
        line = await self._line(device, request.identity)
        try:
            async with line.session.request(
                request.method,
                request.url,
                data=request.body or None,
                headers=dict(request.headers),
                allow_redirects=request.method == "GET",
            ) as answer:
                body = await _read(answer)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return ResponseArrived(request.number, answer.status, headers, body)
        except (aiohttp.ClientError, ssl.SSLError, TimeoutError, OSError, ValueError) as error:
            await self.hang_up(device)
            reason, retryable = reason_of(error)
            return RequestFailed(request.number, reason, retryable)

    async def hang_up(self, device: int) -> None:
        """Close the device's connection."""
        line = self._lines.pop(device, None)
        if line is not None:
            await line.session.close()

    async def close(self) -> None:
        """Close every connection and delete the identities' files."""
        await asyncio.gather(*(self.hang_up(device) for device in list(self._lines)))
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    async def _line(self, device: int, identity: Identity | None) -> _Line:
        """Return the device's connection, a new one where its identity has changed."""
        fingerprint = None if identity is None else identity.fingerprint
        line = self._lines.get(device)
        if line is None or line.identity != fingerprint:
            await self.hang_up(device)
            line = self._lines[device] = _Line(self._session(identified=identity is not None), fingerprint)
        if identity is not None:
            # For each request anew: the connection that was kept may be gone, and then this task opens another.
            presented_identity.set(self._write(identity))
        return line

    def _session(self, *, identified: bool) -> aiohttp.ClientSession:
        self._resolver = self._resolver or RememberingResolver()
        context = self._identified if identified else self._anonymous
        connector = aiohttp.TCPConnector(limit=1, ssl=context, resolver=self._resolver, use_dns_cache=False)
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
        )

    def _path(self, fingerprint: str) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="mdmsim-identities-"))
        return self._folder / f"{fingerprint}.pem"

    def _write(self, identity: Identity) -> Path:
        path = self._path(identity.fingerprint)
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(identity.pem())
        return path


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


# The first class that fits decides, so the special ones stand before those they derive from.
_REASONS: Mapping[type[BaseException], tuple[str, bool]] = {
    aiohttp.ClientConnectorCertificateError: ("tls.untrusted", False),
    aiohttp.ClientConnectorSSLError: ("tls.failed", False),
    aiohttp.ClientConnectorDNSError: ("connect.unknown_host", True),
    aiohttp.ClientConnectorError: ("connect.refused", True),
    aiohttp.InvalidURL: ("url.invalid", False),
    aiohttp.ServerTimeoutError: ("timeout", True),
    TimeoutError: ("timeout", True),
    aiohttp.ClientPayloadError: ("answer.truncated", True),
    aiohttp.ServerDisconnectedError: ("disconnected", True),
    aiohttp.ClientResponseError: ("answer.not_http", True),
    ssl.SSLError: ("tls.failed", True),
    OSError: ("disconnected", True),
}


def reason_of(error: BaseException) -> tuple[str, bool]:
    """Return the stable reason for a failure, and whether trying again may help."""
    for kind, verdict in _REASONS.items():
        if isinstance(error, kind):
            return verdict
    return "failed", False
