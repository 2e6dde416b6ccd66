"""Apple alone on real sockets, and what a person does in its portals."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from mdm_server.embed.apple_server import AppleServer, AppleServerSettings


@dataclass(frozen=True)
class AppleRig:
    """A running Apple, and a session to whatever it has."""

    server: AppleServer
    session: aiohttp.ClientSession

    async def pull(self, method: str, path: str, body: Any = None, **request: Any) -> tuple[int, Any]:
        """Pull one of Apple's strings; a body is sent as JSON, unless it is bytes."""
        if body is not None:
            request["data"] = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.request(method, f"{self.server.sim_url}/_sim/apple{path}", **request) as response:
            content = await response.read()
            is_json = "json" in response.content_type
            return response.status, json.loads(content) if is_json and content else content

    async def join(self) -> tuple[str, str]:
        """Found an organization with an MDM server, and return the names of both."""
        _, organization = await self.pull("POST", "/organizations", {"name": "Example Inc."})
        wanted = {"organization": organization["id"], "name": "Some MDM"}
        _, server = await self.pull("POST", "/servers", wanted)
        return organization["id"], server["uuid"]


@asynccontextmanager
async def running_apple(settings: AppleServerSettings | None = None) -> AsyncIterator[AppleRig]:
    """Run Apple alone, on free ports."""
    async with AppleServer.start(settings) as server:
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(server.ca_file)))
        async with aiohttp.ClientSession(connector=connector) as session:
            yield AppleRig(server, session)
