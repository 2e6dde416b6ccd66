from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from device_emulator.transport import courier as module
from device_emulator.transport.courier import Courier, courier_url
from mdm_server.wire import courier as frames


class SmallCourier:
    """A courier server of a few lines: remembers who listens, and pushes when told."""

    def __init__(self) -> None:
        self.listening: asyncio.Queue[frozenset[bytes]] = asyncio.Queue()
        self.buried: asyncio.Queue[frozenset[bytes]] = asyncio.Queue()
        self.forgotten: asyncio.Queue[frozenset[bytes]] = asyncio.Queue()
        self.sockets: list[web.WebSocketResponse] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with one client."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            frame = frames.parse_from_client(message.data)
            if isinstance(frame, frames.Gone):
                self.buried.put_nowait(frozenset(frame.tokens))
                continue
            if isinstance(frame, frames.Forget):
                self.forgotten.put_nowait(frozenset(frame.tokens))
                continue
            assert isinstance(frame, frames.Listen)
            await socket.send_str(frames.encode(frames.Listening(frame.tokens)))
            self.listening.put_nowait(frozenset(frame.tokens))
        return socket


@pytest.fixture
async def small_courier() -> AsyncIterator[SmallCourier]:
    """Run a small courier."""
    courier = SmallCourier()
    application = web.Application()
    application.router.add_get("/courier", courier.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    courier.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield courier
    await runner.cleanup()


def test_the_courier_is_looked_for_at_the_origin_of_the_server() -> None:
    """The ServerURL's path and query belong to MDM; its scheme decides about TLS."""
    assert courier_url("https://mdm.example:8443/mdm?tenant=1") == "wss://mdm.example:8443/courier"
    assert courier_url("http://127.0.0.1:9000/mdm/connect") == "ws://127.0.0.1:9000/courier"


async def test_a_push_reaches_whoever_listens_for_its_token(small_courier: SmallCourier) -> None:
    """One socket carries the pushes of many devices, each to its own token."""
    pushed: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()
    courier = Courier(courier_url(small_courier.url), lambda *push: pushed.put_nowait(push))
    courier.listen([b"\x01" * 32, b"\x02" * 32])
    assert await courier.start()
    await courier.announced()
    await small_courier.sockets[0].send_str(frames.encode(frames.Push(b"\x02" * 32, "magic")))
    assert await asyncio.wait_for(pushed.get(), 5) == (b"\x02" * 32, "magic")
    await courier.stop()


async def test_a_token_that_is_gone_is_said_to_be(small_courier: SmallCourier) -> None:
    """Now, or as soon as there is a connection; and it is not announced again."""
    courier = Courier(courier_url(small_courier.url), lambda *_: None)
    courier.listen([b"\x01" * 32, b"\x02" * 32, b"\x03" * 32])
    courier.gone([b"\x01" * 32])
    await courier.start()
    assert await asyncio.wait_for(small_courier.buried.get(), 5) == {b"\x01" * 32}
    assert await asyncio.wait_for(small_courier.listening.get(), 5) == {b"\x02" * 32, b"\x03" * 32}
    courier.gone([b"\x02" * 32])
    assert await asyncio.wait_for(small_courier.buried.get(), 5) == {b"\x02" * 32}
    await courier.stop()


async def test_who_goes_away_and_comes_back_says_so_each_time(small_courier: SmallCourier) -> None:
    """In between the server keeps a push; nobody waits for a word that was taken back."""
    token = b"\x01" * 32
    courier = Courier(courier_url(small_courier.url), lambda *_: None)
    courier.listen([token])
    await courier.start()
    for _ in range(2):
        await asyncio.wait_for(courier.announced(), 5)
        assert await asyncio.wait_for(small_courier.listening.get(), 5) == {token}
        courier.forget([token])
        assert await asyncio.wait_for(small_courier.forgotten.get(), 5) == {token}
        courier.listen([token])
    courier.forget([token])
    await asyncio.wait_for(courier.announced(), 5)
    await courier.stop()


async def test_a_push_for_a_forgotten_token_is_dropped(small_courier: SmallCourier) -> None:
    """An erased device's old token wakes nobody."""
    pushed: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()
    courier = Courier(courier_url(small_courier.url), lambda *push: pushed.put_nowait(push))
    courier.listen([b"\x01" * 32, b"\x02" * 32])
    await courier.start()
    await courier.announced()
    courier.forget([b"\x01" * 32])
    for token in (b"\x01" * 32, b"\x02" * 32):
        await small_courier.sockets[0].send_str(frames.encode(frames.Push(token, "magic")))
    assert (await asyncio.wait_for(pushed.get(), 5))[0] == b"\x02" * 32
    assert pushed.empty()
    await courier.stop()


async def test_every_token_is_announced_again_after_the_connection_was_lost(
    small_courier: SmallCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A courier that restarts has forgotten everybody."""
    monkeypatch.setattr(module, "FIRST_DELAY", 0.01)
    courier = Courier(courier_url(small_courier.url), lambda *_: None)
    courier.listen([b"\x01" * 32])
    await courier.start()
    await asyncio.wait_for(small_courier.listening.get(), 5)
    courier.listen([b"\x02" * 32])
    await asyncio.wait_for(small_courier.listening.get(), 5)
    await small_courier.sockets[0].close()
    assert await asyncio.wait_for(small_courier.listening.get(), 5) == {b"\x01" * 32, b"\x02" * 32}
    await courier.stop()


async def test_a_server_without_a_courier_is_not_asked_twice(small_courier: SmallCourier) -> None:
    """A 404 where the courier would be means: poll."""
    courier = Courier(courier_url(small_courier.url) + "/nowhere", lambda *_: None)
    assert not await courier.start()
    assert courier.available is False
    await courier.announced()
    await courier.stop()
    assert small_courier.sockets == []


async def test_a_server_that_is_just_being_restarted_is_asked_again(
    small_courier: SmallCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody at the address says nothing about whether there is a courier; somebody who says no does."""
    monkeypatch.setattr(module, "FIRST_DELAY", 0.01)
    connect, calls = aiohttp.ClientSession.ws_connect, iter(range(10))

    def refused_twice(session: aiohttp.ClientSession, *where: Any, **how: Any) -> Any:
        return connect(session, "ws://127.0.0.1:1/courier") if next(calls) < 2 else connect(session, *where, **how)

    monkeypatch.setattr(aiohttp.ClientSession, "ws_connect", refused_twice)
    courier = Courier(courier_url(small_courier.url), lambda *_: None)
    assert await courier.start()
    await courier.stop()


async def test_nobody_at_the_address_means_poll_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet does not wait for ever to know how it is woken."""
    monkeypatch.setattr(module, "FIRST_DELAY", 0.01)
    courier = Courier("ws://127.0.0.1:1/courier", lambda *_: None)
    assert not await courier.start()
    assert courier.available is False
    await courier.stop()


async def test_a_frame_that_makes_no_sense_is_ignored(small_courier: SmallCourier) -> None:
    """The next good frame still arrives."""
    pushed: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()
    courier = Courier(courier_url(small_courier.url), lambda *push: pushed.put_nowait(push))
    courier.listen([b"\x01" * 32])
    await courier.start()
    await courier.announced()
    socket = small_courier.sockets[0]
    await socket.send_str("{")
    await socket.send_bytes(b"\x00")
    await socket.send_str(frames.encode(frames.Push(b"\x01" * 32, "magic")))
    assert await asyncio.wait_for(pushed.get(), 5) == (b"\x01" * 32, "magic")
    await courier.stop()
