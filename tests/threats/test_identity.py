"""Device identity, T-01 to T-09 and T-29: who may speak for whom, asked over TLS and `Mdm-Signature` alike."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.identity import Identity
from certs.names import name_of
from mdm_server.service.answer import Answer
from mdm_server.service.commanding import CommandOrder
from mdm_server.service.invitations import InvitationRequest
from mdm_server.service.request_facts import PROXY_CERTIFICATE_HEADERS
from mdm_server.store.records import EnrollmentRow
from mdm_server.wire import plist
from rigs.certificate_zoo import CLIENT, ZOO, Animal, certificate
from rigs.forged_cms import Forgery, content_type_attribute, message_digest_attribute
from rigs.rejection import about, assert_rejected
from rigs.service import ServiceDevice, ServiceRig
from rigs.sockets import SocketRig
from rigs.strange_x509 import certificates, signed_by

INFORMATION = CommandOrder(request_type="DeviceInformation", fields={"Queries": ["DeviceName"]})

MESSAGES: dict[str, Callable[[ServiceDevice], dict[str, Any]]] = {
    "TokenUpdate": lambda d: d.message("TokenUpdate", Token=b"t" * 32, PushMagic="magic"),
    "CheckOut": lambda d: d.message("CheckOut"),
    "SetBootstrapToken": lambda d: d.message("SetBootstrapToken", BootstrapToken=b"stolen"),
    "GetBootstrapToken": lambda d: d.message("GetBootstrapToken"),
    "GetToken": lambda d: d.message("GetToken", TokenServiceType="com.apple.maid"),
    "UserAuthenticate": lambda d: d.message("UserAuthenticate", UserID="6D646D73-0000-4000-8000-000000000001"),
    "DeclarativeManagement": lambda d: d.message("DeclarativeManagement", Endpoint="tokens"),
    "Idle": lambda d: {"UDID": d.udid, "Status": "Idle"},
    "Acknowledged": lambda d: {"UDID": d.udid, "Status": "Acknowledged", "CommandUUID": "X"},
}
"""Everything an enrolled device may say, as `d` would say it."""


@pytest.fixture
def devices(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> ServiceRig:
    """Return what makes devices that reach the server over its sockets."""
    return rig.devices(rsa_keys)


async def enrolled(devices: ServiceRig, number: int, rig: SocketRig, *, over_tls: bool = False) -> ServiceDevice:
    """Return an enrolled device; its certificate was recorded without SCEP, everything else came over sockets."""
    device = devices.device(number, over_tls=over_tls)
    await device.certify()
    known_to(rig, device)
    assert (await device.authenticate()).status == 200
    assert (await device.token_update()).status == 200
    return device


def known_to(rig: SocketRig, device: ServiceDevice) -> None:
    """Let the rig connect with the device's certificate."""
    assert device.identity is not None
    rig.identities[device.identity.der] = device.identity


@pytest.mark.parametrize("over_tls", [False, True], ids=["signature", "mutual TLS"])
async def test_t01_no_device_speaks_for_another(rig: SocketRig, devices: ServiceRig, over_tls: bool) -> None:
    """T-01: A's certificate under B's UDID is refused for every message, and B's queue stays undelivered."""
    thief = await enrolled(devices, 1, rig, over_tls=over_tls)
    victim = await enrolled(devices, 2, rig)
    await victim.send(victim.message("SetBootstrapToken", BootstrapToken=b"canary bootstrap token"))
    await rig.server.suite.commanding.enqueue(victim.udid, INFORMATION)
    for message in MESSAGES.values():
        await assert_rejected(
            rig.server.store,
            thief.send(message(victim)),
            status=400,
            event="auth.cert_mismatch",
            secrets=[victim.token, victim.magic, b"canary bootstrap token"],
        )
    authenticate = victim.message("Authenticate", SerialNumber=victim.serial_number)
    await assert_rejected(rig.server.store, thief.send(authenticate), status=400, event="enroll.cert_reuse")
    assert await victim.idle() is not None


async def test_t01_no_pair_of_many_devices_can_be_swapped(rig: SocketRig, devices: ServiceRig) -> None:
    """T-01: all ordered pairs of six devices at once, a message each: all refused, and nothing changes."""
    fleet = [await enrolled(devices, number, rig) for number in range(6)]
    digest = await rig.server.store.state_digest()
    messages = itertools.cycle(MESSAGES.values())
    answers = await asyncio.gather(
        *(thief.send(next(messages)(victim)) for thief, victim in itertools.permutations(fleet, 2))
    )
    assert Counter(answer.status for answer in answers) == {400: 30}
    assert await rig.server.store.state_digest() == digest
    assert len(await rig.server.store.journal.list(code="auth.cert_mismatch", limit=100)) == 30


