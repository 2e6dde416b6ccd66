"""A real TLS server that tells who came, and an authority that made everybody's certificates."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.identity import Identity
from certs.names import name_of


@pytest.fixture(scope="session")
def tls_authority() -> Authority:
    """Return an authority whose certificates are good now: TLS looks at the real clock."""
    return Authority.create(clock=lambda: datetime.now(UTC), random_bytes=os.urandom)


@pytest.fixture
def ca_file(tls_authority: Authority, tmp_path: Path) -> Path:
    """Return the root certificate as a file."""
    path = tmp_path / "ca.pem"
    path.write_bytes(tls_authority.root.certificate.public_bytes(Encoding.PEM))
    return path


def device_identity(authority: Authority, name: str) -> Identity:
    """Return the identity of a device called `name`."""
    return authority.issue_identity(name_of(name, "mdmsim TEST"))


@dataclass
class Visited:
    """A running server: where it is, and which certificate (common name) came with which body from which port."""

    url: str
    visits: list[tuple[str | None, bytes, int]] = field(default_factory=list)


@pytest.fixture
async def tls_server(tls_authority: Authority, tmp_path: Path) -> AsyncIterator[Visited]:
    """Run a TLS server that takes client certificates and answers with the name in them."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(tls_authority.issue_server(["localhost"]).pem())
    roots = tmp_path / "roots.pem"
    roots.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in tls_authority.ca_certificates))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.load_verify_locations(roots)
    context.verify_mode = ssl.CERT_OPTIONAL
    visited = Visited("")

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        der = request.transport.get_extra_info("ssl_object").getpeercert(True)
        name = None
        if der is not None:
            subject = x509.load_der_x509_certificate(der).subject
            name = str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
        port = request.transport.get_extra_info("peername")[1]
        visited.visits.append((name, await request.read(), port))
        return web.Response(text=name or "nobody", headers={"X-Kind": request.headers.get("Content-Type", "none")})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    visited.url = f"https://localhost:{port}"
    yield visited
    await runner.cleanup()
