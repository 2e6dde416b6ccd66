"""How much of everything a peer may use, and the one way in which bodies are read.

Every figure is a default of ours, chosen in one table so that it can be argued about in one place.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from mdm_server.domain.refusal import Refusal

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one server."""

    handshake_seconds: float = 5.0
    header_seconds: float = 10.0
    """From the first byte of a request (or the opening of the connection) to the end of its headers."""
    body_seconds: float = 10.0
    body_bytes_per_second: int = 16 * KIB
    """A body has `body_seconds` plus a second for every so many bytes; after that 408."""
    idle_seconds: float = 75.0
    linger_seconds: float = 2.0
    """How long a body that nobody wants is read and thrown away, so that the peer sees the answer and not a reset."""
    request_line_bytes: int = 32 * KIB
    """mdmb puts a whole SCEP message (7.5 kB, RSA-4096) into the query of its POST."""
    header_bytes: int = 16 * KIB
    """An Mdm-Signature that carries a chain passes 8 KiB."""
    headers: int = 128
    chunks: int = 4096
    """Chunks in one body: a body of one-byte chunks costs a hundred times more to parse than to send."""
    connections: int = 12_000
    connections_per_peer: int = 256
    exempt_loopback: bool = True
    """Peers on loopback are bounded by `connections` only: a whole virtual fleet lives there."""
    requests_in_flight: int = 512
    queue_seconds: float = 1.0
    """How long a request waits for its turn before it is told to come back later."""
    stop_seconds: float = 10.0
    check_in_bytes: int = 256 * KIB
    result_bytes: int = 1 * MIB
    scep_bytes: int = 64 * KIB
    enroll_bytes: int = 64 * KIB
    api_bytes: int = 1 * MIB
    upload_bytes: int = 8 * MIB
    courier_message_bytes: int = 64 * KIB


def refuse_encoding(request: web.Request) -> None:
    """Refuse a compressed body unread: one megabyte of it can be a gigabyte of nothing.

    Raises:
        Refusal: `limit.encoding`.

    """
    encoding = request.headers.get("Content-Encoding")
    if encoding is not None and encoding.strip().lower() not in {"", "identity"}:
        raise Refusal("limit.encoding")


async def read_body(request: web.Request, at_most: int, limits: Limits) -> bytes:
    """Read a body of at most `at_most` bytes, in the time that its size allows.

    Raises:
        Refusal: the body is compressed, too large, too slow, or cut into too many chunks.
        web.RequestPayloadError: the body is not framed as its headers say.

    """
    refuse_encoding(request)
    announced = request.content_length
    if announced is not None and announced > at_most:
        raise Refusal("limit.body", reason="announced")
    if not request.can_read_body:
        return b""
    content = request.content
    if announced is not None and content.is_eof() and content.total_bytes == announced:
        return await content.read()  # it arrived together with its headers: the common case needs no clock
    seconds = limits.body_seconds + (announced or 0) / limits.body_bytes_per_second
    try:
        async with asyncio.timeout(seconds) as deadline:
            return await _collect(request, at_most, limits, deadline if announced is None else None)
    except TimeoutError:
        raise Refusal("limit.deadline") from None


async def _collect(request: web.Request, at_most: int, limits: Limits, growing: asyncio.Timeout | None) -> bytes:
    """Put the pieces of a body together; the deadline of a body of unknown size grows with what has arrived."""
    pieces: list[bytes] = []
    size = chunks = 0
    started = asyncio.get_running_loop().time()
    async for piece, ends_a_chunk in request.content.iter_chunks():
        pieces.append(piece)
        size += len(piece)
        chunks += ends_a_chunk
        if size > at_most:
            raise Refusal("limit.body", reason="size")
        if chunks > limits.chunks:
            raise Refusal("limit.body", reason="chunks")
        if growing is not None:
            growing.reschedule(started + limits.body_seconds + size / limits.body_bytes_per_second)
    return b"".join(pieces)
