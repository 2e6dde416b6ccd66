"""A real browser as the web view of Setup Assistant: Chromium, told what to do by its DevTools protocol."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from rigs.oracles import require

PATIENCE_SECONDS = 60.0
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--remote-debugging-port=0",
)


class WebView:
    """One page of a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        """What the browser had to say against what it was shown: violations of the page's own policy, for instance."""
        self.received: list[tuple[int, str]] = []
        """Status and media type of every answer, downloads included."""
        self._socket = socket
        self._numbers = itertools.count(1)
        self._loads = 0

    async def begin(self, headers: Mapping[str, str]) -> None:
        """Send these headers with every request, and listen to complaints; whatever is downloaded is thrown away."""
        for domain in ("Page", "Log", "Network"):
            await self.do(f"{domain}.enable")
        await self.do("Network.setExtraHTTPHeaders", headers=dict(headers))
        await self.do("Browser.setDownloadBehavior", behavior="deny")

    async def open(self, url: str) -> None:
        """Open an address, and wait until all of it is there."""
        loads = self._loads
        await self.do("Page.navigate", url=url)
        await self._loaded(loads)

    async def press(self, selector: str) -> None:
        """Press a button that leads to another page, and wait for that."""
        loads = self._loads
        await self.ask(f"document.querySelector('{selector}').click()")
        await self._loaded(loads)

    async def press_for_download(self, selector: str) -> tuple[int, str]:
        """Press a button that leads to something to keep; return the status and the media type of that."""
        answers = len(self.received)
        await self.ask(f"document.querySelector('{selector}').click()")
        while len(self.received) == answers:
            await self._next()
        return self.received[-1]

    async def choose_file(self, selector: str, file: Path) -> None:
        """Choose a file in a form."""
        found = await self.do("Runtime.evaluate", expression=f"document.querySelector('{selector}')")
        await self.do("DOM.setFileInputFiles", files=[str(file)], objectId=found["result"]["objectId"])

    async def ask(self, expression: str) -> Any:
        """Have an expression evaluated on the page."""
        found = await self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give an order of the protocol."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._next()
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message["result"])

    async def _loaded(self, loads: int) -> None:
        while self._loads == loads:
            await self._next()

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=PATIENCE_SECONDS)
        match message.get("method"):
            case "Page.loadEventFired":
                self._loads += 1
            case "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            case "Network.responseReceived":
                response = message["params"]["response"]
                self.received.append((response["status"], response["mimeType"]))
        return message


@asynccontextmanager
async def web_view(folder: Path, headers: Mapping[str, str], *, options: Sequence[str] = ()) -> AsyncIterator[WebView]:
    """Run a browser whose every trace is in a folder."""
    process = await asyncio.create_subprocess_exec(
        require("chromium"),
        *_OPTIONS,
        *options,
        f"--user-data-dir={folder}",
        "about:blank",
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        port = await _port(process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
                (page,) = [each for each in await response.json() if each["type"] == "page"]
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                view = WebView(socket)
                await view.begin(headers)
                yield view
    finally:
        process.terminate()
        await process.communicate()


async def _port(process: asyncio.subprocess.Process) -> int:
    """Wait until the browser says where it listens."""
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for line in process.stderr:
            if line.startswith(b"DevTools listening on ws://"):
                return int(line.split(b":")[2].partition(b"/")[0])
    raise AssertionError("expected a browser that says where it listens, found one that ended")
