"""A program written for Workspace ONE UEM, as the server's API sees it: its headers, and nothing of ours."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from multidict import CIMultiDictProxy

from mdm_server.embed.administrators import ApiCredentials
from rigs.sockets import SocketRig


@dataclass(frozen=True)
class Told:
    """What a call was answered."""

    status: int
    document: Any
    headers: CIMultiDictProxy[str]


@dataclass(frozen=True)
class Caller:
    """Calls a server's API."""

    rig: SocketRig

    @property
    def credentials(self) -> ApiCredentials:
        """What the server printed when it started."""
        assert self.rig.server.api is not None
        return self.rig.server.api

    @property
    def headers(self) -> dict[str, str]:
        """Return what proves who calls."""
        return {
            "Authorization": basic(self.credentials.user, self.credentials.password),
            "aw-tenant-code": self.credentials.tenant_code,
        }

    async def call(
        self,
        method: str,
        path: str,
        *,
        version: int | None = None,
        headers: dict[str, str] | None = None,
        **request: Any,
    ) -> Told:
        """Call; `headers` replaces what proves who calls."""
        sent = dict(self.headers if headers is None else headers)
        if version is not None:
            sent["Accept"] = f"application/json;version={version}"
        url = self.rig.server.url + path
        async with self.rig.session.request(method, url, ssl=self.rig.tls, headers=sent, **request) as response:
            is_json = "json" in response.headers.get("Content-Type", "")
            return Told(response.status, await (response.json() if is_json else response.read()), response.headers)


def basic(user: str, password: str) -> str:
    """Return the header of Basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
