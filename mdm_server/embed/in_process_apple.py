"""Apple in its caller's own loop and on its caller's clock: no socket, no thread, no HTTP library.

For worlds on a virtual clock. Devices and our MDM server ask it with the bytes that would have gone over the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from random import Random
from secrets import token_bytes
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509

from certs.authority import Authority
from mdm_server.clouds.apple.push.courier import Courier, DirectLine
from mdm_server.clouds.apple.services import ORGANIZATION, AppleServices
from mdm_server.clouds.call import Call, Reply
from mdm_server.embed.chance import Chance
from mdm_server.embed.pushing import push_identity
from mdm_server.outbound.apns import DirectSender
from mdm_server.service.answer import Answer
from mdm_server.service.calling import Called, CallFailedError

URL = "https://apple.test"
"""Where devices and servers believe Apple to be; the name is reserved for tests (RFC 6761 §6.2)."""

Clock = Callable[[], datetime]
Deliver = Callable[[bytes, str], None]


class InProcessApple:
    """Apple's services, asked by a call.

    `line` is how devices of this process wait for pushes, and `deliver(token, magic)` is called for each. It outlives
    restarts of the MDM server beside it, as Apple does. Implements `Caller` for that server.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self.url = URL
        self.deliver: Deliver = _nobody_listens
        courier = Courier(clock)
        chance = Chance(seed)
        authority = replace(authority_since(clock()), clock=clock, random_bytes=chance)
        stream = Random(seed)  # noqa: S311 - it draws which call is struck by a fault
        self.services = AppleServices.open(
            None, authority, clock=clock, random_bytes=chance, stream=stream, courier=courier
        )
        self.line = DirectLine(courier, lambda token, magic: self.deliver(token, magic))

    @property
    def root(self) -> x509.Certificate:
        """The certificate of whoever vouches for devices."""
        return self.services.authority.root.certificate

    def is_at(self, url: str) -> bool:
        """Say whether an address leads here."""
        return url.startswith(f"{self.url}/")

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, peer: str) -> Reply:
        """Answer one request. On a clock that stands still nobody is late: a `delay` is not waited for."""
        parts = urlsplit(url)
        call = Call(
            method=method,
            url=f"{parts.scheme}://{parts.netloc}{parts.path}",
            path=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            peer=peer,
        )
        return self.services.answer(call)

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Called:
        """Answer the MDM server beside it; raises CallFailedError."""
        if not self.is_at(url):
            raise CallFailedError("connect.unknown_host", f"expected {self.url}, found {url}")
        reply = self.answer(method, url, headers, body, peer="mdm-server")
        if reply.cut:
            raise CallFailedError("disconnected")
        return Called(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)

    def answer_device(self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, peer: str) -> Answer:
        """Answer a device, as the management server beside it would; raises ConnectionRefusedError for a `cut`."""
        reply = self.answer(method, url, headers, body, peer=peer)
        if reply.cut:
            raise ConnectionRefusedError("Apple hung up")
        return Answer(reply.body, status=reply.status, headers=reply.headers)

    def sender(self, topic: str) -> DirectSender:
        """Return what pushes for a management server with this topic."""
        certificate = push_identity(self.services.authority, topic).certificate
        return DirectSender(self.services.push, certificate)

    def close(self) -> None:
        """Close the books."""
        self.services.close()


def _nobody_listens(token: bytes, magic: str) -> None:
    """Drop a push."""


@lru_cache(maxsize=4)
def authority_since(moment: datetime) -> Authority:
    """Return Apple's authority in a world that begins at this moment; its keys are never drawn from a seed."""
    return Authority.create(clock=lambda: moment, random_bytes=token_bytes, organization=ORGANIZATION)
