from __future__ import annotations

import asyncio

import aiohttp
import pytest

from mdm_server.wire.courier import Listen, Listening, Push, encode, parse_from_server
from rigs.sockets import SocketRig

TOKEN = bytes(range(32))
PATIENCE = 10.0


async def _listen(rig: SocketRig, *tokens: bytes) -> aiohttp.ClientWebSocketResponse:
    socket = await rig.session.ws_connect(f"{rig.server.url}/courier", ssl=rig.tls)
    await socket.send_str(encode(Listen(tokens)))
    assert parse_from_server(await socket.receive_str(timeout=PATIENCE)) == Listening(tokens)
    return socket


async def test_a_push_reaches_whoever_listens_for_its_token(rig: SocketRig) -> None:
    """A device that waits is told its PushMagic when something is sent to its token."""
    socket = await _listen(rig, TOKEN)
    rig.server.courier.send(TOKEN, "magic")
    assert parse_from_server(await socket.receive_str(timeout=PATIENCE)) == Push(TOKEN, "magic")
    await socket.close()


async def test_a_push_waits_for_a_device_that_is_offline(rig: SocketRig) -> None:
    """Many pushes to nobody become one for the first who listens."""
    for number in range(5):
        rig.server.courier.send(TOKEN, f"magic-{number}")
    socket = await rig.session.ws_connect(f"{rig.server.url}/courier", ssl=rig.tls)
    await socket.send_str(encode(Listen((TOKEN,))))
    frames = [parse_from_server(await socket.receive_str(timeout=PATIENCE)) for _ in range(2)]
    assert Push(TOKEN, "magic-4") in frames
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.05)
    await socket.close()


async def test_the_newest_listener_wins(rig: SocketRig) -> None:
    """A device that reconnects is reached on its new connection only."""
    old = await _listen(rig, TOKEN)
    new = await _listen(rig, TOKEN)
    rig.server.courier.send(TOKEN, "magic")
    assert parse_from_server(await new.receive_str(timeout=PATIENCE)) == Push(TOKEN, "magic")
    with pytest.raises(TimeoutError):
        await old.receive(timeout=0.05)
    await old.close()
    await new.close()


@pytest.mark.parametrize("frame", ["nonsense", "{}", '{"listen":["zz"]}', '{"listen":' + "[" * 10_000, "x" * 70_000])
async def test_a_frame_that_cannot_be_read_ends_the_connection(rig: SocketRig, frame: str) -> None:
    """Nonsense is answered by closing, and the courier goes on for the others."""
    other = await _listen(rig, TOKEN)
    socket = await rig.session.ws_connect(f"{rig.server.url}/courier", ssl=rig.tls)
    await socket.send_str(frame)
    async with asyncio.timeout(PATIENCE):
        message = await socket.receive()
    assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
    rig.server.courier.send(TOKEN, "magic")
    assert parse_from_server(await other.receive_str(timeout=PATIENCE)) == Push(TOKEN, "magic")
    await other.close()


async def test_a_web_page_may_not_listen(rig: SocketRig) -> None:
    """A request with an Origin comes from a browser and is refused (T-67)."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await rig.session.ws_connect(f"{rig.plain}/courier", headers={"Origin": "https://evil.example.test"})
    assert refused.value.status == 400


async def test_a_plain_request_is_told_what_this_is(rig: SocketRig) -> None:
    """Without the upgrade there is nothing to talk about: 426."""
    async with rig.session.get(f"{rig.plain}/courier") as response:
        assert (response.status, response.headers["Upgrade"]) == (426, "websocket")
