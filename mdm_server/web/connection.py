"""One connection: what is known about its peer, and the deadline by which a request's headers must be complete.

aiohttp closes idle connections, but lets a peer that drips one header line a second live for as long as it likes, and
answers unparsable requests with the parser's own words. Both are put right here, in a subclass of its protocol class.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from aiohttp import web

from mdm_server.web.events_log import log
from mdm_server.web.limits import Limits

ANSWERS_IN_A_TURN = 64


@dataclass(frozen=True, slots=True)
class Door:
    """What all connections of one listener have in common."""

    base_url: str
    """The address that goes into answers: never the Host header of a request."""
    limits: Limits


class Connection(web.RequestHandler):
    """The server's end of one connection."""

    __slots__ = ("_answers", "_header_deadline", "_is_deaf", "_on_close", "client_certificate", "door", "peer")

    def __init__(self, server: web.Server, door: Door, peer: str, on_close: Callable[[], None]) -> None:
        limits = door.limits
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle_seconds,
            max_line_size=limits.request_line_bytes,
            max_field_size=limits.header_bytes,
            max_headers=limits.headers,
            lingering_time=limits.linger_seconds,
            auto_decompress=False,  # otherwise a gzip bomb stalls the loop even while its request is being refused
            access_log=None,  # type: ignore[arg-type]  # the annotation forgets that None switches it off
        )
        self.door = door
        self.peer = peer
        self.client_certificate: bytes | None = None
        self._on_close: Callable[[], None] | None = on_close
        self._header_deadline: asyncio.TimerHandle | None = None
        self._is_deaf = False
        self._answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn who the peer is; from now on it has so many seconds for its first request."""
        ssl_object = transport.get_extra_info("ssl_object")
        if ssl_object is not None:
            self.client_certificate = ssl_object.getpeercert(binary_form=True)
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give the place back."""
        self._disarm()
        self.closed_before_use()
        super().connection_lost(exc)

    def closed_before_use(self) -> None:
        """Give the place back, once: also for a connection whose handshake failed."""
        if self._on_close is not None:
            on_close, self._on_close = self._on_close, None
            on_close()

    def data_received(self, data: bytes) -> None:
        """Parse, and watch the clock while a request's headers are incomplete."""
        if self._is_deaf:
            return
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._disarm()
        elif self._header_deadline is None and not self._request_in_progress and not self._messages:
            self._arm()

    def has_had_its_turn(self) -> bool:
        """Count one more answer; say every so often that it is time for the others.

        From Python 3.12 on aiohttp answers what was read at once without giving the event loop away in between, and a
        pipeline of two thousand small requests would keep everybody waiting for a sixth of a second.
        """
        self._answers += 1
        return self._answers % ANSWERS_IN_A_TURN == 0

    def ignore_the_rest(self) -> None:
        """Throw away whatever else comes, unparsed: it belongs to a request that has been refused.

        aiohttp reads on for a moment, so that the peer sees the answer and not a reset. It would parse what it reads,
        and parsing a hundred thousand tiny chunks is just what a refusal is to spare us.
        """
        self._is_deaf = True

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what is not HTTP, in our own few words; everything that is HTTP never gets here."""
        log.info(
            "http.unparsable" if status < 500 else "http.failed",
            status=status,
            peer=self.peer,
            error=type(exc).__name__,
        )
        response = web.Response(status=status, headers={"Server": "mdmsim"})
        response.force_close()
        return response

    def _arm(self) -> None:
        seconds = self.door.limits.header_seconds
        self._header_deadline = asyncio.get_running_loop().call_later(seconds, self._headers_are_late)

    def _disarm(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None

    def _headers_are_late(self) -> None:
        self._header_deadline = None
        log.info("http.slow_headers", peer=self.peer)
        self.force_close()


def connection_of(request: web.BaseRequest) -> Connection:
    """Return the connection a request came in on."""
    return cast("Connection", request.protocol)


def watch_unread_answers(accepted: socket.socket, seconds: float) -> None:
    """Let the kernel drop a peer that does not take its answers (TCP_USER_TIMEOUT, RFC 5482), where it can."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and accepted.family in {socket.AF_INET, socket.AF_INET6}:
        accepted.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))
