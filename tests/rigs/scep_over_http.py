"""The SCEP use case behind the smallest HTTP server there is, for clients that can only be reached over a socket.

It is no model of the web room: one request a connection, no limits, no TLS. What it proves is the answers' contents.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import Answer
from rigs.service import ServiceRig


@asynccontextmanager
async def scep_over_http(rig: ServiceRig) -> AsyncIterator[str]:
    """Serve a rig's SCEP use case on a free port, and yield its URL."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        query = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True, errors="replace"))
        try:
            answer = await rig.suite.scep.answer(rig.facts(method=method, query=query), body)
        except Refusal as refusal:
            answer = Answer(str(refusal).encode(), "text/plain", refusal.status)
        lines = [f"HTTP/1.1 {answer.status} x", f"Content-Length: {len(answer.body)}", "Connection: close"]
        lines += [f"Content-Type: {answer.content_type}"] if answer.content_type else []
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, limit=1 << 20)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/scep"
    finally:
        server.close()
        await server.wait_closed()
