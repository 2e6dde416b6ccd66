"""What the clients of other people send, sent to us: reference `apple-protocol.md` §2.1, §2.2 and §2.6."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.identity import Identity
from certs.names import name_from_subject, name_of
from certs.request import build_request
from certs.scep import read_reply, self_signed
from certs.scep.vocabulary import MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID
from certs.signed_data import LEGACY_DIGESTS, sign
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.compat import parse_compat
from mdm_server.service.invitations import InvitationRequest
from mdm_server.wire import plist
from rigs import oracles
from rigs.elements import OCTET_STRING, PRINTABLE_STRING, element
from rigs.old_envelopes import encrypt_as
from rigs.scep_over_http import scep_over_http
from rigs.service import ServiceDevice, ServiceRig, command_in

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
INFORMATION = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})


def _go_message(device: ServiceDevice, csr: bytes, signer: Identity) -> bytes:
    """Wrap a request as smallstep's pkcs7 does: SHA-1, single DES, ciphertext in pieces, no chain."""
    return sign(
        encrypt_as("des", csr, device.rig.authority.registration.certificate),
        signer,
        when=device.rig.clock(),
        digest="sha1",
        include_chain=False,
        attributes={
            MESSAGE_TYPE: element(PRINTABLE_STRING, b"19"),
            TRANSACTION_ID: element(PRINTABLE_STRING, device.udid.encode()),
            SENDER_NONCE: element(OCTET_STRING, b"n" * 16),
        },
    )


async def _go_scep(
    device: ServiceDevice, csr: bytes, signer: Identity, key: rsa.RSAPrivateKey, **facts: Any
) -> Identity:
    message = _go_message(device, csr, signer)
    query = {"operation": "PKIOperation", **facts.pop("query", {})}
    answer = await device.rig.suite.scep.answer(device.rig.facts(query=query, **facts), message)
    reply = read_reply(
        answer.body,
        identity=signer,
        transaction_id=device.udid,
        sender_nonce=b"n" * 16,
        trusted=await device.authority_certificates(),
        key=key,
        digests=LEGACY_DIGESTS,
    )
    assert reply.certificate is not None, reply
    return Identity(key, reply.certificate)


async def _converse(device: ServiceDevice, message: dict[str, Any], **sent: Any) -> dict[str, Any] | None:
    """Send a message with a SHA-1 signature, as Go clients sign, and return the command in the answer."""
    body = plist.dumps(message)
    signature = device.signature(body, digest="sha1", detached=sent.pop("detached"), include_chain=False)
    answer = await device.send(body, mdm_signature=signature, **sent)
    assert answer.status == 200
    return command_in(answer)


async def test_mdmb_enrols_and_takes_a_command(open_rig: OpenRig) -> None:
    """An unsigned profile for many, RSA-1024 with another signer key, detached SHA-1, one push token for all."""
    async with open_rig(compat=parse_compat(["mdmb"])) as rig:
        profile = await rig.suite.invitations.profile(InvitationRequest(max_uses=500), signed=False)
        for number in range(2):
            device = rig.device(number)
            await device.fetch_profile(profile)
            key = rsa.generate_private_key(65537, 1024)
            scep = device.scep_settings()
            csr = build_request(key, name_from_subject(scep.subject), challenge=scep.challenge)
            noise = {"message": "0\x82\ufffd" * 2000}
            device.identity = await _go_scep(device, csr, device.scep_signer(), key, method="POST", query=noise)
            product = {"BuildVersion": "24E263", "OSVersion": "15.4", "ProductName": "Mac16,10", "DeviceName": "Mac"}
            authenticate = device.message("Authenticate", SerialNumber=device.serial_number, **product)
            checkin = {"detached": True, "content_type": "application/x-apple-aspen-mdm-checkin"}
            assert await _converse(device, authenticate, **checkin) is None
            token = device.message("TokenUpdate", PushMagic="fakePushMagic", Token=b"fakeToken")
            assert await _converse(device, token, **checkin) is None
            await rig.suite.commanding.enqueue(device.udid, INFORMATION)
            command = await _converse(device, {"UDID": device.udid, "Status": "Idle"}, detached=True, content_type="")
            assert command is not None
            report = {"UDID": device.udid, "Status": "Acknowledged", "CommandUUID": command["CommandUUID"]}
            assert await _converse(device, report, detached=True) is None