async def test_t02_a_fresh_certificate_displaces_nobody(rig: SocketRig, devices: ServiceRig) -> None:
    """T-02: an unused certificate enrols its holder, not B's UDID; one issued for C enrols nobody but C."""
    victim = await enrolled(devices, 1, rig)
    await rig.server.suite.commanding.enqueue(victim.udid, INFORMATION)
    stranger = devices.device(2)
    await stranger.certify()
    message = victim.message("Authenticate", SerialNumber=victim.serial_number)
    await assert_rejected(
        rig.server.store, stranger.send(message), status=400, event="enroll.cert_not_for_device:enrolled"
    )
    invited, other = devices.device(3), devices.device(4)
    profile = await rig.server.suite.invitations.profile(InvitationRequest(udid=invited.udid))
    await other.get_certificate(profile)
    await assert_rejected(rig.server.store, other.authenticate(), status=400, event="enroll.cert_not_for_device")
    assert await victim.idle() is not None
    assert (await stranger.authenticate()).status == 200


@pytest.mark.parametrize("over_tls", [False, True], ids=["signature", "mutual TLS"])
async def test_t03_of_sixteen_at_once_one_certificate_enrols_one(
    rig: SocketRig, devices: ServiceRig, over_tls: bool
) -> None:
    """T-03: sixteen tasks, sixteen UDIDs, one certificate: one 200, fifteen 400, and one device on record."""
    for round_number in range(3):
        crowd = [devices.device(100 * round_number + number, over_tls=over_tls) for number in range(16)]
        await crowd[0].certify()
        known_to(rig, crowd[0])
        for device in crowd:
            device.identity = crowd[0].identity
        before = (await rig.server.store.counts()).enrollments
        answers = await asyncio.gather(*(device.authenticate() for device in crowd))
        assert Counter(answer.status for answer in answers) == {200: 1, 400: 15}
        assert all(b"enroll.cert_reuse" in answer.body for answer in answers if answer.status == 400)
        after = (await rig.server.store.counts()).enrollments
        assert sum(after.values()) == sum(before.values()) + 1


