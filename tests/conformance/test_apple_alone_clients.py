"""Other people's programs at `mdm-server apple serve`: a client of the device API, aioapns, httpx, an MDM server."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from aioapns import APNs, NotificationRequest, PushType
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from mdm_server.wire.courier import Listen, Push, encode, parse_from_server
from rigs import foreign_pkcs7 as pkcs7
from rigs.apple_program import AppleProgram, apple_program
from rigs.apple_push import TOKEN
from rigs.dep_client import Answer, DepClient, LostError, Walker
from rigs.foreign_servers import TOPIC, ForeignServer, foreign_server
from rigs.go_http import http_request
from rigs.processes import EMULATOR, PATIENCE_SECONDS, loopback_address, run_program

SOON = 60.0


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[AppleProgram]:
    """Run Apple as strict as it can be."""
    strict = ("--strict-user-agent", "--strict-protocol-version", "--seed", "7")
    async with apple_program(tmp_path, loopback_address(tmp_path), *strict) as program:
        yield program


async def test_a_client_of_the_device_api_walks_through_failures_and_a_restart(apple: AppleProgram) -> None:
    """Its picture is Apple's: after a fetch, after what came and went, and after Apple has forgotten all sessions."""
    organization, server = await apple.join()
    await apple.customer("order", organization, "--count", "300", "--server", server)
    await apple.customer("order", organization, "LATE1", "LATE2", "--server", server, "--in", "1")
    for point in ("get_session", "post_server_devices", "post_devices_sync"):
        for response in ("unauthorized", "lost", "service_unavailable"):
            await apple.customer("fault", "dep", point, response, "--name", f"{point} {response}", "--count", "2")
    walker = Walker(dep_client(apple, await apple.server_token(server)), limit=50)
    await asyncio.to_thread(walker.walk)
    bought = await _serials(apple, organization)
    assert {"LATE1", "LATE2"} < bought
    await asyncio.to_thread(walker.walk)
    assert set(walker.picture) == bought
    await apple.customer("assign", "LATE1")
    await apple.stop()
    await apple.start()
    await asyncio.to_thread(walker.walk)
    assert set(walker.picture) == bought - {"LATE1"}
    assert (walker.begun_anew, walker.client.sessions_opened > 3) == (0, True)


