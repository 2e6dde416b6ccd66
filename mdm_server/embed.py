"""The management server inside another program: one `async with`, everything wired, nothing left behind.

    async with Server.start(ServerSettings()) as server:
        print(server.url, server.ca_file, server.admin_token)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mdm_server.store.contract import Store


class ServerStartError(Exception):
    """The server cannot start: what was expected, what was found, what to do; and the exit code that says so."""

    def __init__(self, exit_code: int, text: str) -> None:
        super().__init__(text)
        self.exit_code = exit_code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Everything a server can be told; every default is the safe one, and port 0 means any free port."""

    state_dir: Path | None = None
    """Where database and keys live; None is a temporary folder that goes away with the server."""
    listen: str = "127.0.0.1:0"
    """The TLS listener."""
    http: str | None = None
    """A plain HTTP listener for tools that speak no TLS; None is none."""
    sim: str | None = "127.0.0.1:0"
    """The second port (`/_sim`), loopback only; None is none."""
    hostnames: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Names and addresses in the server's certificate; the first is the one in its URLs unless `listen` says another."""
    seed: int | None = None
    """Makes everything that may be reproducible reproducible; never used for secrets."""
    issuing_key: str = "p-256"
    """Kind of the issuing CA's key: p-256, rsa-2048, rsa-4096."""
    compat: tuple[str, ...] = ()
    """Names of the leniencies that are switched on (see mdm_server.service.compat)."""
    expose: bool = False
    """Allow listening on other addresses than loopback: anybody who reaches the port may then try to enrol."""
    admin_token: str | None = None
    """An administrator's token to accept besides the stored one; None makes one on first start."""
    new_admin_token: bool = False
    """Replace the stored administrator's token with a new one."""


class Server:
    """A running server."""

    url: str
    """Base URL of the TLS listener, e.g. `https://localhost:49152`."""
    http_url: str | None
    """Base URL of the plain listener, if there is one."""
    sim_url: str | None
    """Base URL of the second port, if there is one."""
    ca_pem: str
    """The root certificate to trust, as PEM text."""
    ca_file: Path
    """The same, as a file."""
    admin_token: str | None
    """The administrator's token when it was made by this start, or handed in; otherwise None: only its hash is stored."""
    store: Store
    """The open store."""

    @classmethod
    @asynccontextmanager
    async def start(cls, settings: ServerSettings | None = None) -> AsyncIterator[Server]:
        """Start a server and stop it on leaving; raises ServerStartError."""
        server = await cls.launch(settings or ServerSettings())
        try:
            yield server
        finally:
            await server.stop()

    @classmethod
    async def launch(cls, settings: ServerSettings) -> Server:
        """Start a server that the caller stops; raises ServerStartError."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close the listeners, let requests in flight finish (10 s at most), close the store. Harmless when repeated."""
        raise NotImplementedError
