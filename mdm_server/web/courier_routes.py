"""GET /courier: the WebSocket on which devices wait for pushes; whoever knows a token (32 random bytes) may listen."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from mdm_server.clouds.apple.push.courier import Courier, CourierLine
from mdm_server.domain.refusal import Refusal
from mdm_server.web.events_log import log
from mdm_server.web.exchange import Endpoint, refusal_response
from mdm_server.web.limits import Limits
from mdm_server.wire.errors import FrameError

HEARTBEAT_SECONDS = 30.0
POLICY_VIOLATION = 1008


def courier_endpoint(courier: Courier, limits: Limits) -> Endpoint:
    """Return the handler that connects a WebSocket with a line of the courier."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if "Origin" in request.headers:
            return refusal_response(Refusal("courier.frame", reason="origin"))  # a web page has no business here
        # Frames are small and come in bursts: compression would cost 64 KiB of zlib state a connection for nothing.
        socket = web.WebSocketResponse(
            compress=False, heartbeat=HEARTBEAT_SECONDS, max_msg_size=limits.courier_message_bytes, timeout=5.0
        )
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="this is a WebSocket\n", headers={"Upgrade": "websocket"})
        await socket.prepare(request)
        line = courier.connect()
        sender = asyncio.create_task(_deliver(line, socket))
        try:
            await _listen(line, socket)
        finally:
            line.close()
            await sender
        return socket

    return handle


async def _listen(line: CourierLine, socket: web.WebSocketResponse) -> None:
    """Hand every frame of the client to its line; the first one that cannot be read ends the connection."""
    async for message in socket:
        if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
            continue
        try:
            line.receive(message.data)
        except FrameError as error:
            log.info("courier.frame", code=error.code)
            await socket.close(code=POLICY_VIOLATION, message=error.code.encode())


async def _deliver(line: CourierLine, socket: web.WebSocketResponse) -> None:
    """Send what comes down the line until it is closed; a client that is gone is noticed by whoever listens to it."""
    try:
        async for frame in line.frames():
            await socket.send_str(frame)
    except ConnectionError:
        return
    await socket.close()
