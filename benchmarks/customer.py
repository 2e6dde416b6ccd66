"""A customer of Apple: what has to be in order before anything can be measured."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from benchmarks.processes import BenchmarkError


class Customer:
    """An organization with one MDM server at the Apple behind a second port."""

    def __init__(self, session: aiohttp.ClientSession, sim_url: str) -> None:
        self._session = session
        self._base = f"{sim_url}/_sim/apple"
        self.organization = ""
        self.server = ""

    async def join(self) -> None:
        """Found the organization, and enter its server."""
        self.organization = json.loads(await self.ask("POST", "/organizations", {"name": "Benchmark"}))["id"]
        wanted = {"organization": self.organization, "name": "benchmark"}
        self.server = json.loads(await self.ask("POST", "/servers", wanted))["uuid"]

    async def server_token(self, certificate: bytes) -> bytes:
        """Return a server token for a certificate (PEM)."""
        return await self.ask("POST", f"/servers/{self.server}/token", certificate)

    async def push_certificate(self, request: bytes, topic: str) -> bytes:
        """Return a push certificate, and the one it stands on."""
        return await self.ask("POST", f"/push-certificates?topic={topic}", request)

    async def order(self, serial_numbers: Sequence[str]) -> None:
        """Buy devices for the server."""
        devices = [{"serial_number": each} for each in serial_numbers]
        await self.ask(
            "POST", "/devices", {"organization": self.organization, "devices": devices, "server": self.server}
        )

    async def release(self, serial_numbers: Sequence[str]) -> None:
        """Let go of devices."""
        for serial_number in serial_numbers:
            await self.ask("DELETE", f"/devices/{serial_number}")

    async def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """Ask for something at the second port; a body is sent as JSON, unless it is bytes."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        async with self._session.request(method, self._base + path, data=data) as answer:
            content = await answer.read()
            if answer.status >= 300:
                raise BenchmarkError(f"{method} {path}: {answer.status} {content[:300].decode(errors='replace')}")
            return content


@asynccontextmanager
async def customer_of(sim_url: str) -> AsyncIterator[Customer]:
    """Become a customer of an Apple."""
    async with aiohttp.ClientSession() as session:
        customer = Customer(session, sim_url)
        await customer.join()
        yield customer