async def test_fleets_client_enrols_and_takes_a_command(open_rig: OpenRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A subject of its own, attached SHA-1, POST with an empty type, both identifiers, another topic, "false"."""
    async with open_rig(compat=parse_compat(["fleet"])) as rig:
        device = rig.device()
        await device.fetch_profile()
        key, challenge = rsa_keys[1], device.scep_settings().challenge
        subject = name_of("fleet-testdevice-1", "fleet-organization")
        csr = build_request(key, subject, challenge=challenge)
        signer = self_signed(key, subject, when=rig.clock())
        device.identity = await _go_scep(device, csr, signer, key, method="POST")
        both = {"EnrollmentID": "testenrollmentid-1", "Topic": "com.apple.mgmt.External.1"}
        authenticate = device.message("Authenticate", Model="iPhone15,2", ProductName="iPhone15,2", **both)
        checkin = {"detached": False, "method": "POST", "content_type": "application/x-apple-aspen-mdm-checkin"}
        assert await _converse(device, authenticate, **checkin) is None
        token = {"PushMagic": "pushmagic", "Token": b"token", "NotOnConsole": "false", "AwaitingConfiguration": True}
        assert await _converse(device, device.message("TokenUpdate", **{**both, **token}), **checkin) is None
        view = await rig.suite.administration.device(device.udid)
        assert (view.kind, view.status, view.awaiting_configuration) == ("device", "Enrolled", True)
        await rig.suite.commanding.enqueue(device.udid, INFORMATION)
        idle = {"UDID": device.udid, "Status": "Idle", **both}
        assert await _converse(device, idle, detached=False, method="POST", content_type="") is not None


@pytest.mark.parametrize("spelled", [base64.b64encode, base64.urlsafe_b64encode])
async def test_a_go_client_without_post_enrols_by_get(open_rig: OpenRig, spelled: Callable[[bytes], bytes]) -> None:
    """Mdmb spells base64 for URLs, micromdm's client for mail: both are read (checklist row 10)."""
    async with open_rig(compat=parse_compat(["scepclient"])) as rig:
        device = rig.device()
        await device.fetch_profile()
        key = rsa.generate_private_key(65537, 2048)
        csr = build_request(key, name_of("scepclient"), challenge=device.scep_settings().challenge)
        message = spelled(_go_message(device, csr, device.scep_signer())).decode()
        facts = rig.facts(method="GET", query={"operation": "PKIOperation", "message": message})
        answer = await rig.suite.scep.answer(facts, b"")
        assert answer.content_type == "application/x-pki-message"
        assert (await rig.store.counts()).certificates == 1


# --- Debian's scepclient ---------------------------------------------------------------------------------------------


async def _scepclient(url: str, folder: Path, challenge: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        oracles.require("scepclient"),
        *("-server-url", url, "-challenge", challenge, "-cn", "debian", "-organization", "example"),
        *("-private-key", str(folder / "key.pem"), "-certificate", str(folder / "certificate.pem")),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(30):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode(errors="replace")


async def test_debians_scepclient_enrols(open_rig: OpenRig, tmp_path: Path) -> None:
    """Single DES, SHA-1, its own idea of a subject: it gets a certificate of ours, which carries our subject."""
    async with open_rig(compat=parse_compat(["scepclient"])) as rig, scep_over_http(rig) as url:
        invitation = await rig.suite.invitations.invite(InvitationRequest())
        status, said = await _scepclient(url, tmp_path, invitation.challenge)
        assert status == 0, said
        certificate = x509.load_pem_x509_certificate((tmp_path / "certificate.pem").read_bytes())
        certificate.verify_directly_issued_by(rig.authority.issuing.certificate)
        assert certificate.subject != name_of("debian", "example")


async def test_debians_scepclient_is_told_that_its_challenge_is_wrong(open_rig: OpenRig, tmp_path: Path) -> None:
    """It understands the failure: a CertRep with badRequest, and no certificate."""
    async with open_rig(compat=parse_compat(["scepclient"])) as rig, scep_over_http(rig) as url:
        status, said = await _scepclient(url, tmp_path, "wrong")
        assert status != 0 or "bad request" in said.lower() or "badRequest" in said, said
        assert not (tmp_path / "certificate.pem").exists()
        assert (await rig.store.counts()).certificates == 0


async def test_a_strict_server_refuses_scepclients_single_des(rig: ServiceRig, tmp_path: Path) -> None:
    """Without compat the old algorithms are refused: 400, because SHA-1 signs even the envelope."""
    async with scep_over_http(rig) as url:
        invitation = await rig.suite.invitations.invite(InvitationRequest())
        status, said = await _scepclient(url, tmp_path, invitation.challenge)
        assert status != 0, said
        assert (await rig.store.counts()).certificates == 0
