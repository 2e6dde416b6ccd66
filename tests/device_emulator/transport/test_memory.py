from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.names import name_of
from device_emulator.core.messages import Request, RequestFailed, RequestKind, ResponseArrived
from device_emulator.transport.memory import MemoryTransport, calling


@dataclass
class Said:
    """What the server of these tests says."""

    status: int = 200
    content_type: str | None = "text/plain"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Retry-After": "3"})
    body: bytes = b"hello"


class Server:
    """Notes who asked with which certificate, unless it is stopped."""

    def __init__(self, *, stopped: bool = False) -> None:
        self.stopped = stopped
        self.asked: list[tuple[str, str, str, bytes, str, bytes | None]] = []

    async def answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        peer: str,
        certificate: bytes | None = None,
    ) -> Said:
        """Answer."""
        if self.stopped:
            raise ConnectionRefusedError
        self.asked.append((method, url, headers["Content-Type"], body, peer, certificate))
        return Said()


def _request(**more: object) -> Request:
    headers = {"Content-Type": "text/x-test"}
    return Request(5, RequestKind.IDLE, "PUT", "https://mdm.test/mdm", headers, b"body", **more)  # type: ignore[arg-type]


async def test_a_request_reaches_a_server_in_the_same_process_with_the_same_bytes() -> None:
    """Method, address, headers and body go over as they are, and the answer comes back with its number."""
    server = Server()
    outcome = await MemoryTransport(calling(server)).send(7, _request())
    assert server.asked == [("PUT", "https://mdm.test/mdm", "text/x-test", b"body", "device-7", None)]
    assert outcome == ResponseArrived(5, 200, {"retry-after": "3", "content-type": "text/plain"}, b"hello")


async def test_an_identity_is_a_certificate_handed_over() -> None:
    """Where a network would have a TLS handshake, the server is given the certificate."""
    server, now = Server(), datetime(2026, 6, 1, tzinfo=UTC)
    authority = Authority.create(clock=lambda: now, random_bytes=bytes)
    identity = authority.issue_identity(name_of("device"))
    await MemoryTransport(calling(server)).send(7, _request(identity=identity))
    assert server.asked[0][-1] == identity.certificate.public_bytes(Encoding.DER)


async def test_a_stopped_server_refuses_the_connection() -> None:
    """The device hears what it would hear on a network, and may try again."""
    outcome = await MemoryTransport(calling(Server(stopped=True))).send(7, _request())
    assert outcome == RequestFailed(5, "connect.refused", retryable=True)
