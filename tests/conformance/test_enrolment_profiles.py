"""Rows 11 to 13 of the interoperation checklist: enrolment profiles, over the air and by automated enrolment."""

from __future__ import annotations

import base64
import plistlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from mdm_server.embed import Server, ServerSettings, ServerStartError
from rigs import foreign_pkcs7 as pkcs7
from rigs import oracles
from rigs.foreign_clients import SUBJECT_TYPES, FleetClient, Mdmb, UnreadableError
from rigs.foreign_messages import document
from rigs.go_http import Answer, http_request
from rigs.server_thread import ServerThread

NewKey = Callable[[], rsa.RSAPrivateKey]
PROFILE = "application/x-apple-aspen-config"


def _payloads(profile: bytes) -> list[dict[str, Any]]:
    payloads = plistlib.loads(profile)["PayloadContent"]
    assert isinstance(payloads, list)
    return payloads


# --- row 11: the profile ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_row_11_scep_comes_first_and_mdm_second(lenient: ServerThread, signed: bool) -> None:
    """Fleet's parser goes by position; what else there is (our root certificate) comes behind."""
    profile = lenient.profile(signed=signed)
    assert profile.startswith(b"<?xml") is not signed
    payloads = _payloads(pkcs7.verify(profile).content if signed else profile)
    assert [payload["PayloadType"] for payload in payloads[:2]] == ["com.apple.security.scep", "com.apple.mdm"]
    assert payloads[1]["IdentityCertificateUUID"] == payloads[0]["PayloadUUID"]


def test_row_11_the_scep_payload_is_what_both_clients_can_use(lenient: ServerThread) -> None:
    """Known subject attributes only, a challenge, no query in the URL, a CAFingerprint of a length mdmb knows."""
    scep = _payloads(lenient.profile())[0]["PayloadContent"]
    assert {kind for rdn in scep["Subject"] for kind, _ in rdn} <= set(SUBJECT_TYPES)
    assert scep["Challenge"]
    assert "?" not in scep["URL"]
    assert len(scep["CAFingerprint"]) in {16, 20, 32}


def test_row_11_openssl_verifies_the_signed_profile(lenient: ServerThread, tmp_path: Path) -> None:
    """The signature is good, and its chain ends at the root that the server gives out."""
    (tmp_path / "root.pem").write_text(lenient.server.ca_pem)
    answer = http_request("GET", f"{lenient.url}/enroll", tls=lenient.tls)
    assert answer.headers["content-type"] == PROFILE
    trust = ("-CAfile", tmp_path / "root.pem", "-purpose", "any")
    verified = oracles.run("openssl", "cms", "-verify", "-inform", "DER", "-binary", *trust, stdin=answer.body)
    assert _payloads(verified.stdout)[1]["PayloadType"] == "com.apple.mdm"


def test_row_11_mdmb_cannot_read_the_signed_variant(lenient: ServerThread, mdmb: Mdmb) -> None:
    """Which is why there is an unsigned one (mdmb#2)."""
    with pytest.raises(UnreadableError, match="mdmb#2"):
        mdmb.install(lenient.profile(signed=True))


# --- row 12: over the air --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listener", ["url", "plain"])
def test_row_12_fleet_enrols_over_the_air(lenient: ServerThread, new_key: NewKey, listener: str) -> None:
    """Phase 1 signed, phase 2 unsigned, phase 3 signed; no CHALLENGE returned, as Fleet's client does not."""
    device = FleetClient(new_key())
    device.fetch_over_the_air(f"{getattr(lenient, listener)}/enroll/ota")
    device.enroll()
    assert device.connect() == []
    assert lenient.device(device.udid)["serial_number"] == device.serial


# --- row 13: automated device enrolment ------------------------------------------------------------------------------


def _vouched(authority: pkcs7.SmallAuthority, key: rsa.RSAPrivateKey) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "iPhone Device TEST")])
    return key, authority.issue(key.public_key(), name)


def _by_query(server: ServerThread, info: bytes) -> Answer:
    text = base64.urlsafe_b64encode(info).decode()
    return http_request("GET", f"{server.url}/enroll?token=t&deviceinfo={text}", tls=server.tls)


def _by_header(server: ServerThread, info: bytes) -> Answer:
    headers = {"x-apple-aspen-deviceinfo": base64.b64encode(info).decode()}
    return http_request("GET", f"{server.url}/enroll", headers=headers, tls=server.tls)


