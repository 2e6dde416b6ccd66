from __future__ import annotations

import logging

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.scep import self_signed
from mdm_server.wire import plist
from rigs.sockets import SocketRig, say, status_of


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("path", ["/mdm", "/checkin"])
async def test_both_methods_lead_to_the_same_rule_on_both_addresses(rig: SocketRig, method: str, path: str) -> None:
    """Checklist row 1: PUT and POST, /mdm and /checkin; what is wrong is 400, never 401 (row 5)."""
    async with rig.session.request(method, rig.plain + path, data=b"nothing") as response:
        assert response.status == 400
        assert (await response.text()).startswith("auth.missing")


async def test_no_command_is_an_empty_answer_with_its_length(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Checklist row 6: `200`, `Content-Length: 0`, and no content type that would promise a plist."""
    device = await rig.devices(rsa_keys).enrolled()
    body = plist.dumps({"UDID": device.udid, "Status": "Idle"})
    headers = {"Mdm-Signature": device.facts_for(body).mdm_signature or ""}
    async with rig.session.put(f"{rig.server.url}/mdm", data=body, headers=headers, ssl=rig.tls) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "0")
        assert "xml" not in response.headers.get("Content-Type", "")


async def test_a_device_enrols_with_its_certificate_in_the_handshake(
    rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """mTLS: the certificate of the connection is the device's identity, without any signature."""
    devices = rig.devices(rsa_keys)
    device = devices.device(over_tls=True)
    await device.get_certificate()
    assert device.identity is not None
    rig.identities[device.identity.der] = device.identity
    assert (await device.authenticate()).status == 200
    assert (await device.token_update()).status == 200
    _, found, _ = await rig.call("GET", f"/devices/{device.udid}")
    assert found["status"] == "Enrolled"


async def test_a_foreign_certificate_is_turned_away_in_the_handshake(
    rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """T-05: whoever comes with somebody else's certificate gets no connection, and nothing changes."""
    devices = rig.devices(rsa_keys)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    context = rig.client_context(self_signed(rsa_keys[1], name, when=devices.clock()))
    digest = await rig.server.store.state_digest()
    # TLS 1.3 tells the client in whichever call reads first: by an alert, a reset, or the end of the connection.
    with pytest.raises(aiohttp.ClientConnectionError):
        async with rig.session.put(f"{rig.server.url}/mdm", data=b"x", ssl=context) as response:
            await response.read()
    assert await rig.server.store.state_digest() == digest


async def test_content_types_are_byte_exact_for_scep_clients(rig: SocketRig) -> None:
    """SCEP clients compare the content type byte for byte: no charset is ever added."""
    async with rig.session.get(f"{rig.plain}/scep?operation=GetCACert") as response:
        assert response.headers["Content-Type"] in {"application/x-x509-ca-cert", "application/x-x509-ca-ra-cert"}
    async with rig.session.get(f"{rig.plain}/scep?operation=GetCACaps") as response:
        assert response.headers["Content-Type"] == "text/plain"


async def test_the_enrolment_profile_names_the_listener_it_was_fetched_from(rig: SocketRig) -> None:
    """A profile fetched over the plain listener leads back to it, whatever the Host header claims."""
    async with rig.session.get(f"{rig.plain}/enroll", headers={"Host": "evil.example.test"}) as response:
        profile = await response.read()
    assert rig.plain.encode() in profile
    assert b"evil" not in profile


async def test_the_scep_query_and_the_signature_never_reach_the_log(
    rig: SocketRig, caplog: pytest.LogCaptureFixture
) -> None:
    """T-72: with everything logged, neither query nor header nor body of a refused request is in it."""
    with caplog.at_level(logging.DEBUG):
        line = b"POST /scep?operation=PKIOperation&message=canaryquery HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        answer = await say(rig.plain, line + b"Mdm-Signature: canaryheader\r\nContent-Length: 10\r\n\r\ncanarybody")
    assert status_of(answer) == 400
    journal = await rig.server.store.journal.list(limit=500)
    assert "canary" not in caplog.text + repr(journal) + repr(answer)


async def test_a_defect_is_500_with_an_incident(
    rig: SocketRig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A device learns a number and nothing else; the log has the traceback under that number."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary in the works")

    monkeypatch.setattr("mdm_server.service.device_identity.DeviceIdentity.identify", broken)
    async with rig.session.put(f"{rig.plain}/mdm", data=b"x") as response:
        text = await response.text()
        assert response.status == 500
    incident = text.rsplit(" ", 1)[1].strip()
    assert "canary" not in text
    assert len([record for record in caplog.records if incident in record.getMessage()]) == 1


async def test_the_server_says_little_about_itself(rig: SocketRig) -> None:
    """No answer names the framework, the language or a version, an unparsable request's neither."""
    answers = [
        await say(rig.plain, b"GET /ca.pem HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        await say(rig.plain, b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        await say(rig.plain, b"nonsense\r\n\r\n"),
    ]
    for answer in answers:
        assert b"Server: mdmsim\r\n" in answer
        assert b"aiohttp" not in answer.lower()
        assert b"python" not in answer.lower()
