"""Apple's push service alone, as docs/apple-push.md tells the user of another MDM server to use it."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path

import aiohttp
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certs.names import name_of
from mdm_server.wire.courier import Gone, Listen, Push, encode, parse_from_server
from rigs.apple_push import TOKEN, TOPIC
from rigs.apple_server import AppleRig, running_apple
from rigs.command_line import Run, run_cli

PATIENCE = 15.0
URL = f"/3/device/{TOKEN.hex()}"
PUSH = {"mdm": "magic"}


async def _customer(apple: AppleRig, *arguments: str) -> Run:
    run = await asyncio.to_thread(run_cli, "apple", *arguments, "--sim-url", str(apple.server.sim_url))
    assert run.exit_code == 0, run.errors
    return run


async def _provider(apple: AppleRig, folder: Path) -> httpx.AsyncClient:
    """Get a push certificate as the page says, and return a client that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "push.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name_of("push")).sign(key, hashes.SHA256())
    (folder / "push.csr").write_bytes(request.public_bytes(serialization.Encoding.PEM))
    output = folder / "push.pem"
    await _customer(apple, "push-certificate", str(folder / "push.csr"), "--topic", TOPIC, "--output", str(output))
    context = ssl.create_default_context(cafile=str(apple.server.ca_file))
    context.load_cert_chain(output, folder / "push.key")
    return httpx.AsyncClient(http1=False, http2=True, base_url=str(apple.server.push_url), verify=context)


async def test_a_device_is_pushed_and_gone_and_failures_are_arranged_for(tmp_path: Path) -> None:
    """Certificate, push, courier, 410, fault, journal: everything by command line and wire."""
    async with (
        running_apple() as apple,
        aiohttp.ClientSession() as session,
        await _provider(apple, tmp_path) as provider,
    ):
        trust = ssl.create_default_context(cafile=str(apple.server.ca_file))
        async with session.ws_connect(f"{apple.server.url}/courier", ssl=trust) as device:
            await device.send_str(encode(Listen((TOKEN,))))
            await device.receive_str(timeout=PATIENCE)
            assert (await provider.post(URL, json=PUSH)).status_code == 200
            assert parse_from_server(await device.receive_str(timeout=PATIENCE)) == Push(TOKEN, "magic")
            await _customer(apple, "fault", "apns", "push", "TooManyRequests", "--count", "2")
            told = [(await provider.post(URL, json=PUSH)).status_code for _ in range(3)]
            assert told == [429, 429, 200]
            await device.receive_str(timeout=PATIENCE)
            await device.send_str(encode(Gone((TOKEN,))))
            await device.send_str(encode(Listen(())))
            await device.receive_str(timeout=PATIENCE)
        answer = await provider.post(URL, json=PUSH)
        assert (answer.status_code, answer.json()["reason"]) == (410, "Unregistered")
        lines = (await _customer(apple, "journal")).output.splitlines()
    events = [entry["event"] for line in lines if (entry := json.loads(line))["service"] == "apns"]
    assert (events.count("pushed"), events.count("refused"), events.count("fault")) == (2, 3, 2)