async def test_aioapns_and_httpx_push_to_whoever_listens(apple: AppleProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a certificate from the portal: one calls api.push.apple.com, where a hosts entry leads here; one is told."""
    certificate, key = await apple.push_certificate(TOPIC)
    context = apple.tls
    context.load_cert_chain(certificate, key)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{apple.url}/courier", ssl=apple.tls) as device,
        httpx.AsyncClient(http1=False, http2=True, base_url=apple.said["push"], verify=context) as client,
    ):
        await device.send_str(encode(Listen((TOKEN,))))
        await device.receive_str(timeout=SOON)
        async with provider(apple, certificate, key, monkeypatch) as fixed:
            result = await fixed.send_notification(
                NotificationRequest(TOKEN.hex(), {"mdm": "1"}, push_type=PushType.MDM)
            )
        assert result.is_successful
        assert (await client.post(f"/3/device/{TOKEN.hex()}", json={"mdm": "2"})).status_code == 200
        arrived = [parse_from_server(await device.receive_str(timeout=SOON)) for _ in range(2)]
    assert arrived == [Push(TOKEN, "1"), Push(TOKEN, "2")]


async def test_virtual_devices_are_led_to_somebody_elses_server_and_woken_for_it(
    apple: AppleProgram, rsa_keys: list[rsa.RSAPrivateKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bought, assigned by a foreign client, activated, enrolled at a foreign server, pushed by aioapns, commanded."""
    boxes = (await run_program(*EMULATOR, "serials", "--devices", "3", "--seed", "7")).output.split()
    organization, server = await apple.join()
    await apple.customer("order", organization, *boxes, "--server", server)
    async with foreign_server("micromdm", pkcs7.SmallAuthority.create(rsa_keys[2], "foreign CA TEST")) as mdm:
        mdm.device_root = apple.ca_file
        profile = {"profile_name": "phones", "url": f"{mdm.url}/mdm/enroll", "is_supervised": True, "devices": boxes}
        client = dep_client(apple, await apple.server_token(server))
        defined = await asyncio.to_thread(client.ask, "POST", "/profile", profile)
        assert set(defined["devices"].values()) == {"SUCCESS"}
        certificate, key = await apple.push_certificate(TOPIC)
        async with fleet(apple, "--devices", "3", "--seed", "7"):
            await _until(lambda: len(_listening(mdm)) == len(boxes), mdm)
            for udid in mdm.enrolled:
                mdm.order(udid, f"command for {udid}")
            asked = mdm.messages.count("Idle")
            async with provider(apple, certificate, key, monkeypatch) as push:
                for token, magic in _listening(mdm).values():
                    wake = NotificationRequest(token.hex(), {"mdm": magic}, push_type=PushType.MDM)
                    assert (await push.send_notification(wake)).is_successful
            await _until(lambda: mdm.messages.count("Acknowledged") == len(boxes), mdm)
        assert mdm.messages.count("Idle") == asked + len(boxes)
    assert sorted(each["SERIAL"] for each in mdm.introduced) == sorted(boxes)
    assert mdm.enrolled == {each["UDID"] for each in mdm.introduced}
    details = (await asyncio.to_thread(client.ask, "POST", "/devices", {"devices": boxes}))["devices"]
    assert {each["profile_status"] for each in details.values()} == {"pushed"}


async def test_a_device_that_another_apple_vouches_for_is_not_believed(
    apple: AppleProgram, rsa_keys: list[rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    """The foreign server judges the MachineInfo by itself: with another root it gives out no profile."""
    boxes = (await run_program(*EMULATOR, "serials", "--devices", "1", "--seed", "7")).output.split()
    organization, server = await apple.join()
    await apple.customer("order", organization, *boxes, "--server", server)
    authority = pkcs7.SmallAuthority.create(rsa_keys[2], "foreign CA TEST")
    async with foreign_server("micromdm", authority) as mdm:
        mdm.device_root = tmp_path / "another.pem"
        mdm.device_root.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
        profile = {"profile_name": "phones", "url": f"{mdm.url}/mdm/enroll", "devices": boxes}
        client = dep_client(apple, await apple.server_token(server))
        await asyncio.to_thread(client.ask, "POST", "/profile", profile)
        here = ("--apple", apple.url, "--ca", str(apple.ca_file), "--keys", "fresh")
        done = await run_program(*EMULATOR, "load", *here, "--devices", "1", "--seed", "7", seconds=SOON)
    assert (done.exit_code, mdm.introduced, mdm.enrolled) == (1, [], set())


def dep_client(apple: AppleProgram, secrets: Mapping[str, Any]) -> DepClient:
    """Return a client that imports nothing of ours, at this Apple."""
    numbers, tls = count(), apple.tls

    def call(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            answer = http_request(method, url, headers=dict(headers), body=body or None, tls=tls)
        except (http.client.HTTPException, OSError) as error:
            raise LostError from error
        return Answer(answer.status, answer.headers, answer.body)

    return DepClient(
        apple.url, secrets, call, lambda: f"n{next(numbers)}", lambda: int(datetime.now(UTC).timestamp()), "some-mdm/1"
    )


@asynccontextmanager
async def provider(
    apple: AppleProgram, certificate: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[APNs]:
    """Return aioapns, which knows nothing but the name of Apple's push service; the name leads here."""
    both = await asyncio.to_thread(_joined, certificate, key)
    trust = ssl.create_default_context(cafile=str(apple.ca_file))
    trust.set_alpn_protocols(["h2"])

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        assert (host, port) == ("api.push.apple.com", 443)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (apple.address, 2197))]

    with monkeypatch.context() as hosts:
        hosts.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        opened = APNs(client_cert=str(both), topic=TOPIC, ssl_context=trust)
        yield opened
        opened.pool.close()


@asynccontextmanager
async def fleet(apple: AppleProgram, *options: str) -> AsyncIterator[None]:
    """Switch virtual devices on, and off at the end of the block."""
    here = ("--apple", apple.url, "--ca", str(apple.ca_file), "--courier", f"wss://{apple.address}:8445/courier")
    rest = ("--keys", "fresh", "--connects", "0", "--duration", str(SOON), "--legacy-algorithms")
    process = await asyncio.create_subprocess_exec(
        *EMULATOR, "load", *here, *rest, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await process.communicate()
        assert process.returncode == 130, errors.decode()
        assert "woken by push" in output.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def _joined(certificate: Path, key: Path) -> Path:
    """Return both in one file, as aioapns has them."""
    both = certificate.with_name("provider.pem")
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    return both


async def _serials(apple: AppleProgram, organization: str) -> set[str]:
    told = await apple.customer("devices", organization, "--json")
    return {each["serial_number"] for each in json.loads(told)}


def _listening(mdm: ForeignServer) -> dict[str, tuple[bytes, str]]:
    """Return where each enrolled device can be pushed: the token and the magic that it gave its server."""
    updates = (each.message for each in mdm.requests if each.message.get("MessageType") == "TokenUpdate")
    return {each["UDID"]: (each["Token"], each["PushMagic"]) for each in updates}


async def _until(condition: Callable[[], bool], mdm: ForeignServer) -> None:
    try:
        async with asyncio.timeout(SOON):
            while not condition():  # noqa: ASYNC110 - what a server is told sets no event
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"waited in vain; the server was told {mdm.messages}")