async def test_t04_a_certificate_is_dead_once_its_successor_was_used(
    rig: SocketRig, devices: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """T-04: renewed over /scep; the old one works until the new one is used, and never again."""
    device = devices.device()
    await device.get_certificate(key=rsa_keys[1])
    await device.authenticate()
    await device.token_update()
    old, new = device.identity, await device.renew(rsa_keys[2])
    assert (await device.report("Idle")).status == 200
    device.identity = new
    assert (await device.report("Idle")).status == 200
    device.identity = old
    again = device.message("Authenticate", SerialNumber=device.serial_number)
    for said in (again, *(message(device) for message in MESSAGES.values())):
        await assert_rejected(rig.server.store, device.send(said), status=400, event="auth.cert_superseded")


async def test_t05_no_certificate_of_the_zoo_gets_in(rig: SocketRig, devices: ServiceRig) -> None:
    """T-05: over TLS the handshake ends it or a 400 does, as a signature a 400 with the reason; nobody unenrols."""
    for name, keeper in ZOO.items():
        animal = keeper(devices.authority, datetime.now(UTC))
        intruder = devices.device(1)
        intruder.identity = animal.identity
        known_to(rig, intruder)
        with about(name):
            await _try_the_handshake(rig, intruder)
            await _try_the_signature(rig, intruder, animal)


async def _try_the_handshake(rig: SocketRig, intruder: ServiceDevice) -> None:
    digest = await rig.server.store.state_digest()
    intruder.over_tls = True
    with suppress(OSError, aiohttp.ClientError):  # an alert, in whichever call reads first (TLS 1.3)
        answer = await intruder.report("Idle")
        assert answer.status == 400
        # Some keys our own TLS library does not even offer: then nothing was shown.
        assert answer.body.startswith((b"auth.cert_invalid", b"auth.missing"))
    assert await rig.server.store.state_digest() == digest


async def _try_the_signature(rig: SocketRig, intruder: ServiceDevice, animal: Animal) -> None:
    body = plist.dumps({"UDID": intruder.udid, "Status": "Idle"})
    can_sign = isinstance(animal.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    message = signed_by(animal.identity.der, animal.key, body, embedded=False) if can_sign else b"\x30\x00"
    request = intruder.send(body, tls_certificate=None, mdm_signature=base64.b64encode(message).decode())
    event = "auth.cert_invalid" if can_sign else "auth.cms"
    written = await assert_rejected(rig.server.store, request, status=400, event=event)
    assert written.reason in animal.reasons or not can_sign


async def test_t05_a_certificate_nobody_issued_on_record_is_nobody(rig: SocketRig, devices: ServiceRig) -> None:
    """T-05, I-11: well signed by our own authority, and not on record; or revoked a moment ago: refused."""
    device = devices.device(1)
    key = ec.generate_private_key(ec.SECP256R1())
    genuine = certificate(devices.authority.issuing, datetime.now(UTC), CLIENT, key=key)
    device.identity = Identity(key, genuine)
    await assert_rejected(rig.server.store, device.authenticate(), status=400, event="auth.cert_invalid:unrecorded")
    other = await enrolled(devices, 2, rig)
    assert other.identity is not None
    await rig.call("POST", f"/certificates/{other.identity.fingerprint}/revoke")
    await assert_rejected(rig.server.store, other.report("Idle"), status=400, event="auth.cert_invalid:revoked")


async def test_t06_a_header_is_no_certificate(rig: SocketRig, devices: ServiceRig) -> None:
    """T-06: whatever a proxy would call it, a certificate in a header proves nothing, and its sender is journaled."""
    victim = await enrolled(devices, 1, rig)
    assert victim.identity is not None
    forged = base64.b64encode(victim.identity.der).decode()
    body = plist.dumps({"UDID": victim.udid, "Status": "Idle"})
    for header in sorted(PROXY_CERTIFICATE_HEADERS):
        await assert_rejected(
            rig.server.store, _put(rig, body, {header: f":{forged}:"}), status=400, event="auth.missing"
        )
    events = await rig.server.store.journal.list(code="auth.header_untrusted_peer", limit=100)
    assert {event.detail["header"] for event in events} == PROXY_CERTIFICATE_HEADERS


async def test_t06_connection_and_signature_must_be_of_one_identity(rig: SocketRig, devices: ServiceRig) -> None:
    """T-06: a TLS certificate of one device and the signature of another: neither is believed."""
    one = await enrolled(devices, 1, rig, over_tls=True)
    other = await enrolled(devices, 2, rig)
    for device in (one, other):
        body = plist.dumps({"UDID": device.udid, "Status": "Idle"})
        request = one.send(body, mdm_signature=other.signature(body))
        await assert_rejected(rig.server.store, request, status=400, event="auth.two_certificates")


async def _put(rig: SocketRig, body: bytes, headers: dict[str, str], path: str = "/mdm") -> Answer:
    """PUT something over TLS without a client certificate."""
    async with rig.session.put(f"{rig.server.url}{path}", data=body, headers=headers, ssl=rig.tls) as response:
        return Answer(await response.read(), response.headers.get("Content-Type"), response.status)


async def test_t07_a_recorded_request_does_nothing_twice(rig: SocketRig, devices: ServiceRig) -> None:
    """T-07: every message comes again, ten times and in another order: the same answer, and the state stays."""
    device = await enrolled(devices, 1, rig)
    order = await rig.server.suite.commanding.enqueue(device.udid, INFORMATION)
    old = plist.dumps(device.message("TokenUpdate", Token=device.token, PushMagic=device.magic))
    recorded = [(old, device.signature(old))]
    for message in (
        device.message("TokenUpdate", Token=b"2" * 32, PushMagic="two"),
        device.message("SetBootstrapToken", BootstrapToken=b"bootstrap"),
        {"UDID": device.udid, "Status": "Idle"},
        {"UDID": device.udid, "Status": "Acknowledged", "CommandUUID": order.command_uuid},
    ):
        body = plist.dumps(message)
        recorded.append((body, device.signature(body)))
        assert (await _put(rig, *_signed(recorded[-1]))).status == 200
    before = await _what_is_believed_of(rig, device)
    for again in (*reversed(recorded), *recorded * 10):
        answer = await _put(rig, *_signed(again))
        assert (answer.status, answer.body) == (200, b"")
    assert await _what_is_believed_of(rig, device) == before
    assert before[0].push_token == b"2" * 32


async def _what_is_believed_of(rig: SocketRig, device: ServiceDevice) -> tuple[EnrollmentRow, list[tuple[str, str]]]:
    """Return a device's record and queue without the counters: that it spoke again is counted, and no more."""
    row = await rig.server.store.enrollments.find(device.udid)
    assert row is not None
    commands = await rig.server.store.commands.list(device.udid)
    return replace(row, token_updates=0, last_seen=None), [(each.command_uuid, each.state) for each in commands]


def _signed(recorded: tuple[bytes, str]) -> tuple[bytes, dict[str, str]]:
    return recorded[0], {"Mdm-Signature": recorded[1]}


async def test_t08_a_forged_signature_is_refused_with_its_reason(rig: SocketRig, devices: ServiceRig) -> None:
    """T-08: the signer missing, doubled, a stranger; the digest, the body, the content: each 400 and its reason."""
    device, other = await enrolled(devices, 1, rig), await enrolled(devices, 2, rig)
    assert device.identity is not None
    assert other.identity is not None
    body = plist.dumps({"UDID": device.udid, "Status": "Idle"})
    honest = [content_type_attribute(), message_digest_attribute(body)]
    forgeries: dict[str, list[dict[str, Any]]] = {
        "signers": [{"signers": 0}, {"signers": 2}],
        "signer_certificate": [{"certificates": []}, {"certificates": [other.identity.der]}],
        "digest": [{"digest": "sha1"}, {"announced": []}],
        "content_mismatch": [{"embedded": body + b" "}],
        "attributes": [{"attributes": honest[1:]}, {"attributes": [*honest, honest[1]]}],
        "message_digest": [{"attributes": [honest[0], message_digest_attribute(b"other")]}],
        "signature": [{"signed": b"something else"}, {"signature": b""}, {"attributes": None, "signed": b"other"}],
        "content_type": [{"content_type": "1.2.840.113549.1.9.16.1.4"}],
        "asn1": [{"tail": b"\0"}],
    }
    for reason, spoilt in forgeries.items():
        for parts in spoilt:
            header = base64.b64encode(Forgery(body, device.identity, **parts).build()).decode()
            request = _put(rig, body, {"Mdm-Signature": header})
            await assert_rejected(rig.server.store, request, status=400, event=f"auth.cms:{reason}")
    good = base64.b64encode(Forgery(body, device.identity).build()).decode()
    for changed in (body + b"\n", body[:-1], body.replace(device.udid.encode(), other.udid.encode())):
        request = _put(rig, changed, {"Mdm-Signature": good})
        await assert_rejected(rig.server.store, request, status=400, event="auth.cms:message_digest")
    assert (await _put(rig, body, {"Mdm-Signature": good})).status == 200


async def test_t09_the_same_issuer_and_serial_number_is_another_certificate(
    rig: SocketRig, devices: ServiceRig
) -> None:
    """T-09: a twin with the victim's subject, issuer and serial number, and a key of its own, is a stranger."""
    victim, twin = await enrolled(devices, 1, rig), devices.device(1)
    assert victim.identity is not None
    original = victim.identity.certificate
    key = ec.generate_private_key(ec.SECP256R1())
    copy = certificate(
        devices.authority.issuing, datetime.now(UTC), CLIENT, key=key,
        serial=original.serial_number, subject=victim.serial_number,
    )  # fmt: skip
    assert (copy.issuer, copy.serial_number) == (original.issuer, original.serial_number)
    assert copy.subject == name_of(victim.serial_number)
    twin.identity = Identity(key, copy)
    await assert_rejected(rig.server.store, twin.report("Idle"), status=400, event="auth.cert_invalid:unrecorded")


@pytest.mark.parametrize("entry", ["/mdm", "/enroll", "/enroll/ota", "/scep?operation=PKIOperation"])
async def test_t05_t36_certificates_that_make_no_sense_are_refused_at_every_door(
    rig: SocketRig, devices: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey], entry: str
) -> None:
    """T-05, T-36: signed by our own authority, and unreadable in every way a parser knows: 400, and never 500."""
    body = plist.dumps({"UDID": "00008110-0000000000000001", "Status": "Idle", "SERIAL": "x"})
    digest = await rig.server.store.state_digest()
    for name, strange in certificates(devices.authority.issuing, rsa_keys[0]).items():
        message = signed_by(strange, rsa_keys[0], body, embedded=entry != "/mdm")
        headers = {"Mdm-Signature": base64.b64encode(message).decode()} if entry == "/mdm" else {}
        data = body if entry == "/mdm" else message
        async with rig.session.post(f"{rig.server.url}{entry}", data=data, headers=headers, ssl=rig.tls) as response:
            text = await response.text()
        assert response.status == 400, (name, response.status, text)
    assert await rig.server.store.state_digest() == digest


async def test_t29_steps_out_of_order_are_refused(rig: SocketRig, devices: ServiceRig) -> None:
    """T-29: before Authenticate nothing, before TokenUpdate no report, after CheckOut no token: `state.order`."""
    device = devices.device(1)
    await device.certify()
    store = rig.server.store
    for name, message in MESSAGES.items():
        await assert_rejected(store, device.send(message(device)), status=400, event="state.order"), name
    assert (await device.authenticate()).status == 200
    for name in sorted(MESSAGES.keys() - {"TokenUpdate", "CheckOut"}):
        await assert_rejected(store, device.send(MESSAGES[name](device)), status=400, event="state.order")
    assert (await device.token_update()).status == 200
    assert (await device.check_out()).status == 200
    for name in ("TokenUpdate", "SetBootstrapToken", "GetBootstrapToken"):
        await assert_rejected(store, device.send(MESSAGES[name](device)), status=400, event="state.order")
    assert (await device.report("Idle")).body == b""
