"""aioapns, unmodified, pushes to `api.push.apple.com`: the name is all that it knows, as an MDM with a fixed address.

What a line in /etc/hosts does for such an MDM, the loop's resolver does here: the name leads to this machine. The rest
is as in earnest: TLS, the name in the certificate, an authority that the client was told to trust.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aioapns import APNs, NotificationRequest, PushType
from aioapns.exceptions import MaxAttemptsExceeded
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mdm_server.clouds.apple.push.provider_tokens import ProviderKey
from mdm_server.wire.apns import Reason
from rigs.apple_push import TOKEN, TOPIC, PushSocketRig, push_identity, push_sockets

APPLE = "api.push.apple.com"


@pytest.fixture
async def apple(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PushSocketRig]:
    """Run Apple's push service where its name leads to."""
    async with push_sockets(tmp_path) as rig:
        loop = asyncio.get_running_loop()

        async def resolve(host: str, port: int, **_: Any) -> list[Any]:
            assert (host, port) == (APPLE, 443)
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", rig.port))]

        monkeypatch.setattr(loop, "getaddrinfo", resolve)
        rig.line.listen(TOKEN)
        yield rig


@pytest.fixture
async def provider(apple: PushSocketRig) -> AsyncIterator[APNs]:
    """Return a provider with a push certificate; the topic it reads from there itself."""
    identity = push_identity(apple.authority)
    opened = APNs(client_cert=str(apple.identity_file(identity)), topic=TOPIC, ssl_context=apple.context())
    yield opened
    opened.pool.close()


def wake(magic: str = "magic", token: bytes = TOKEN, **more: Any) -> NotificationRequest:
    """Return a push that wakes a device."""
    return NotificationRequest(token.hex(), {"mdm": magic}, push_type=PushType.MDM, **more)


async def test_a_push_arrives_at_its_device(apple: PushSocketRig, provider: APNs) -> None:
    """With identifier, expiry, priority and collapse identifier, as MDM servers send them."""
    request = wake(time_to_live=3600, priority=10, collapse_key="mdm")
    result = await provider.send_notification(request)
    assert (result.is_successful, result.notification_id) == (True, request.notification_id)
    assert apple.arrived == [(TOKEN, "magic")]


async def test_hundreds_of_pushes_at_once_are_told_apart(apple: PushSocketRig, provider: APNs) -> None:
    """Each answer belongs to its push, refusals too."""
    gone = bytes(32)
    apple.push.gone([gone])
    requests = [wake(str(number), gone if number % 5 == 0 else number.to_bytes(32, "big")) for number in range(500)]
    results = await asyncio.gather(*map(provider.send_notification, requests))
    refused = [index for index, result in enumerate(results) if result.description == "Unregistered"]
    assert refused == list(range(0, 500, 5))
    assert all(result.is_successful for index, result in enumerate(results) if index % 5)
    assert all(results[index].timestamp for index in refused)


async def test_who_does_not_trust_this_apple_does_not_push_to_it(apple: PushSocketRig) -> None:
    """The name alone opens nothing: the test CA has to be installed."""
    identity = push_identity(apple.authority)
    stranger = APNs(client_cert=str(apple.identity_file(identity)), topic=TOPIC, max_connection_attempts=1)
    with pytest.raises(MaxAttemptsExceeded):
        await stranger.send_notification(wake())
    assert apple.arrived == []


@pytest.mark.parametrize("reason", [Reason.UNREGISTERED, Reason.TOO_MANY_REQUESTS, Reason.SHUTDOWN, Reason.BAD_TOPIC])
async def test_it_reads_why_a_push_was_refused(apple: PushSocketRig, provider: APNs, reason: Reason) -> None:
    """Status, reason, and for tokens that are gone the timestamp."""
    apple.fail(reason)
    result = await provider.send_notification(wake())
    assert (result.status, result.description) == (str(reason.status), reason)
    assert (result.timestamp is not None) is (reason is Reason.UNREGISTERED)


async def test_it_comes_back_after_a_goaway(apple: PushSocketRig, provider: APNs) -> None:
    """On a new connection, once it has noticed: it lets go of the old one a moment after it has read the GOAWAY."""
    apple.fail("goaway")
    assert (await provider.send_notification(wake("0"))).is_successful
    for _ in range(5000):
        if not provider.pool.connections:
            break
        await asyncio.sleep(0.001)
    for number in (1, 2):
        assert (await provider.send_notification(wake(str(number)))).is_successful
    assert apple.magics == ["0", "1", "2"]
    assert [entry.event for entry in apple.journal.entries()].count("connected") == 2


async def test_it_tries_again_when_the_connection_breaks(apple: PushSocketRig, provider: APNs) -> None:
    """The push that got no answer is sent a second time, and arrives once: Apple had not taken the first."""
    apple.fail("disconnect")
    assert (await provider.send_notification(wake())).is_successful
    assert apple.magics == ["magic"]


async def test_a_provider_token_opens_the_door_as_well(apple: PushSocketRig) -> None:
    """The JSON Web Tokens that PyJWT signs are the ones that are accepted here, twenty at once on one connection."""
    key = ec.generate_private_key(ec.SECP256R1())
    apple.push.keys.register(
        ProviderKey(key_id="KEY4567890", team_id="TEAM567890", public_key=key.public_key(), topics=frozenset({TOPIC}))
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    provider = APNs(key=pem, key_id="KEY4567890", team_id="TEAM567890", topic=TOPIC, ssl_context=apple.context())
    results = await asyncio.gather(*(provider.send_notification(wake(str(number))) for number in range(20)))
    assert {result.status for result in results} == {"200"}
    assert len(apple.arrived) == 20
    provider.pool.close()
