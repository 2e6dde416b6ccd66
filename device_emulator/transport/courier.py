"""The courier's client: one WebSocket on which a whole fleet waits to be woken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from device_emulator.transport.tls import anonymous_context
from mdm_server.wire import courier as frames
from mdm_server.wire.errors import WireError

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
# A server that is just being restarted is not one without a courier: only after so many vain calls it passes for one.
FIRST_CALLS = 5


def courier_url(server_url: str) -> str:
    """Return where the courier of an MDM server would be: `/courier` at the origin of its ServerURL."""
    parts = urlsplit(server_url)
    return urlunsplit(("wss" if parts.scheme == "https" else "ws", parts.netloc, "/courier", "", ""))


class Courier:
    """Listens for the pushes of many tokens and calls `deliver(token, magic)` for each.

    `available` is None until that is known. A server without a courier (anything but a WebSocket at that address, or
    nobody there for some time) makes it False, and nothing is tried again. A courier that was there and is lost is
    sought again with growing delays, and every token is announced anew: the server kept one push for each.
    """

    def __init__(self, url: str, deliver: Callable[[bytes, str], None], *, ca_file: Path | None = None) -> None:
        self.url = url
        self.available: bool | None = None
        self._deliver = deliver
        self._ca_file = ca_file
        self._tokens: set[bytes] = set()
        self._unannounced: set[bytes] = set()
        self._said: set[bytes] = set()
        self._forgotten: set[bytes] = set()
        self._gone: set[bytes] = set()
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._changed = asyncio.Event()
        self._announced = asyncio.Event()

    async def start(self) -> bool:
        """Connect, and say whether there is a courier."""
        self._task = asyncio.create_task(self._run(), name="courier")
        await self._settled.wait()
        return bool(self.available)

    def listen(self, tokens: Iterable[bytes]) -> None:
        """Wait for pushes to these tokens, from now on and after every reconnection."""
        new = set(tokens) - self._tokens
        self._gone -= new
        self._forgotten -= new
        self._tokens |= new
        self._unannounced |= new
        self._announced.clear()
        self._changed.set()

    def forget(self, tokens: Iterable[bytes]) -> None:
        """Wait no longer for these tokens, and say so: a push to one is kept, until somebody waits for it again."""
        given_up = self._give_up(tokens)
        self._forgotten |= given_up
        self._changed.set()

    def gone(self, tokens: Iterable[bytes]) -> None:
        """Wait no longer for these tokens, and say so: whoever pushes one is to hear that its device is gone."""
        self._gone |= self._give_up(tokens)
        self._changed.set()

    def _give_up(self, tokens: Iterable[bytes]) -> set[bytes]:
        given_up = set(tokens)
        for waiting in (self._tokens, self._unannounced, self._said, self._forgotten):
            waiting -= given_up
        if not self._unannounced:
            self._announced.set()
        return given_up

    async def settled(self) -> None:
        """Return when it is known whether there is a courier."""
        await self._settled.wait()

    async def announced(self) -> None:
        """Return when the server has heard of every token that is listened for."""
        if self.available and self._unannounced:
            await self._announced.wait()

    async def stop(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        delay, calls = FIRST_DELAY, 0
        context = anonymous_context(self._ca_file) if self.url.startswith("wss") else True
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            while True:
                calls += 1
                try:
                    async with session.ws_connect(self.url, heartbeat=30, compress=0, max_msg_size=1 << 17) as socket:
                        self._arrived()
                        delay = FIRST_DELAY
                        await self._converse(socket)
                except aiohttp.WSServerHandshakeError:
                    calls = FIRST_CALLS
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass
                if not self.available and calls >= FIRST_CALLS:
                    self.available = False
                    self._settled.set()
                    self._announced.set()
                    return
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)

    def _arrived(self) -> None:
        self.available = True
        self._unannounced = set(self._tokens)
        self._changed.set()
        self._settled.set()

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        announcing = asyncio.create_task(self._announce(socket))
        try:
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                with contextlib.suppress(WireError):
                    self._receive(frames.parse_from_server(message.data))
        finally:
            announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError, OSError):
                await announcing

    def _receive(self, frame: frames.FromServer) -> None:
        if isinstance(frame, frames.Push):
            if frame.token in self._tokens:
                self._deliver(frame.token, frame.magic)
        else:
            self._unannounced -= set(frame.tokens)
            if not self._unannounced:
                self._announced.set()

    async def _announce(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._said.clear()
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._take_leave(socket, self._forgotten, frames.Forget)
            await self._take_leave(socket, self._gone, frames.Gone)
            batch = sorted(self._unannounced - self._said)
            for start in range(0, len(batch), frames.MAX_TOKENS // 2):
                some = tuple(batch[start : start + frames.MAX_TOKENS // 2])
                await socket.send_str(frames.encode(frames.Listen(some)))
                self._said.update(some)

    async def _take_leave(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        tokens: set[bytes],
        frame: type[frames.Forget] | type[frames.Gone],
    ) -> None:
        while tokens:
            some = tuple(sorted(tokens)[: frames.MAX_TOKENS // 2])
            await socket.send_str(frames.encode(frame(some)))
            tokens -= set(some)
