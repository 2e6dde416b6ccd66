"""An application and the listeners in front of it: opened together, and closed in the order that loses nothing."""

from __future__ import annotations

import socket
import ssl

from aiohttp import web

from mdm_server.web.admission import Admission
from mdm_server.web.connection import Connection, Door
from mdm_server.web.limits import Limits
from mdm_server.web.listener import Listener


class Port:
    """Serves one application on any number of listening sockets."""

    def __init__(self, application: web.Application, limits: Limits) -> None:
        self._limits = limits
        self._runner = web.AppRunner(
            application, handle_signals=False, access_log=None, shutdown_timeout=limits.stop_seconds
        )
        self._listeners: list[Listener] = []
        self.admission = Admission(limits)

    async def open(self) -> None:
        """Make the application ready; nobody can connect yet."""
        await self._runner.setup()

    def listen(self, bound: socket.socket, base_url: str, tls: ssl.SSLContext | None = None) -> None:
        """Begin to accept connections on a bound socket."""
        server = self._runner.server
        assert server is not None, "open() comes first"
        door = Door(base_url, self._limits)
        listener = Listener(
            bound, lambda peer, leave: Connection(server, door, peer, leave), self.admission, self._limits, tls
        )
        listener.open()
        self._listeners.append(listener)

    async def close(self) -> None:
        """Stop accepting, let requests in flight finish (`stop_seconds` at most), hang up. Harmless when repeated."""
        for listener in self._listeners:
            await listener.close()
        await self._runner.cleanup()
