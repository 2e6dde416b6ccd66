"""The strings that pull Apple: what a customer does in its portals, and failures on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs.identity import Identity
from certs.keys import generate_rsa_key
from certs.names import name_of
from mdm_server.wire.server_token import open_token
from rigs.apple_server import AppleRig, running_apple

TOPIC = "com.apple.mgmt.External.6d646d73-696d-4000-8000-00000000000a"


@pytest.fixture
async def apple() -> AsyncIterator[AppleRig]:
    """Run Apple alone."""
    async with running_apple() as rig:
        yield rig


@pytest.fixture(scope="module")
def mdm_identity() -> Identity:
    """Return the key pair of an MDM server, with the certificate that it brings to Apple."""
    key, now = generate_rsa_key(2048), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name_of("Some MDM"))
        .issuer_name(name_of("Some MDM"))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return Identity(key, certificate)


async def test_a_customer_joins_and_gets_a_token_that_only_its_server_can_read(
    apple: AppleRig, mdm_identity: Identity
) -> None:
    """Organization, server, certificate in, server token out; a new token each time."""
    _, server = await apple.join()
    pem = mdm_identity.certificate.public_bytes(Encoding.PEM)
    tokens = []
    for _ in range(2):
        status, sealed = await apple.pull("POST", f"/servers/{server}/token", pem)
        assert status == 200
        tokens.append(open_token(sealed, mdm_identity).access_token)
    assert tokens[0] != tokens[1]


async def test_devices_are_bought_assigned_and_let_go(apple: AppleRig) -> None:
    """What is ordered is there, for the server it was ordered for, until it is released."""
    organization, server = await apple.join()
    order = {"organization": organization, "devices": [{"serial_number": "C02AAAAAAAAA"}], "server": server}
    assert (await apple.pull("POST", "/devices", order))[0] == 201
    _, found = await apple.pull("GET", f"/devices?organization={organization}")
    assert [(each["serial_number"], each["server"]) for each in found["devices"]] == [("C02AAAAAAAAA", server)]
    _, taken = await apple.pull("PUT", "/devices/C02AAAAAAAAA", {"server": None})
    assert taken["server"] is None
    assert (await apple.pull("DELETE", "/devices/C02AAAAAAAAA"))[0] == 200
    status, problem = await apple.pull("GET", "/devices/C02AAAAAAAAA")
    assert (status, problem["code"]) == (404, "abm.serial_unknown")


async def test_what_is_ordered_for_later_is_not_there_yet(apple: AppleRig) -> None:
    """An order has its day."""
    organization, _ = await apple.join()
    order = {"organization": organization, "devices": [{"serial_number": "C02BBBBBBBBB"}], "arrives_in": 3600}
    _, told = await apple.pull("POST", "/devices", order)
    assert told["arrives_at"] is not None
    assert (await apple.pull("GET", "/devices/C02BBBBBBBBB"))[0] == 404


async def test_a_device_added_by_configurator_is_provisional(apple: AppleRig) -> None:
    """Its person may leave for thirty days; one that was bought is the company's at once."""
    organization, server = await apple.join()
    added = {"organization": organization, "device": {"serial_number": "C02DDDDDDDDD"}, "server": server}
    status, device = await apple.pull("POST", "/configurator", added)
    assert (status, device["added_by"]) == (201, "configurator")
    assert datetime.fromisoformat(device["provisional_until"]) > datetime.now(UTC) + timedelta(days=29)


async def test_beta_programs_are_offered_and_turned_off(apple: AppleRig) -> None:
    """What the device API then tells MDM servers."""
    organization, _ = await apple.join()
    betas = [{"os": "iOS", "title": "iOS 27 Beta", "token": "b1"}]
    status, offered = await apple.pull("PUT", f"/organizations/{organization}/betas", {"tokens": betas})
    assert (status, offered["tokens"]) == (200, betas)
    assert (await apple.pull("PUT", f"/organizations/{organization}/betas", {"tokens": None}))[0] == 200
    assert (await apple.pull("PUT", "/organizations/nobody/betas", {"tokens": None}))[0] == 404


