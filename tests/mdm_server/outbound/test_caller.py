"""Calls to other people's servers: whom they trust, how long they wait, and how much they take."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from mdm_server.outbound.caller import HttpCaller
from mdm_server.service.calling import CallFailedError
from rigs.sockets import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Return somebody who vouches for servers."""
    return Authority.create(clock=lambda: datetime.now(UTC), random_bytes=random.Random(3).randbytes)


@pytest.fixture
async def url(authority: Authority, tmp_path: Path) -> AsyncIterator[str]:
    """Run a server that says what it was asked, or misbehaves."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/slow":
            await asyncio.sleep(PATIENCE_SECONDS)
        if request.path == "/long":
            return web.Response(body=bytes(5000))
        if request.path == "/elsewhere":
            raise web.HTTPFound("/slow")
        if request.path == "/broken":
            assert request.transport is not None
            request.transport.abort()
        told = (
            f"{request.method} {request.raw_path} {request.headers.get('X-Who', '')} ".encode() + await request.read()
        )
        return web.Response(body=told, headers={"X-ADM-Auth-Session": "next"})

    file = tmp_path / "server.pem"
    file.write_bytes(authority.issue_server(("127.0.0.1",)).pem())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def caller(authority: Authority) -> AsyncIterator[HttpCaller]:
    """Return a caller that trusts the server."""
    pem = authority.root.certificate.public_bytes(Encoding.PEM).decode()
    caller = HttpCaller(pem, deadline=PATIENCE_SECONDS / 2, max_bytes=4096)
    yield caller
    await caller.close()


async def test_a_call_goes_out_as_it_was_written_and_its_answer_comes_back(url: str, caller: HttpCaller) -> None:
    """The address untouched, for it may be signed; header names in lower case; a body with any method."""
    called = await caller.call("DELETE", f"{url}/profile/devices?uuid=A%2Db", {"X-Who": "us"}, b"{}")
    assert (called.status, called.body) == (200, b"DELETE /profile/devices?uuid=A%2Db us {}")
    assert called.headers["x-adm-auth-session"] == "next"


async def test_a_redirect_is_an_answer_like_any_other(url: str, caller: HttpCaller) -> None:
    """Nobody is led elsewhere with a token in hand."""
    assert (await caller.call("GET", f"{url}/elsewhere", {})).status == 302


@pytest.mark.parametrize(("path", "reason"), [("/long", "body.size"), ("/broken", "broken")])
async def test_an_answer_that_is_too_long_or_breaks_off_is_a_failure(
    url: str, caller: HttpCaller, path: str, reason: str
) -> None:
    """Nothing of it is taken."""
    with pytest.raises(CallFailedError) as failed:
        await caller.call("GET", url + path, {})
    assert failed.value.reason == reason


async def test_an_answer_that_does_not_come_is_waited_for_in_vain_only_so_long(url: str, authority: Authority) -> None:
    """The deadline is for the whole call."""
    pem = authority.root.certificate.public_bytes(Encoding.PEM).decode()
    caller = HttpCaller(pem, deadline=0.2)
    with pytest.raises(CallFailedError) as failed:
        await caller.call("GET", f"{url}/slow", {})
    assert failed.value.reason == "timeout"
    await caller.close()


async def test_a_server_that_nobody_vouches_for_is_told_nothing(url: str) -> None:
    """Its certificate is another authority's than those trusted here."""
    caller = HttpCaller()
    with pytest.raises(CallFailedError) as failed:
        await caller.call("GET", url, {})
    assert failed.value.reason == "tls.untrusted"
    await caller.close()
    await caller.close()


async def test_where_nobody_listens_the_call_is_refused_and_nonsense_is_called_nowhere(caller: HttpCaller) -> None:
    """Each with a reason of its own."""
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(CallFailedError) as failed:
        await caller.call("GET", f"https://127.0.0.1:{port}/", {})
    assert failed.value.reason == "connect.refused"
    with pytest.raises(CallFailedError) as failed:
        await caller.call("GET", "not an address", {})
    assert failed.value.reason == "broken"
