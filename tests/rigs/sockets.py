"""A real server on real sockets, and the ways in which tests talk to it: bytes, requests, and whole devices."""

from __future__ import annotations

import asyncio
import gc
import random
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.identity import Identity
from mdm_server.embed import Server, ServerSettings
from mdm_server.service.answer import Answer
from mdm_server.service.request_facts import DEVICE_INFO_HEADER, RequestFacts
from mdm_server.service.suite import ServiceSuite
from mdm_server.web.limits import Limits
from rigs.pace import pace
from rigs.service import HandClock, ServiceDevice, ServiceRig

# Long enough for a busy machine, short enough for a test: whatever takes longer hangs.
PATIENCE_SECONDS = 20.0
PATIENT = Limits(linger_seconds=0.3)
"""The limits of a server in a test: those of a server in earnest, which a busy machine keeps too."""
HASTY = replace(PATIENT, handshake_seconds=0.8, header_seconds=0.8, body_seconds=0.8)
"""The limits of a server that is to lose its patience: only for tests in which somebody dawdles."""


@dataclass
class SocketRig:
    """A server on sockets."""

    server: Server
    session: aiohttp.ClientSession
    tls: ssl.SSLContext
    directory: Path

    @property
    def plain(self) -> str:
        """The base URL of the plain listener."""
        assert self.server.http_url is not None
        return self.server.http_url

    async def call(
        self, method: str, path: str, *, token: str | None = "own", json: Any = None, **request: Any
    ) -> tuple[int, Any, Any]:
        """Call the REST API; returns status, document and headers. `token="own"` is the administrator's."""
        headers = request.pop("headers", {})
        if token is not None:
            headers = {"Authorization": f"Bearer {self.server.admin_token if token == 'own' else token}", **headers}
        url = self.server.url + "/api/v1" + path
        async with self.session.request(method, url, ssl=self.tls, headers=headers, json=json, **request) as response:
            is_json = "json" in response.headers.get("Content-Type", "")
            return response.status, await (response.json() if is_json else response.read()), response.headers

    def devices(self, keys: list[rsa.RSAPrivateKey]) -> ServiceRig:
        """Return what makes devices that reach this server over its TLS sockets."""
        suite = SimpleNamespace(
            settings=self.server.suite.settings,
            enroll=SimpleNamespace(answer=self._at("/enroll")),
            scep=SimpleNamespace(answer=self._at("/scep")),
            device_channel=SimpleNamespace(answer=self._at("/mdm")),
            invitations=self.server.suite.invitations,
            commanding=self.server.suite.commanding,
            administration=self.server.suite.administration,
        )
        return ServiceRig(
            store=self.server.store,
            path=self.directory,
            authority=_authority_of(self.server),
            suite=cast("ServiceSuite", suite),
            clock=HandClock(datetime.now(UTC)),
            random=random.Random(7),
            scep_keys=keys,
        )

    def _at(self, path: str) -> Callable[[RequestFacts, bytes], Any]:
        async def answer(facts: RequestFacts, body: bytes) -> Answer:
            headers = {"Mdm-Signature": facts.mdm_signature, DEVICE_INFO_HEADER: facts.device_info}
            sent = {name: value for name, value in headers.items() if value is not None}
            context = self.tls
            if facts.tls_certificate is not None:
                context = self.client_context(self.identities[facts.tls_certificate])
            async with self.session.request(
                facts.method, self.server.url + path, params=facts.query, data=body, headers=sent, ssl=context
            ) as response:
                return Answer(await response.read(), response.headers.get("Content-Type"), response.status)

        return answer

    @property
    def identities(self) -> dict[bytes, Identity]:
        """Identities by certificate, for devices that connect with theirs."""
        return self.__dict__.setdefault("_identities", {})

    def client_context(self, identity: Identity) -> ssl.SSLContext:
        """Return a TLS context that presents an identity."""
        file = self.directory / f"{identity.fingerprint[:16]}.pem"
        file.write_bytes(identity.pem())
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        context.load_cert_chain(file)
        return context


@asynccontextmanager
async def socket_rig(
    directory: Path, *, limits: Limits = PATIENT, clock: HandClock | None = None, **settings: Any
) -> AsyncIterator[SocketRig]:
    """Run a server with a TLS and a plain listener; by a clock of the test's, if there is one."""
    wanted = ServerSettings(**{"http": "127.0.0.1:0", **settings})
    async with Server.start(wanted, limits=limits, clock=clock) as server, aiohttp.ClientSession() as session:
        yield SocketRig(server, session, ssl.create_default_context(cafile=str(server.ca_file)), directory)


async def connect(url: str, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a TCP connection to the address in a URL."""
    split = urlsplit(url)
    return await asyncio.open_connection(split.hostname, split.port, **options)


async def say(url: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send bytes on a fresh connection, piece by piece, and return everything up to the server's close."""
    reader, writer = await connect(url)
    received = bytearray()
    listening = asyncio.create_task(_read_all(reader, received))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                if pause:
                    await asyncio.wait([listening], timeout=pause)
            await listening
    except ConnectionError:
        await asyncio.wait([listening], timeout=PATIENCE_SECONDS)
    finally:
        listening.cancel()
        writer.close()
    return bytes(received)


async def _read_all(reader: asyncio.StreamReader, into: bytearray) -> None:
    try:
        while data := await reader.read(65536):
            into += data
    except ConnectionError:
        return


def status_of(answer: bytes) -> int | None:
    """Return the status of the first answer in some bytes, or None when the server said nothing."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else None


class LoopProbe:
    """Measures the longest time for which something kept the event loop to itself, in seconds of a quiet machine.

    What the tests before have left in memory is kept from the garbage collector, for which a server has no use.
    """

    TICK_SECONDS = 0.005

    def __init__(self) -> None:
        self.worst_seconds = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LoopProbe:
        """Begin to measure."""
        gc.collect()
        gc.freeze()
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop measuring."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])
        gc.unfreeze()
        self.worst_seconds /= pace()

    async def _watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(self.TICK_SECONDS)
            self.worst_seconds = max(self.worst_seconds, time.thread_time() - before)


def _authority_of(server: Server) -> Authority:
    return Authority.load(
        server.ca_file.parent / "authority", clock=lambda: datetime.now(UTC), random_bytes=random.Random(3).randbytes
    )


__all__ = ["HASTY", "PATIENT", "LoopProbe", "ServiceDevice", "SocketRig", "connect", "say", "socket_rig", "status_of"]
