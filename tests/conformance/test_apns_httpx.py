"""httpx with HTTP/2, unmodified, pushes to Apple's service on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from certs.identity import Identity
from mdm_server.wire.apns import Reason
from rigs.apple_push import TOKEN, TOPIC, PushSocketRig, push_identity, push_sockets

URL = f"/3/device/{TOKEN.hex()}"
PUSH = {"mdm": "magic"}


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[PushSocketRig]:
    """Run Apple's push service."""
    async with push_sockets(tmp_path) as rig:
        yield rig


@asynccontextmanager
async def client(apple: PushSocketRig, identity: Identity | None) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client with a push certificate, or without one."""
    base = f"https://127.0.0.1:{apple.port}"
    async with httpx.AsyncClient(http1=False, http2=True, base_url=base, verify=apple.context(identity)) as opened:
        yield opened


async def test_a_push_arrives_at_its_device(apple: PushSocketRig) -> None:
    """200, nothing in the body, and an identifier: the one that was sent, or a new one."""
    apple.line.listen(TOKEN)
    async with client(apple, push_identity(apple.authority)) as provider:
        first = await provider.post(URL, json=PUSH, headers={"apns-topic": TOPIC, "apns-push-type": "mdm"})
        second = await provider.post(URL, json=PUSH, headers={"apns-id": "5f3a1c5e-0d3a-4a5e-9f0e-3f6f3f1c2b1a"})
    assert [first.http_version, first.status_code, first.content] == ["HTTP/2", 200, b""]
    assert len(first.headers["apns-id"]) == 36
    assert second.headers["apns-id"] == "5f3a1c5e-0d3a-4a5e-9f0e-3f6f3f1c2b1a"
    assert apple.magics == ["magic", "magic"]


async def test_refusals_say_apples_reason(apple: PushSocketRig) -> None:
    """Path, method, topic, payload: the status and the one word that Apple has for it."""
    large = {"mdm": "m" * 5000}
    told = []
    async with client(apple, push_identity(apple.authority)) as provider:
        for request in (
            provider.get(URL),
            provider.post("/3/devices/00", json=PUSH),
            provider.post("/3/device/", json=PUSH),
            provider.post("/3/device/xyz", json=PUSH),
            provider.post(URL, json=PUSH, headers={"apns-topic": "com.example.other"}),
            provider.post(URL),
            provider.post(URL, json=large),
            provider.post(URL, json=PUSH, headers=[("apns-topic", TOPIC), ("apns-topic", TOPIC)]),
        ):
            answer = await request
            told.append((answer.status_code, answer.json()["reason"]))
    assert told == [
        (405, "MethodNotAllowed"),
        (404, "BadPath"),
        (400, "MissingDeviceToken"),
        (400, "BadDeviceToken"),
        (400, "TopicDisallowed"),
        (400, "PayloadEmpty"),
        (413, "PayloadTooLarge"),
        (400, "DuplicateHeaders"),
    ]


async def test_a_body_without_end_is_answered_before_it_ends(apple: PushSocketRig) -> None:
    """Megabytes are not read to say that they are too many, and the connection goes on."""
    async with client(apple, push_identity(apple.authority)) as provider:
        assert (await provider.post(URL, content=b"x" * 3_000_000)).status_code == 413
        assert (await provider.post(URL, json=PUSH)).status_code == 200


async def test_a_provider_without_certificate_and_token_is_told_what_is_missing(apple: PushSocketRig) -> None:
    """403: the connection stands, for it might have sent a token."""
    async with client(apple, None) as provider:
        answer = await provider.post(URL, json=PUSH, headers={"apns-topic": TOPIC})
    assert (answer.status_code, answer.json()) == (403, {"reason": "MissingProviderToken"})


async def test_a_token_that_is_gone_says_since_when(apple: PushSocketRig) -> None:
    """410 with milliseconds."""
    apple.line.listen(TOKEN)
    apple.line.gone(TOKEN)
    since = apple.courier.gone_since(TOKEN)
    assert since is not None
    async with client(apple, push_identity(apple.authority)) as provider:
        answer = await provider.post(URL, json=PUSH)
    assert (answer.status_code, answer.json()) == (
        410,
        {"reason": "Unregistered", "timestamp": int(since.timestamp() * 1000)},
    )


@pytest.mark.parametrize("reason", Reason)
async def test_every_reason_can_be_arranged_for(apple: PushSocketRig, reason: Reason) -> None:
    """Once, for the next push; the one behind it goes through on the same connection."""
    apple.fail(reason)
    async with client(apple, push_identity(apple.authority)) as provider:
        answer = await provider.post(URL, json=PUSH)
        assert (answer.status_code, answer.json()["reason"]) == (reason.status, reason)
        assert (await provider.post(URL, json=PUSH)).status_code == 200


async def test_after_a_goaway_the_client_opens_another_connection(apple: PushSocketRig) -> None:
    """The push that came with it was taken."""
    apple.line.listen(TOKEN)
    apple.fail("goaway")
    async with client(apple, push_identity(apple.authority)) as provider:
        for _ in range(3):
            assert (await provider.post(URL, json=PUSH)).status_code == 200
    assert len(apple.arrived) == 3
    assert [entry.event for entry in apple.journal.entries()].count("connected") == 2


async def test_a_connection_that_breaks_leaves_the_client_without_an_answer(apple: PushSocketRig) -> None:
    """And the device without a push."""
    apple.line.listen(TOKEN)
    apple.fail("disconnect")
    async with client(apple, push_identity(apple.authority)) as provider:
        with pytest.raises(httpx.RemoteProtocolError):
            await provider.post(URL, json=PUSH)
    assert apple.arrived == []


async def test_a_thousand_pushes_at_once_share_one_connection(apple: PushSocketRig) -> None:
    """Each is answered, and each arrives."""
    tokens = [number.to_bytes(32, "big") for number in range(1000)]
    for token in tokens:
        apple.line.listen(token)
    async with client(apple, push_identity(apple.authority)) as provider:
        answers = await asyncio.gather(*(provider.post(f"/3/device/{token.hex()}", json=PUSH) for token in tokens))
    assert {answer.status_code for answer in answers} == {200}
    assert {token for token, _ in apple.arrived} == set(tokens)
