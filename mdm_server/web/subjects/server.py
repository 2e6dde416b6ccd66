"""The server itself."""

from __future__ import annotations

import sqlite3
from importlib.metadata import version

from msgspec import Struct

from mdm_server.store.records import Counts
from mdm_server.web.operations import Desk, Operations

server = Operations("Server", "The server itself.")


class ServerInfo(Struct):
    """What this server is, and how much it holds."""

    version: str
    sqlite_version: str
    url: str
    topic: str
    compat: list[str]
    counts: Counts


@server.get("/server")
async def show_server(desk: Desk) -> ServerInfo:
    """Show the server."""
    return ServerInfo(
        version=version("mdmsim"),
        sqlite_version=sqlite3.sqlite_version,
        url=desk.suite.settings.base_url,
        topic=desk.suite.settings.topic,
        compat=sorted(desk.suite.settings.compat),
        counts=await desk.suite.administration.counts(),
    )
