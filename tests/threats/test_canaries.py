"""Secrets stay where they belong (R0, T-72): canaries are put into every secret place, and nobody sings."""

from __future__ import annotations

import base64
import itertools
import logging
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.keys import private_key_der
from mdm_server.service.answer import Answer
from mdm_server.wire import plist
from rigs.service import ServiceDevice
from rigs.sockets import SocketRig

NUMBERS = itertools.count(1)


class Cage:
    """Keeps canaries, and looks for them in texts."""

    def __init__(self) -> None:
        self.canaries: dict[str, bytes] = {}

    def text(self, name: str) -> str:
        """Return a new canary."""
        canary = f"CANARY{next(NUMBERS):03d}-{name}"
        self.canaries[name] = canary.encode()
        return canary

    def octets(self, name: str) -> bytes:
        """Return a new canary as bytes."""
        return self.text(name).encode()

    def keep(self, name: str, secret: str | bytes) -> None:
        """Keep a secret that somebody else made."""
        self.canaries[name] = secret.encode() if isinstance(secret, str) else secret

    def heard_in(self, output: str) -> list[str]:
        """Return the canaries that sing in some output: as they are, in hex, or in base64."""
        return [
            name
            for name, canary in self.canaries.items()
            if any(
                spelled in output
                for spelled in (canary.decode("latin-1"), canary.hex(), base64.b64encode(canary).decode().rstrip("="))
            )
        ]


async def _exercise(rig: SocketRig, cage: Cage, device: ServiceDevice) -> list[str]:
    """Use every secret once as it is meant and once wrongly; return all answers to administrators and to attackers."""
    heard: list[str] = []

    async def call(method: str, path: str, **more: Any) -> Any:
        status, document, _ = await rig.call(method, path, **more)
        heard.append(repr((status, document)))
        return document

    async def refused(answer: Answer) -> None:
        assert answer.status >= 400, answer
        heard.append(answer.body.decode())

    await device.fetch_profile()
    challenge = device.scep_settings().challenge
    assert challenge is not None
    cage.keep("challenge", challenge)
    device.identity = await device.redeem(device.scep_settings())
    cage.keep("device key", private_key_der(device.identity.key)[-40:])
    assert (await device.authenticate()).status == 200
    secrets = {
        "Token": cage.octets("push token"),
        "PushMagic": cage.text("push magic"),
        "UnlockToken": cage.octets("unlock token"),
    }
    assert (await device.token_update(**secrets)).status == 200
    await device.send(device.message("SetBootstrapToken", BootstrapToken=cage.octets("bootstrap token")))
    fields = {"PIN": "271828", "Message": "hello"}
    cage.keep("PIN", "271828")
    await call("POST", f"/devices/{device.udid}/commands", json={"request_type": "DeviceLock", "fields": fields})
    await call("POST", f"/devices/{device.udid}/commands", json={"request_type": "ClearPasscode", "fields": {}})
    wrong = {"request_type": "DeviceLock", "fields": {"PIN": cage.text("a PIN that is none")}}
    await call("POST", f"/devices/{device.udid}/commands", json=wrong)
    command = plist.loads_dict((await device.report("Idle")).body)
    answer = {"CommandUUID": command["CommandUUID"], "Status": "Acknowledged", "UDID": device.udid}
    await device.send({**answer, "Escrowed": cage.octets("an answer's secret")})

    body = plist.dumps({"UDID": device.udid, "Status": cage.text("a status that is none")})
    await refused(await device.send(body))
    await refused(await device.send(plist.dumps({"UDID": device.udid, "Token": cage.octets("a message that is none")})))
    await refused(await device.send(cage.octets("a body that is none")))
    signature = base64.b64encode(cage.octets("a signature that is none")).decode()
    await refused(await device.send(body, mdm_signature=signature))
    device.challenge = cage.text("a challenge that is none")
    key = ec.generate_private_key(ec.SECP256R1())
    assert (await device.send_scep(device.request(key), transaction_id="t")).certificate is None
    query = {"operation": "PKIOperation", "message": cage.text("a query that is none")}
    async with rig.session.get(f"{rig.plain}/scep", params=query) as response:
        heard.append(await response.text())
    await call("GET", "/devices", token=cage.text("an administrator's token that is none"))
    for path in ("/devices", f"/devices/{device.udid}", f"/devices/{device.udid}/commands", "/events", "/invitations"):
        await call("GET", path)
    await call("GET", f"/devices/{device.udid}/certificates")
    await call("GET", "/server")
    async with rig.session.get(f"{rig.server.sim_url}/_sim/journal") as response:
        heard.append(await response.text())
    assert rig.server.admin_token is not None
    cage.keep("administrator's token", rig.server.admin_token)
    return heard


async def test_t72_no_canary_sings(
    rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey], caplog: pytest.LogCaptureFixture
) -> None:
    """T-72: neither the journal, nor the log with everything in it, nor any answer of the API holds a secret."""
    cage = Cage()
    with caplog.at_level(logging.DEBUG):
        heard = await _exercise(rig, cage, rig.devices(rsa_keys).device())
    assert len(cage.canaries) >= 15
    journal = [repr(entry) for entry in await rig.server.store.journal.list(limit=500)]
    assert journal
    for output in (*heard, *journal, caplog.text):
        assert not cage.heard_in(output), output[:2000]
    kept = (rig.server.ca_file.parent / "state.sqlite").read_bytes().decode("latin-1")
    assert not [name for name in cage.heard_in(kept) if name in {"challenge", "administrator's token", "device key"}]


async def test_t72_the_cage_hears_a_canary_that_sings() -> None:
    """The test above is able to fail: in plain text, in hex, and in base64."""
    cage = Cage()
    song = cage.octets("song")
    for output in (song.decode(), f"x{song.hex()}y", base64.b64encode(song).decode()):
        assert cage.heard_in(output) == ["song"]
    assert cage.heard_in("silence") == []
