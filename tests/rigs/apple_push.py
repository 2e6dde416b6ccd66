"""Apple's push service for tests: a clock that is moved by hand, a service that goes by it, and one on real sockets."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec

from certs.authority import Authority
from certs.identity import Identity, certificates_to_pem, identity_to_pem
from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Journal, Service
from mdm_server.clouds.apple.push.certificates import push_certificate
from mdm_server.clouds.apple.push.courier import Courier, DirectLine
from mdm_server.clouds.apple.push.service import POINT, PushService, PushSettings
from mdm_server.web.http2 import Http2Limits
from mdm_server.web.limits import Limits
from mdm_server.web.listener import bind
from mdm_server.web.push_port import HOST_NAMES, PushPort, push_tls
from mdm_server.wire.apns import Environment

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TOPIC = "com.apple.mgmt.External.5f3a1c5e-0d3a-4a5e-9f0e-3f6f3f1c2b1a"
TOKEN = bytes(range(32))


class Hand:
    """A clock that somebody moves."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@lru_cache(maxsize=4)
def apple_authority(moment: datetime = NOON) -> Authority:
    """Return Apple, as it was at a moment; made once for the process, for its keys take their time."""
    return Authority.create(clock=lambda: moment, random_bytes=secrets.token_bytes, organization="mdmsim TEST Apple")


def push_identity(
    authority: Authority, topic: str | list[str] = TOPIC, *, environment: Environment = Environment.PRODUCTION
) -> Identity:
    """Return a push certificate with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = push_certificate(authority, key.public_key(), topic, environment=environment)
    return Identity(key, certificate, (authority.issuing.certificate,))


@dataclass
class PushRig:
    """Apple's push service, and devices that listen in the same process."""

    clock: Callable[[], datetime]
    authority: Authority
    journal: Journal
    faults: Faults
    courier: Courier
    push: PushService
    arrived: list[tuple[bytes, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give the devices a line."""
        self.line = DirectLine(self.courier, lambda token, magic: self.arrived.append((token, magic)))

    @property
    def magics(self) -> list[str]:
        """The magics of the pushes that arrived, in their order."""
        return [magic for _, magic in self.arrived]

    def fail(self, response: str, **more: object) -> None:
        """Arrange for a failure of the next push."""
        self.faults.add(Fault(name=response, service=Service.APNS, point=POINT, response=response, **more))  # type: ignore[arg-type]


def push_rig(
    clock: Callable[[], datetime], authority: Authority | None = None, settings: PushSettings | None = None
) -> PushRig:
    """Return a push service that goes by this clock."""
    authority = authority or apple_authority()
    journal, courier = Journal(clock), Courier(clock)
    faults = Faults(clock, Random(7), journal)
    push = PushService(clock, Random(7), faults, journal, courier, authority.ca_certificates, settings)
    return PushRig(clock, authority, journal, faults, courier, push)


@dataclass
class PushSocketRig(PushRig):
    """The same behind a port, with the files that its clients need."""

    port: int = 0
    folder: Path = Path()
    listening: PushPort | None = None

    @property
    def ca_file(self) -> Path:
        """The root to trust."""
        return self.folder / "root.pem"

    def identity_file(self, identity: Identity) -> Path:
        """Write key and chain of a provider into one file, as providers have them."""
        path = self.folder / f"{identity.fingerprint[:8]}.pem"
        path.write_bytes(identity_to_pem(identity))
        return path

    def context(self, identity: Identity | None = None) -> ssl.SSLContext:
        """Return the TLS context of a client that trusts this Apple."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        context.set_alpn_protocols(["h2"])
        if identity is not None:
            context.load_cert_chain(self.identity_file(identity))
        return context


@asynccontextmanager
async def push_sockets(
    folder: Path, *, settings: PushSettings | None = None, http2: Http2Limits | None = None
) -> AsyncIterator[PushSocketRig]:
    """Run Apple's push service on a socket of this machine, under Apple's names."""

    def clock() -> datetime:
        return datetime.now(UTC)

    made = push_rig(clock, apple_authority(clock().replace(minute=0, second=0, microsecond=0)), settings)
    authority = made.authority
    server = authority.issue_server([*HOST_NAMES, "localhost", "127.0.0.1"])
    (folder / "server.pem").write_bytes(identity_to_pem(server))
    (folder / "root.pem").write_bytes(certificates_to_pem([authority.root.certificate]))
    port = PushPort(made.push, Limits(), http2)
    await port.open()
    bound = bind("127.0.0.1", 0)
    number = bound.getsockname()[1]
    port.listen(bound, push_tls(folder / "server.pem", certificates_to_pem(list(authority.ca_certificates)).decode()))
    try:
        yield PushSocketRig(
            clock,
            authority,
            made.journal,
            made.faults,
            made.courier,
            made.push,
            port=number,
            folder=folder,
            listening=port,
        )
    finally:
        await port.close()
