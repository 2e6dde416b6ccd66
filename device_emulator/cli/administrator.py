"""The person at the other end: the server's administrator, speaking its REST API."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import aiohttp


class AdministratorError(Exception):
    """The server did not do what its administrator asked."""


class RequestDeclined(AdministratorError):  # noqa: N818 - it says what it is
    """A request was answered with something else than its result."""

    def __init__(self, asked: str, status: int, answer: str) -> None:
        self.status = status
        self.answer = answer
        super().__init__(f"{asked}: {status} {answer[:500]}")


class Administrator:
    """Speaks `/api/v1` of an mdmsim server over TLS."""

    def __init__(self, url: str, token: str, ca_file: Path | None) -> None:
        self._base = f"{url}/api/v1"
        self._token = token
        self._context = ssl.create_default_context(cafile=ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Administrator:
        """Open a connection."""
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._token}"}, connector=aiohttp.TCPConnector(ssl=self._context)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """Send one request and return its JSON; raises AdministratorError with the server's own words."""
        assert self._session is not None
        async with self._session.request(method, self._base + path, **options) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise RequestDeclined(f"{method} {path}", answer.status, text)
            return await answer.json() if text else None

    async def add_profile(self, document: bytes) -> str:
        """Upload a configuration profile and return its id."""
        stored = await self.ask("POST", "/profiles", data=document, headers={"Content-Type": "application/xml"})
        return str(stored["profile_id"])

    async def order(
        self, udids: list[str], request_type: str, *, profile_id: str | None = None, **fields: Any
    ) -> dict[str, str]:
        """Queue a command for devices and return its CommandUUID for each; one refusal raises AdministratorError."""
        order = {"udids": udids, "request_type": request_type, "fields": fields}
        if profile_id is not None:
            order["profile_id"] = profile_id
        results = (await self.ask("POST", "/commands", json=order))["results"]
        refused = [one for one in results if not one.get("command_uuid")]
        if refused:
            raise AdministratorError(f"{request_type}: {refused[0]}")
        return {one["udid"]: one["command_uuid"] for one in results}

    async def states(self, udid: str) -> dict[str, str]:
        """Return the state of every command of a device, by CommandUUID."""
        page = await self.ask("GET", f"/devices/{udid}/commands", params={"limit": "500"})
        return {command["command_uuid"]: command["state"] for command in page["commands"]}

    async def status(self, udid: str) -> str:
        """Return the enrolment status of a device."""
        return str((await self.ask("GET", f"/devices/{udid}"))["status"])
