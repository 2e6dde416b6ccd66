"""The server at the other end: where it is, how to trust it, and one call at a time."""

from __future__ import annotations

import asyncio
import functools
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote, urlsplit

import aiohttp
import click

from mdm_server.cli.failure import BAD_INPUT, DEFECT, UNREACHABLE, Failure

Arguments = ParamSpec("Arguments")
Json = dict[str, Any]

DEFAULT_URL = "https://127.0.0.1:8443"
API = "/api/v1"
TIMEOUT = aiohttp.ClientTimeout(total=600, connect=5)
"""A first reading of a large Apple Business Manager takes a minute or more."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A session with one server; every path is below `prefix`."""

    url: str
    session: aiohttp.ClientSession
    tls: ssl.SSLContext | bool
    prefix: str = API

    async def get(self, *path: str, **query: str | int | bool | None) -> Json:
        """Read something."""
        return _json(await self._call("GET", path, query))

    async def post(self, *path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Make or do something."""
        data = json.dumps(body).encode() if body is not None else None
        return _json(await self._call("POST", path, {}, data, "application/json"))

    async def order(self, *path: str, **query: str | int | bool | None) -> Json:
        """Have something done; the particulars are in the query."""
        return _json(await self._call("POST", path, query))

    async def put(self, *path: str, body: Mapping[str, Any]) -> Json:
        """Change something."""
        return _json(await self._call("PUT", path, {}, json.dumps(body).encode(), "application/json"))

    async def upload(self, *path: str, data: bytes, content_type: str) -> Json:
        """Send a file."""
        return _json(await self.exchange(*path, data=data, content_type=content_type))

    async def replace(self, *path: str, data: bytes, content_type: str) -> Json:
        """Send a file that takes the place of another."""
        return _json(await self._call("PUT", path, {}, data, content_type))

    async def exchange(self, *path: str, data: bytes, content_type: str, **query: str | None) -> bytes:
        """Send a file, and get one back."""
        return await self._call("POST", path, query, data, content_type)

    async def download(self, *path: str, body: Mapping[str, Any] | None = None, **query: str | bool | None) -> bytes:
        """Fetch a file; with a body, have it made."""
        if body is None:
            return await self._call("GET", path, query)
        return await self._call("POST", path, query, json.dumps(body).encode(), "application/json")

    async def delete(self, *path: str) -> Json:
        """Take something away."""
        return _json(await self._call("DELETE", path, {}))

    async def _call(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str | int | bool | None],
        data: bytes | None = None,
        content_type: str = "",
    ) -> bytes:
        url = "/".join([f"{self.url}{self.prefix}", *(quote(part, safe="") for part in path)])
        given = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in query.items()
            if value is not None
        }
        headers = {"Content-Type": content_type} if data is not None else {}
        try:
            async with self.session.request(
                method, url, params=given, data=data, headers=headers, ssl=self.tls, allow_redirects=False
            ) as response:
                content = await response.read()
                if response.status >= 300:
                    raise _refused(response.status, content)
                return content
        except aiohttp.ClientConnectorCertificateError as error:
            raise Failure(
                UNREACHABLE,
                f"{self.url}: expected a certificate that --ca vouches for, found {error.certificate_error}; "
                "--ca takes the ca.pem that the server named when it started",
            ) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Failure(
                UNREACHABLE,
                f"{self.url}: no answer ({error or type(error).__name__}); is the server running, is --url right?",
            ) from None


def _json(content: bytes) -> Json:
    found: Json = json.loads(content) if content else {}
    return found


def _refused(status: int, content: bytes) -> Failure:
    try:
        problem = json.loads(content)
        parts = [problem["title"].rstrip(".")]
    except (ValueError, KeyError, TypeError):
        return Failure(
            BAD_INPUT, f"expected an mdmsim server there, found an answer {status} that is not one of its own"
        )
    if problem.get("found"):
        parts.append(f"found {problem['found']}")
    if problem.get("expected"):
        parts.append(f"expected {problem['expected']}")
    if problem.get("remedy"):
        parts.append(problem["remedy"])
    code = DEFECT if status == 500 else UNREACHABLE if status == 503 else BAD_INPUT
    return Failure(code, f"{problem.get('code', status)}: " + "; ".join(parts))


def remote_command(
    function: Callable[Concatenate[Remote, Arguments], Awaitable[None]],
) -> Callable[..., None]:
    """Give a command the options that say which server, and run it as a coroutine with a session to that server."""

    @click.option(
        "--url", envvar="MDMSIM_URL", default=DEFAULT_URL, show_default=True, show_envvar=True, help="The server."
    )
    @click.option(
        "--admin-token", envvar="MDMSIM_ADMIN_TOKEN", show_envvar=True, help="The token `serve` printed first."
    )
    @click.option(
        "--ca", envvar="MDMSIM_CA", type=click.Path(path_type=Path), show_envvar=True, help="The server's ca.pem."
    )
    @functools.wraps(function)
    def command(url: str, admin_token: str | None, ca: Path | None, *args: Any, **options: Any) -> None:
        asyncio.run(_with_session(function, url, admin_token, ca, *args, **options))

    return command


async def _with_session(
    function: Callable[..., Awaitable[None]],
    url: str,
    admin_token: str | None,
    ca: Path | None,
    *args: Any,
    **options: Any,
) -> None:
    split = urlsplit(url)
    if split.scheme not in {"http", "https"} or not split.netloc:
        raise Failure(BAD_INPUT, f"--url: expected https://HOST:PORT, found {url!r}")
    if not admin_token:
        raise Failure(
            BAD_INPUT, "--admin-token: expected the administrator's token, found none; or set MDMSIM_ADMIN_TOKEN"
        )
    headers = {"Authorization": f"Bearer {admin_token}"}
    async with aiohttp.ClientSession(headers=headers, timeout=TIMEOUT) as session:
        await function(Remote(url.rstrip("/"), session, _trust(ca)), *args, **options)


def _trust(ca: Path | None) -> ssl.SSLContext | bool:
    if ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        raise Failure(
            BAD_INPUT, f"--ca: expected a file with certificates in PEM, found {error.strerror or error} ({ca})"
        ) from None
