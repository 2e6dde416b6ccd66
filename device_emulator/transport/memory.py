"""A transport without sockets: the other side is called. For servers that live in the same process, and for tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from device_emulator.core.messages import Request, RequestFailed, ResponseArrived
from device_emulator.transport.contract import Outcome

Answerer = Callable[[int, Request], Awaitable[Outcome]]


class MemoryTransport:
    """Hands each request to `answer` and returns what it says."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer

    async def send(self, device: int, request: Request) -> Outcome:
        """Ask the function."""
        return await self._answer(device, request)

    async def hang_up(self, device: int) -> None:
        """Do nothing: there is no line."""

    async def close(self) -> None:
        """Do nothing: nothing is open."""


class Said(Protocol):
    """What a server said."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, but for the content type."""

    @property
    def content_type(self) -> str | None:
        """The content type, if there is one."""

    @property
    def body(self) -> bytes:
        """The body."""


class CallableServer(Protocol):
    """A server that is asked by a call, with the bytes that would have gone over the network."""

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
        """Answer one request; raises ConnectionRefusedError while the server is stopped."""
        ...


def calling(server: CallableServer) -> Answerer:
    """Return the function that asks a server in the name of a device.

    Every device has an address of its own, as it would have out there. Its identity needs no handshake: the certificate
    is handed over.
    """

    async def ask(device: int, request: Request) -> Outcome:
        identity = request.identity
        try:
            said = await server.answer(
                request.method,
                request.url,
                request.headers,
                request.body,
                peer=f"device-{device}",
                certificate=None if identity is None else identity.der,
            )
        except ConnectionRefusedError:
            return RequestFailed(request.number, "connect.refused")
        headers = {name.lower(): value for name, value in said.headers.items()}
        if said.content_type is not None:
            headers["content-type"] = said.content_type
        return ResponseArrived(request.number, said.status, headers, said.body)

    return ask
