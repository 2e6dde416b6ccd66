"""Apple's port: what is asked becomes a call, and faults show on the wire."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.clouds.apple.services import AppleServices
from mdm_server.clouds.call import Call, Reply
from mdm_server.embed.apple_server import AppleServerSettings
from mdm_server.web.apple.application import apple_port
from mdm_server.web.limits import Limits
from rigs.apple_server import AppleRig, running_apple


@pytest.fixture
async def apple() -> AsyncIterator[AppleRig]:
    """Run Apple alone, with a plain listener too."""
    async with running_apple(AppleServerSettings(http="127.0.0.1:0", dep=DepSettings(depsim=True))) as rig:
        yield rig


async def ask(apple: AppleRig, method: str, url: str, **request: Any) -> tuple[int, bytes]:
    """Ask something, and return status and body."""
    async with apple.session.request(method, url, **request) as response:
        return response.status, await response.read()


async def test_the_device_api_answers_over_tls_and_in_plain(apple: AppleRig) -> None:
    """Whoever has no session hears so in Apple's words, whichever listener they came through."""
    for base in (apple.server.url, apple.server.http_url):
        assert await ask(apple, "GET", f"{base}/account") == (401, b"UNAUTHORIZED")


async def test_activation_has_its_own_address(apple: AppleRig) -> None:
    """A body that is no activation request is said to be none."""
    status, said = await ask(apple, "POST", f"{apple.server.url}/activation", data=b"nonsense")
    assert status == 400
    assert b"expected" in said


async def test_depsims_token_is_told_where_depsim_is_played(apple: AppleRig) -> None:
    """GET /token, as its clients ask."""
    status, token = await ask(apple, "GET", f"{apple.server.http_url}/token")
    assert status == 200
    assert b'"consumer_key":"CK_48dd68d198' in token


@dataclass
class Moody:
    """Services that answer everything as they are told to."""

    reply: Reply
    courier: Courier = field(default_factory=lambda: Courier(lambda: datetime.now(UTC)))

    def answer(self, call: Call) -> Reply:
        """Answer."""
        return self.reply


@asynccontextmanager
async def moody(reply: Reply) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """Run Apple's port in front of services in a mood."""
    async with TestClient(TestServer(apple_port(cast("AppleServices", Moody(reply)), Limits()))) as client:
        yield client


async def test_an_answer_can_be_late() -> None:
    """A delay is waited for before the answer leaves: whoever waits for less gets none."""
    async with moody(Reply(body=b"at last", delay=0.3)) as client:
        with pytest.raises(TimeoutError):
            await client.get("/account", timeout=aiohttp.ClientTimeout(total=0.05))
        assert await (await client.get("/account")).read() == b"at last"


async def test_a_connection_can_be_cut() -> None:
    """Nothing is sent at all, not even a status."""
    async with moody(Reply(cut=True)) as client:
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get("/account")


async def test_apples_port_is_named_like_apples(apple: AppleRig) -> None:
    """Its certificate is good for the names that programs with fixed addresses call."""
    connector = aiohttp.TCPConnector(
        ssl=ssl.create_default_context(cafile=str(apple.server.ca_file)), resolver=FixedResolver()
    )
    port = apple.server.url.rpartition(":")[2]
    url = f"https://mdmenrollment.apple.com:{port}/account"
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as response:
        assert response.status == 401


class FixedResolver(aiohttp.abc.AbstractResolver):
    """An entry in the hosts file: every name leads to this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        """Return the loopback address."""
        return [
            aiohttp.abc.ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0),
        ]

    async def close(self) -> None:
        """Forget nothing."""
