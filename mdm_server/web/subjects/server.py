"""The server itself."""

from __future__ import annotations

import sqlite3
from importlib.metadata import version

from msgspec import Struct

from mdm_server.service.suite import ServiceSuite
from mdm_server.web.operations import Operations

server = Operations("Server", "The server itself.")


class ServerInfo(Struct):
    """What this server is, and how much it holds."""

    version: str
    sqlite_version: str
    url: str
    topic: str
    compat: list[str]
    counts: dict[str, int]


@server.get("/server")
async def show_server(suite: ServiceSuite) -> ServerInfo:
    """Show the server's version, settings and counts."""
    return ServerInfo(
        version=version("mdmsim"),
        sqlite_version=sqlite3.sqlite_version,
        url=suite.settings.base_url,
        topic=suite.settings.topic,
        compat=sorted(suite.settings.compat),
        counts=await suite.administration.counts(),
    )
