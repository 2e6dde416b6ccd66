"""A listening socket: TLS, and an accept loop that counts, sheds, and survives running out of file descriptors.

`asyncio.start_server` would accept for us, but it counts nobody before the handshake, and says nothing about a
connection that is shed; so the socket is watched here and every accepted connection is handed to the loop one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import struct
import sys
from asyncio import sslproto
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from mdm_server.web.admission import Admission
from mdm_server.web.connection import watch_unread_answers
from mdm_server.web.events_log import log
from mdm_server.web.limits import Limits

BACKLOG = 4096
# So many connections are accepted before the loop gets to do something else.
ACCEPTED_AT_ONCE = 64
RETRY_SECONDS = 0.2
_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def tls_context(identity_file: Path, authorities_pem: str, protocols: Sequence[str] = ("http/1.1",)) -> ssl.SSLContext:
    """Make the server's TLS context: TLS 1.2 and up, client certificates welcome when our own CA issued them.

    A client may come without a certificate (it enrols, or it signs its messages instead). One that comes with somebody
    else's is turned away in the handshake: Python's ssl offers no way to let it in and tell it why.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.load_cert_chain(identity_file)
    context.load_verify_locations(cadata=authorities_pem)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(list(protocols))
    return context


def spare_tls_memory() -> None:
    """Shrink the read buffer that asyncio keeps for every TLS connection from 256 KiB to 16.

    asyncio's SSLProtocol fills a bytearray of `max_size` for each connection: 300 KiB a connection, 1.5 GB for 5,000 of
    them; with 16 KiB (one TLS record) it is 60 KiB, and uvloop, which has its own TLS, needs 47. `max_size` is a class
    attribute and the only handle there is, so this touches every TLS connection of the process, harmlessly.
    """
    sslproto.SSLProtocol.max_size = 16 * 1024


class Guest(Protocol):
    """What is made for an accepted connection: an asyncio.Protocol that gives its place back when it is lost."""

    def closed_before_use(self) -> None:
        """Give the place back: the handshake failed."""


Receive = Callable[[str, Callable[[], None]], "Guest"]
"""Makes the guest of a peer, who calls the function he is handed once, when he goes."""


class Listener:
    """Accepts connections on one socket, for whoever `receive`s them."""

    def __init__(
        self, bound: socket.socket, receive: Receive, admission: Admission, limits: Limits, tls: ssl.SSLContext | None
    ) -> None:
        self._socket = bound
        self._receive = receive
        self._limits = limits
        self._admission = admission
        self._tls = tls
        self._arriving: set[asyncio.Task[None]] = set()
        self._unclaimed: dict[socket.socket, str] = {}
        self._retry: asyncio.TimerHandle | None = None
        self._open = False

    def open(self) -> None:
        """Start to accept."""
        if self._tls is not None:
            spare_tls_memory()
        self._open = True
        self._socket.listen(BACKLOG)
        self._socket.setblocking(False)
        self._watch()

    async def close(self) -> None:
        """Stop accepting; connections in their handshake are dropped, the others belong to the server."""
        if not self._open:
            return
        self._open = False
        if self._retry is not None:
            self._retry.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        for task in self._arriving:
            task.cancel()
        await asyncio.gather(*self._arriving, return_exceptions=True)
        for accepted, peer in self._unclaimed.items():  # accepted, but their task was cancelled before it began
            accepted.close()
            self._admission.leave(peer)
        self._unclaimed.clear()

    def _watch(self) -> None:
        self._retry = None
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    raise
                self._pause(error)
                return
            self._welcome(accepted, address[0])

    def _pause(self, error: OSError) -> None:
        """Out of file descriptors: the socket stays readable, so look away for a moment instead of spinning."""
        log.warning("listener.paused", error=error.strerror, seconds=RETRY_SECONDS)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        self._retry = loop.call_later(RETRY_SECONDS, self._watch)

    def _welcome(self, accepted: socket.socket, peer: str) -> None:
        if not self._admission.enter(peer):
            # Linger zero: the close goes out as a reset and leaves nothing behind in the kernel.
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            return
        accepted.setblocking(False)
        with contextlib.suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watch_unread_answers(accepted, self._limits.idle_seconds)
        self._unclaimed[accepted] = peer
        task = asyncio.get_running_loop().create_task(self._introduce(accepted, peer))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _introduce(self, accepted: socket.socket, peer: str) -> None:
        del self._unclaimed[accepted]  # from here on it belongs to the event loop, which closes it whatever happens
        connection = self._receive(peer, lambda: self._admission.leave(peer))
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                lambda: cast("asyncio.Protocol", connection),
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=self._limits.handshake_seconds if self._tls else None,
                ssl_shutdown_timeout=self._limits.handshake_seconds if self._tls else None,
            )
        except (OSError, asyncio.CancelledError) as error:  # ssl.SSLError is an OSError, and so are resets
            connection.closed_before_use()
            if isinstance(error, asyncio.CancelledError):
                raise
            log.debug("tls.handshake_failed", peer=peer, error=str(error))


def bind(host: str, port: int) -> socket.socket:
    """Bind a listening socket; SO_REUSEADDR lets a restarted server have its port back at once.

    Raises:
        OSError: the address is not there, or in use.

    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
