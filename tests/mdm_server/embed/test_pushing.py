from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mdm_server.service.commanding import CommandOrder
from mdm_server.store.journal_codes import JournalCode
from mdm_server.wire.courier import Gone, Listen, Listening, Push, encode, parse_from_server
from rigs.service import ServiceDevice
from rigs.sockets import SocketRig, socket_rig

ORDER = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})
PATIENCE = 15.0


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run a server that plays Apple's push service, and pushes through it."""
    async with socket_rig(tmp_path, apns="127.0.0.1:0") as opened:
        yield opened


async def _enrolled(rig: SocketRig, keys: list[rsa.RSAPrivateKey]) -> ServiceDevice:
    return await rig.devices(keys).enrolled()


async def _listen(rig: SocketRig, token: bytes) -> aiohttp.ClientWebSocketResponse:
    socket = await rig.session.ws_connect(f"{rig.server.url}/courier", ssl=rig.tls)
    await socket.send_str(encode(Listen((token,))))
    assert parse_from_server(await socket.receive_str(timeout=PATIENCE)) == Listening((token,))
    return socket


async def test_a_command_wakes_its_device_by_way_of_apple(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """From our use case over HTTP/2 with a push certificate to Apple, and from there down the courier."""
    device = await _enrolled(rig, rsa_keys)
    socket = await _listen(rig, device.token)
    assert (await rig.server.suite.commanding.enqueue(device.udid, ORDER)).pushed
    assert parse_from_server(await socket.receive_str(timeout=PATIENCE)) == Push(device.token, device.magic)
    await socket.close()
    assert rig.server.apple is not None
    assert "pushed" in [entry.event for entry in rig.server.apple.journal.entries()]


async def test_a_device_that_is_gone_is_pushed_once_more_and_then_not_until_it_is_back(
    rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Apple says Unregistered, the journal has it, and a TokenUpdate ends it."""
    device = await _enrolled(rig, rsa_keys)
    socket = await _listen(rig, device.token)
    await socket.send_str(encode(Gone((device.token,))))
    await socket.send_str(encode(Listen(())))  # answered behind the other: by then Apple knows
    await socket.receive_str(timeout=PATIENCE)
    assert (await rig.server.suite.commanding.enqueue(device.udid, ORDER)).pushed
    async with asyncio.timeout(PATIENCE):
        while not (told := await rig.server.store.journal.list(code=JournalCode.PUSH_UNREGISTERED)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert [(event.device, event.reason) for event in told] == [(device.udid, "Unregistered")]
    assert not await rig.server.suite.administration.push(device.udid)
    await device.token_update(Token=device.token)
    assert await rig.server.suite.administration.push(device.udid)
    await socket.close()
