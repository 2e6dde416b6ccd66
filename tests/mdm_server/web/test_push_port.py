from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from h2.connection import H2Connection
from h2.events import ConnectionTerminated

from certs.names import name_of
from mdm_server.web.http2 import Http2Limits
from mdm_server.wire.apns import Reason
from rigs.apple_push import NOON, TOKEN, PushSocketRig, apple_authority, push_identity, push_sockets

URL = f"/3/device/{TOKEN.hex()}"
PUSH = {"mdm": "magic"}


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[PushSocketRig]:
    """Run Apple's push service."""
    async with push_sockets(tmp_path) as rig:
        rig.line.listen(TOKEN)
        yield rig


def client(apple: PushSocketRig, context: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """Return a provider."""
    context = context or apple.context(push_identity(apple.authority))
    return httpx.AsyncClient(http1=False, http2=True, base_url=f"https://127.0.0.1:{apple.port}", verify=context)


async def until_arrived(apple: PushSocketRig, count: int = 1) -> None:
    """Wait for pushes."""
    async with asyncio.timeout(10):
        while len(apple.arrived) < count:  # noqa: ASYNC110  # a push that arrives sets no event
            await asyncio.sleep(0.005)


async def test_delayed_pushes_arrive_by_themselves(apple: PushSocketRig) -> None:
    """The port looks after them: also the one that becomes due before another that waits longer."""
    async with client(apple) as provider:
        for seconds in (3600, 0.05):
            apple.fail("delayed", delay=seconds)
            assert (await provider.post(URL, json=PUSH)).status_code == 200
    assert apple.arrived == []
    await until_arrived(apple)
    assert apple.push.next_delivery is not None


async def test_an_overtaken_push_arrives_behind_the_other(apple: PushSocketRig) -> None:
    """In the order in which a network may bring them."""
    apple.fail("reordered")
    async with client(apple) as provider:
        for magic in ("first", "second"):
            await provider.post(URL, json={"mdm": magic})
    assert apple.magics == ["second", "first"]


async def test_the_port_closes_under_its_providers(tmp_path: Path) -> None:
    """They are told Shutdown, and nobody holds up the end."""
    async with push_sockets(tmp_path) as apple:
        provider = client(apple)
        assert (await provider.post(URL, json=PUSH)).status_code == 200
        assert apple.listening is not None
        async with asyncio.timeout(5):
            await apple.listening.close()
        with pytest.raises(httpx.TransportError):
            await provider.post(URL, json=PUSH)
        await provider.aclose()


async def test_a_service_that_shuts_down_says_so(apple: PushSocketRig) -> None:
    """503, while its port is still open."""
    apple.push.shut_down()
    async with client(apple) as provider:
        answer = await provider.post(URL, json=PUSH)
    assert (answer.status_code, answer.json()) == (503, {"reason": Reason.SHUTDOWN})


async def test_a_certificate_of_another_authority_is_turned_away_in_the_handshake(apple: PushSocketRig) -> None:
    """Like Apple does; one of Apple's own that is no push certificate is let in, and told BadCertificate."""
    stranger = apple.context(push_identity(apple_authority(NOON)))
    async with client(apple, stranger) as provider:
        with pytest.raises(httpx.TransportError):
            await provider.post(URL, json=PUSH)
    device = apple.authority.issue_identity(name_of("a device"))
    async with client(apple, apple.context(device)) as provider:
        answer = await provider.post(URL, json=PUSH)
    assert (answer.status_code, answer.json()) == (403, {"reason": Reason.BAD_CERTIFICATE})
    assert apple.arrived == []


async def test_a_silent_provider_is_told_why_it_is_hung_up_on(tmp_path: Path) -> None:
    """A GOAWAY with the reason, and the end of the connection."""
    async with push_sockets(tmp_path, http2=Http2Limits(preface_seconds=0.1, idle_seconds=0.1)) as apple:
        context = apple.context(push_identity(apple.authority))
        reader, writer = await asyncio.open_connection("127.0.0.1", apple.port, ssl=context)
        provider = H2Connection()
        provider.initiate_connection()
        writer.write(provider.data_to_send())
        async with asyncio.timeout(10):
            events = provider.receive_data(await reader.read())
        writer.close()
        await writer.wait_closed()
    [end] = [event for event in events if isinstance(event, ConnectionTerminated)]
    assert end.additional_data == b'{"reason":"IdleTimeout"}'
