"""The device API as somebody else's MDM uses it: over sockets, with a key and a token that openssl handles."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.embed.apple_server import AppleServerSettings
from rigs import oracles
from rigs.apple_server import AppleRig, running_apple
from rigs.dep_client import Answer, DepClient, LostError, Walker
from rigs.go_http import http_request

DEVICES = 5000


@pytest.fixture
async def apple() -> AsyncIterator[AppleRig]:
    """Run Apple alone, with a plain listener and depsim's tokens too."""
    async with running_apple(AppleServerSettings(http="127.0.0.1:0", dep=DepSettings(depsim=True), seed=7)) as rig:
        yield rig


def client_at(url: str, secrets: Mapping[str, str], ca_file: Path | None = None) -> DepClient:
    """Return a client that calls over the network, and notices when it is hung up on."""
    tls = None if ca_file is None else ssl.create_default_context(cafile=str(ca_file))

    def call(method: str, at: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            answer = http_request(method, at, headers=dict(headers), body=body or None, tls=tls)
        except (http.client.HTTPException, OSError) as error:
            raise LostError from error
        return Answer(answer.status, answer.headers, answer.body)

    numbers = count()
    return DepClient(
        url, secrets, call, lambda: f"n{next(numbers)}", lambda: int(datetime.now(UTC).timestamp()), agent="other-mdm/1"
    )


async def token_of(apple: AppleRig, server: str, folder: Path) -> Mapping[str, str]:
    """Make a key, upload its certificate, download the token and open it, all with openssl."""
    key, certificate, p7m = folder / "key.pem", folder / "certificate.pem", folder / "token.p7m"
    request = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=other-mdm")
    await asyncio.to_thread(oracles.run, "openssl", *request, "-keyout", key, "-out", certificate)
    status, downloaded = await apple.pull("POST", f"/servers/{server}/token", certificate.read_bytes())
    assert status == 200
    p7m.write_bytes(downloaded)
    opened = await asyncio.to_thread(
        oracles.run, "openssl", "smime", "-decrypt", "-in", p7m, "-inkey", key, "-recip", certificate
    )
    inside = opened.stdout.decode().split("-----BEGIN MESSAGE-----")[1].split("-----END MESSAGE-----")[0]
    secrets = json.loads(inside)
    assert isinstance(secrets, dict)
    return secrets


async def order(apple: AppleRig, organization: str, server: str, serials: list[str]) -> None:
    """Buy devices."""
    wanted = {"organization": organization, "server": server, "devices": [{"serial_number": each} for each in serials]}
    status, _ = await apple.pull("POST", "/devices", wanted)
    assert status == 201


async def arrange(apple: AppleRig, point: str, response: str, **more: Any) -> None:
    """Arrange a failure."""
    wanted = {"service": "dep", "point": point, "response": response, "name": f"{point} {response}", **more}
    status, _ = await apple.pull("POST", "/faults", wanted)
    assert status == 201


async def test_another_mdm_walks_its_devices_while_answers_fail(apple: AppleRig, tmp_path: Path) -> None:
    """Over TLS, in pages of two hundred; calls that are drawn from the seed are hung up on or refused."""
    organization, server = await apple.join()
    serials = [f"C{number:06}" for number in range(DEVICES)]
    await order(apple, organization, server, serials)
    for point in ("post_server_devices", "post_devices_sync"):
        for response in ("cut", "lost", "unauthorized", "unavailable", "too_many_requests"):
            await arrange(apple, point, response, count=2, probability=0.5)
    client = client_at(apple.server.url, await token_of(apple, server, tmp_path), apple.server.ca_file)
    walker = Walker(client, limit=200)
    await asyncio.to_thread(walker.walk)
    assert sorted(walker.picture) == serials
    status, _ = await apple.pull("DELETE", f"/devices/{serials[0]}")
    assert status == 200
    await order(apple, organization, server, ["NEW1"])
    await asyncio.to_thread(walker.walk)
    assert sorted(walker.picture) == [*serials[1:], "NEW1"]
    _, journal = await apple.pull("GET", "/journal")
    assert len([entry for entry in journal["entries"] if entry["event"] == "fault"]) > 5


async def test_a_profile_goes_all_its_way_over_the_network(apple: AppleRig, tmp_path: Path) -> None:
    """Defined, shown, assigned by either verb, removed with a DELETE that has a body, and the device locked."""
    organization, server = await apple.join()
    await order(apple, organization, server, ["C1", "C2"])
    client = client_at(apple.server.url, await token_of(apple, server, tmp_path), apple.server.ca_file)

    def use() -> None:
        profile = {"profile_name": "Phones", "url": "https://mdm.example/enroll", "skip_setup_items": ["Siri"]}
        uuid = client.ask("POST", "/profile", profile)["profile_uuid"]
        shown = client.ask("GET", f"/profile?profile_uuid={uuid.replace('-', '')}")
        assert profile.items() <= shown.items()
        for verb, serial in (("PUT", "C1"), ("POST", "C2")):
            assigned = client.ask(verb, "/profile/devices", {"profile_uuid": uuid, "devices": [serial]})
            assert assigned["devices"] == {serial: "SUCCESS"}
        removed = client.ask("DELETE", "/profile/devices", {"profile_uuid": uuid, "devices": ["C1"]})
        assert removed["devices"] == {"C1": "SUCCESS"}
        details = client.ask("POST", "/devices", {"devices": ["C1", "C2"]})["devices"]
        assert [details[serial]["profile_status"] for serial in ("C1", "C2")] == ["removed", "assigned"]
        assert client.ask("POST", "/device/activationlock", {"device": "C2"})["response_status"] == "SUCCESS"
        assert client.ask("POST", "/devices/disown", {"devices": ["C1"]})["devices"] == {"C1": "SUCCESS"}

    await asyncio.to_thread(use)


async def test_a_client_of_depsim_finds_a_depsim(apple: AppleRig) -> None:
    """In plain HTTP: the fixed tokens from /token, a session, the account."""
    assert apple.server.http_url is not None
    url = apple.server.http_url
    told = await asyncio.to_thread(http_request, "GET", f"{url}/token")
    client = client_at(url, json.loads(told.body))
    account = await asyncio.to_thread(client.ask, "GET", "/account")
    assert account["server_name"] == "depsim"