async def test_a_push_certificate_is_for_its_topic(apple: AppleRig, mdm_identity: Identity) -> None:
    """The request's own subject is ignored, as Apple does; Apple vouches for the key and the topic."""
    request = x509.CertificateSigningRequestBuilder().subject_name(name_of("anything"))
    pem = request.sign(mdm_identity.key, hashes.SHA256()).public_bytes(Encoding.PEM)
    status, signed = await apple.pull("POST", f"/push-certificates?topic={TOPIC}", pem)
    leaf, issuing = x509.load_pem_x509_certificates(signed)
    assert status == 201
    assert [each.value for each in leaf.subject.get_attributes_for_oid(NameOID.USER_ID)] == [TOPIC]
    leaf.verify_directly_issued_by(issuing)
    assert (await apple.pull("POST", "/push-certificates", pem))[0] == 422


async def test_failures_are_arranged_listed_and_taken_away(apple: AppleRig) -> None:
    """A fault has a name, strikes as often as it was told, and can be called off."""
    wanted = {"service": "dep", "point": "get_account", "response": "not_found", "count": 2, "lasts": 60}
    status, fault = await apple.pull("POST", "/faults", wanted)
    assert (status, fault["name"]) == (201, "dep-get_account-1")
    await apple.pull("POST", "/faults", {"service": "apns", "point": "push", "response": "lost", "name": "mine"})
    _, found = await apple.pull("GET", "/faults")
    assert [(each["name"], each["count"]) for each in found["faults"]] == [("dep-get_account-1", 2), ("mine", 1)]
    assert (await apple.pull("DELETE", "/faults/mine"))[0] == 204
    assert len((await apple.pull("GET", "/faults"))[1]["faults"]) == 1
    assert (await apple.pull("DELETE", "/faults"))[0] == 204
    assert (await apple.pull("GET", "/faults"))[1]["faults"] == []


async def test_the_journal_tells_what_happened_page_by_page(apple: AppleRig) -> None:
    """Who joined, in order; what is behind the last entry is nothing."""
    await apple.join()
    _, page = await apple.pull("GET", "/journal")
    assert [each["event"] for each in page["entries"]] == ["organization_added", "server_added"]
    _, rest = await apple.pull("GET", f"/journal?after={page['entries'][-1]['sequence']}")
    assert rest["entries"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/organizations", {"title": "x"}, 422, "sim.body"),
        ("POST", "/organizations", b"{", 422, "sim.body"),
        ("POST", "/servers", {"organization": "nobody", "name": "x"}, 404, "abm.organization_unknown"),
        ("POST", "/servers/nobody/token", b"not a certificate", 422, "abm.certificate"),
        ("POST", "/devices", {"organization": "nobody", "devices": []}, 422, "sim.body"),
        ("PUT", "/devices/C02CCCCCCCCC", {"server": None}, 404, "abm.serial_unknown"),
        ("POST", f"/push-certificates?topic={TOPIC}", b"no request", 422, "apns.request"),
        ("POST", "/faults", {"service": "mail", "point": "x", "response": "y"}, 422, "sim.body"),
        ("POST", "/faults", {"service": "portal", "point": "x", "response": "y"}, 422, "sim.fault"),
        ("POST", "/faults", {"service": "dep", "point": "get_acount", "response": "not_found"}, 422, "sim.fault"),
        ("POST", "/faults", {"service": "dep", "point": "get_account", "response": "nonsense"}, 422, "sim.fault"),
        ("POST", "/faults", {"service": "apns", "point": "push", "response": "unauthorized"}, 422, "sim.fault"),
        ("POST", "/faults", {"service": "activation", "point": "activate", "response": "lost"}, 422, "sim.fault"),
        ("GET", "/journal?after=minus", None, 422, "sim.after"),
        ("GET", "/nothing", None, 404, "sim.unknown"),
    ],
)
async def test_bad_input_is_named_and_changes_nothing(
    apple: AppleRig, method: str, path: str, body: Any, status: int, code: str
) -> None:
    """What was expected, what was found, and a code that can be searched for."""
    before = await apple.pull("GET", "")
    told, problem = await apple.pull(method, path, body)
    assert (told, problem["code"]) == (status, code)
    assert problem["title"]
    assert await apple.pull("GET", "") == before


async def test_a_web_page_pulls_no_strings(apple: AppleRig) -> None:
    """Whatever carries an Origin comes from a page that somebody was led to."""
    status, problem = await apple.pull("DELETE", "/faults", headers={"Origin": "https://evil.example"})
    assert (status, problem["code"]) == (403, "sim.origin")