def _by_post(server: ServerThread, info: bytes) -> Answer:
    headers = {"Content-Type": "application/pkcs7-signature"}
    return http_request("POST", f"{server.url}/enroll", headers=headers, body=info, tls=server.tls)


def _by_bare_post(server: ServerThread, info: bytes) -> Answer:
    return http_request("POST", f"{server.url}/enroll", body=info, tls=server.tls)


WAYS = {"query": _by_query, "header": _by_header, "post": _by_post, "post without a type": _by_bare_post}


@pytest.mark.parametrize("way", WAYS)
def test_row_13_machine_info_comes_in_four_ways(
    lenient: ServerThread, device_authority: pkcs7.SmallAuthority, new_key: NewKey, way: str
) -> None:
    """Signed by a device of the configured CA: the profile is for that device, and for no other."""
    device = FleetClient(new_key())
    info = device.machine_info(_vouched(device_authority, new_key()))
    answer = WAYS[way](lenient, info)
    assert (answer.status, answer.headers["content-type"]) == (200, PROFILE)
    device.install(answer.body)
    device.enroll()
    assert lenient.device(device.udid)["status"] == "Enrolled"


def test_row_13_a_profile_for_one_device_enrols_no_other(
    lenient: ServerThread, device_authority: pkcs7.SmallAuthority, new_key: NewKey
) -> None:
    """The CA's word binds the invitation to the device; somebody who got hold of the profile is refused."""
    device, thief = FleetClient(new_key()), FleetClient(new_key())
    thief.install(_by_post(lenient, device.machine_info(_vouched(device_authority, new_key()))).body)
    with pytest.raises(UnreadableError, match="cert_not_for_device"):
        thief.enroll()


def test_row_13_fleets_own_ways_in(lenient: ServerThread, new_key: NewKey) -> None:
    """Its certificates are made on the spot: tolerated under --compat fleet, and worth what a stranger's word is."""
    for fetch in (FleetClient.fetch_with_query, FleetClient.fetch_with_post):
        device = FleetClient(new_key())
        fetch(device, f"{lenient.url}/enroll")
        device.enroll()
        assert lenient.device(device.udid)["status"] == "Enrolled"


def test_row_13_a_word_that_nobody_vouches_for_displaces_nobody(lenient: ServerThread, new_key: NewKey) -> None:
    """Whoever claims to be an enrolled device, and signs that with a key of its own, does not become it."""
    device, claimant = FleetClient(new_key()), FleetClient(new_key())
    device.fetch_with_post(f"{lenient.url}/enroll")
    device.enroll()
    claimant.udid, claimant.serial = device.udid, device.serial
    claimant.fetch_with_post(f"{lenient.url}/enroll")
    with pytest.raises(UnreadableError, match="400"):
        claimant.enroll()
    assert device.connect() == []


def test_row_13_a_changed_description_is_refused(
    lenient: ServerThread, device_authority: pkcs7.SmallAuthority, new_key: NewKey
) -> None:
    """Somebody edited the serial number after it was signed: 400 (never 401), whatever is tolerated otherwise."""
    device = FleetClient(new_key())
    info = device.machine_info(_vouched(device_authority, new_key()))
    changed = info.replace(device.serial.encode(), b"C02XKF7YH0G1")
    for way in WAYS.values():
        assert way(lenient, changed).status == 400


def test_row_13_an_unsigned_description_is_refused(lenient: ServerThread) -> None:
    """A bare plist is no CMS."""
    bare = document(SERIAL="C02XKF7YH0G1", UDID="0", PRODUCT="iPhone15,2", VERSION="x", OS_VERSION="17.5.1")
    for way in WAYS.values():
        assert way(lenient, bare).status == 400


@pytest.mark.parametrize("content", [None, b"no certificate"], ids=["missing", "something else"])
async def test_row_13_a_device_ca_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """The server does not start without the anchors it was told of; one sentence says what was expected."""
    file = tmp_path / "device-ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ServerStartError, match=r"device-ca: expected .*; found .*; .*export") as refused:
        await Server.launch(ServerSettings(device_ca=file))
    assert refused.value.exit_code == 2


def test_the_server_is_verified_by_those_who_verify(lenient: ServerThread) -> None:
    """The certificate of the TLS listener chains to the CA that the server gives out, and only to that."""
    with pytest.raises(ssl.SSLCertVerificationError):
        http_request("GET", f"{lenient.url}/enroll", tls=ssl.create_default_context())
