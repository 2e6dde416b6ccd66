"""A real server in a thread of its own, for foreign clients: programs that block, as most programs do."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mdm_server.embed import Server, ServerSettings
from rigs.go_http import http_request

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class ServerThread:
    """A server that runs elsewhere in this process."""

    server: Server
    tls: ssl.SSLContext = field(repr=False)

    @property
    def url(self) -> str:
        """The TLS listener's base URL."""
        return self.server.url

    @property
    def plain(self) -> str:
        """The plain listener's base URL."""
        assert self.server.http_url is not None
        return self.server.http_url

    def api(self, method: str, path: str, document: Any = None) -> Any:
        """Do as the administrator: JSON goes in, JSON (or a file) comes back; a refusal fails the test."""
        headers = {"Authorization": f"Bearer {self.server.admin_token}", "Content-Type": "application/json"}
        body = None if document is None else json.dumps(document).encode()
        answer = http_request(method, f"{self.url}/api/v1{path}", headers=headers, body=body, tls=self.tls)
        assert answer.status < 300, answer.body.decode(errors="replace")
        return json.loads(answer.body) if "json" in answer.headers.get("content-type", "") else answer.body

    def profile(self, *, signed: bool = False, **wishes: Any) -> bytes:
        """Export an enrolment profile, for the plain listener unless told otherwise."""
        wanted = {"signed": signed, "max_uses": 100, "base_url": self.plain, **wishes}
        exported = self.api("POST", "/enrollment-profiles", wanted)
        assert isinstance(exported, bytes)
        return exported

    def order(self, udid: str, request_type: str, **fields: Any) -> str:
        """Queue a command and return its CommandUUID."""
        order = {"request_type": request_type, "fields": fields}
        return str(self.api("POST", f"/devices/{udid}/commands", order)["command_uuid"])

    def state(self, udid: str, command_uuid: str) -> str:
        """Return what became of a command."""
        commands = self.api("GET", f"/devices/{udid}/commands")["commands"]
        return next(str(each["state"]) for each in commands if each["command_uuid"] == command_uuid)

    def device(self, udid: str) -> dict[str, Any]:
        """Return what the server knows of a device."""
        found = self.api("GET", f"/devices/{udid}")
        assert isinstance(found, dict)
        return found


@contextmanager
def server_thread(directory: Path, **settings: Any) -> Iterator[ServerThread]:
    """Run a server with a TLS and a plain listener until the block ends."""
    started: Future[tuple[Server, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    wanted = ServerSettings(**{"http": "127.0.0.1:0", "state_dir": directory / "state", **settings})

    async def serve() -> None:
        async with Server.start(wanted) as server:
            ended = asyncio.Event()
            started.set_result((server, asyncio.get_running_loop(), ended))
            await ended.wait()

    def live() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=live, name="server")
    thread.start()
    try:
        server, loop, ended = started.result(PATIENCE_SECONDS)
        try:
            yield ServerThread(server, ssl.create_default_context(cafile=str(server.ca_file)))
        finally:
            loop.call_soon_threadsafe(ended.set)
    finally:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "the server did not stop"
