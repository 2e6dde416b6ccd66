from __future__ import annotations

import base64
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority, Usage
from certs.identity import Identity
from certs.names import name_of
from certs.signed_data import sign
from mdm_server.domain.refusal import Refusal
from mdm_server.service.compat import Compat
from mdm_server.service.request_facts import PROXY_CERTIFICATE_HEADERS, RequestFacts
from mdm_server.wire import plist
from rigs.certificate_zoo import CLIENT, ZOO, certificate
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice, ServiceRig
from rigs.strange_x509 import certificates

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]


async def _refused(rig: ServiceRig, facts: RequestFacts, body: bytes, event: str) -> None:
    await assert_rejected(rig.store, rig.suite.device_channel.answer(facts, body), status=400, event=event)


def _idle(device: ServiceDevice) -> bytes:
    return plist.dumps({"UDID": device.udid, "Status": "Idle"})


# --- what is accepted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("detached", [True, False])
async def test_a_signature_may_be_attached_or_detached_with_any_modern_digest(
    rig: ServiceRig, digest: str, detached: bool
) -> None:
    """Real devices detach, Fleet's client attaches; the body is what counts in either case (checklist row 4)."""
    device = await rig.enrolled()
    body = _idle(device)
    signature = device.signature(body, detached=detached, digest=digest)
    assert (await device.send(body, mdm_signature=signature)).status == 200


async def test_white_space_in_the_header_is_tolerated(rig: ServiceRig) -> None:
    """A header folded into lines by a proxy or a base64 library is the same signature."""
    device = await rig.enrolled()
    body = _idle(device)
    signature = device.signature(body)
    folded = "\r\n ".join(signature[at : at + 64] for at in range(0, len(signature), 64))
    assert (await device.send(body, mdm_signature=f" {folded}\t")).status == 200


async def test_a_device_may_show_its_certificate_in_the_handshake_instead(rig: ServiceRig) -> None:
    """Mutual TLS needs no signature."""
    device = await rig.enrolled(over_tls=True)
    assert await device.idle() is None


async def test_signature_and_handshake_may_agree(rig: ServiceRig) -> None:
    """A device that does both with one identity is one device."""
    device = await rig.enrolled()
    assert device.identity is not None
    body = _idle(device)
    assert (await device.send(body, tls_certificate=device.identity.der)).status == 200


async def test_sha1_is_accepted_only_where_compat_says_so(rig: ServiceRig, open_rig: OpenRig) -> None:
    """Go's pkcs7 signs with SHA-1 by default; a strict server refuses that, and says which rule it was."""
    device = await rig.enrolled()
    body = _idle(device)
    facts = device.facts_for(body, mdm_signature=device.signature(body, digest="sha1", detached=False))
    await _refused(rig, facts, body, "auth.cms:digest")
    async with open_rig(compat=frozenset({Compat.SHA1})) as lenient:
        device = await lenient.enrolled()
        body = _idle(device)
        signature = device.signature(body, digest="sha1", detached=False)
        assert (await device.send(body, mdm_signature=signature)).status == 200


async def test_an_rsa_identity_signs_as_well(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Devices have RSA keys unless told otherwise."""
    device = rig.device()
    await device.get_certificate(key=rsa_keys[1])
    assert (await device.authenticate()).status == 200


# --- what is refused -------------------------------------------------------------------------------------------------


async def test_nobody_is_refused_with_400_and_never_401(rig: ServiceRig) -> None:
    """A 401 would unenrol a real device (checklist row 5)."""
    device = await rig.enrolled()
    await _refused(rig, rig.facts(), _idle(device), "auth.missing")


async def test_two_different_certificates_are_refused(rig: ServiceRig) -> None:
    """The connection says one device and the signature another: neither is believed (T-06)."""
    one, two = await rig.enrolled(1), await rig.enrolled(2)
    assert two.identity is not None
    body = _idle(one)
    await _refused(rig, one.facts_for(body, tls_certificate=two.identity.der), body, "auth.two_certificates")


@pytest.mark.parametrize("header", sorted(PROXY_CERTIFICATE_HEADERS))
async def test_a_forged_proxy_header_is_ignored_and_journaled(rig: ServiceRig, header: str) -> None:
    """No peer is a trusted proxy, so the header proves nothing; the attempt is on record (T-06)."""
    device = await rig.enrolled()
    facts = rig.facts(proxy_certificate_headers=frozenset({header}))
    await _refused(rig, facts, _idle(device), "auth.missing")
    (event,) = await rig.store.journal.list(code="auth.header_untrusted_peer")
    assert event.detail["header"] == header
    body = _idle(device)
    assert (await device.send(body, proxy_certificate_headers=frozenset({header}))).status == 200


@pytest.mark.parametrize("name", sorted(ZOO))
async def test_no_certificate_of_the_zoo_gets_in_over_tls(rig: ServiceRig, name: str) -> None:
    """Wrong issuer, wrong time, wrong purpose, weak key, malformed: 400 and the reason (T-05)."""
    device = await rig.enrolled()
    animal = ZOO[name](rig.authority, rig.clock())
    facts = rig.facts(tls_certificate=animal.certificate.public_bytes(Encoding.DER))
    event = await assert_rejected(
        rig.store, rig.suite.device_channel.answer(facts, _idle(device)), status=400, event="auth.cert_invalid"
    )
    assert event.reason in animal.reasons | {"expired", "unreadable"}


async def test_bytes_that_are_no_certificate_are_refused(rig: ServiceRig) -> None:
    """Whoever sits between us and the handshake hands on junk: 400 and the reason."""
    device = await rig.enrolled()
    await _refused(rig, rig.facts(tls_certificate=b"junk"), _idle(device), "auth.cert_invalid:unreadable")


async def test_a_certificate_that_makes_no_sense_is_refused(
    rig: ServiceRig, authority: Authority, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Signed by our own authority, and with a version, a key, a name or an extension that no parser likes (T-36)."""
    device = await rig.enrolled()
    for strange in certificates(authority.issuing, rsa_keys[0]).values():
        await _refused(rig, rig.facts(tls_certificate=strange), _idle(device), "auth.cert_invalid")


def _impostors(authority: Authority, rig: ServiceRig) -> dict[str, Identity]:
    key = ec.generate_private_key(ec.SECP256R1())
    now = rig.clock()
    other = Authority.create(clock=lambda: now, random_bytes=random.Random(9).randbytes)
    return {
        "untrusted": other.issue_identity(name_of("other")),
        "expired": Identity(key, certificate(authority.issuing, now, CLIENT, key=key, days=(-9, -1))),
        "not_yet_valid": Identity(key, certificate(authority.issuing, now, CLIENT, key=key, days=(1, 9))),
        "purpose": authority.issue_identity(name_of("server"), usage=Usage.SERVER),
        "authority_leaf": authority.issuing,
    }


@pytest.mark.parametrize("reason", ["untrusted", "expired", "not_yet_valid", "purpose", "authority_leaf"])
async def test_a_good_signature_with_a_bad_certificate_is_refused(rig: ServiceRig, reason: str) -> None:
    """The same over Mdm-Signature: that a signature holds says nothing about whose it is (T-05)."""
    device = await rig.enrolled()
    device.identity = _impostors(rig.authority, rig)[reason]
    body = _idle(device)
    await _refused(rig, device.facts_for(body), body, f"auth.cert_invalid:{reason}")


async def test_a_certificate_of_ours_that_is_not_on_record_is_refused(rig: ServiceRig) -> None:
    """Signed by our authority is not enough: what was not issued to anybody speaks for nobody (I-11)."""
    device = await rig.enrolled()
    device.identity = rig.authority.issue_identity(name_of("not on record"))
    body = _idle(device)
    await _refused(rig, device.facts_for(body), body, "auth.cert_invalid:unrecorded")


async def test_a_certificate_that_resembles_one_on_record_is_another(rig: ServiceRig) -> None:
    """Same issuer, same serial number, same subject, another key: the whole certificate is compared (T-09)."""
    device = await rig.enrolled()
    assert device.identity is not None
    genuine, key = device.identity.certificate, ec.generate_private_key(ec.SECP256R1())
    twin = rig.authority.issue(key.public_key(), genuine.subject, serial=genuine.serial_number)
    device.identity = Identity(key, twin)
    body = _idle(device)
    await _refused(rig, device.facts_for(body), body, "auth.cert_invalid:unrecorded")


async def test_a_chain_is_judged_anew_when_its_time_is_over(rig: ServiceRig) -> None:
    """What is remembered of a certificate does not outlive the certificate (I-05)."""
    device = await rig.enrolled()
    assert await device.idle() is None
    rig.clock.pass_time(days=366)
    body = _idle(device)
    await _refused(rig, device.facts_for(body), body, "auth.cert_invalid:expired")


async def test_a_revoked_certificate_never_gets_in_again(rig: ServiceRig) -> None:
    """Also not from the memory of chains that were good (I-05)."""
    device = await rig.enrolled()
    assert device.identity is not None
    await rig.suite.administration.revoke(device.identity.fingerprint)
    for message in (_idle(device), plist.dumps(device.message("Authenticate", SerialNumber=device.serial_number))):
        await _refused(rig, device.facts_for(message), message, "auth.cert_invalid:revoked")


# --- T-08: the signature itself --------------------------------------------------------------------------------------


async def test_a_signature_holds_for_one_body_only(rig: ServiceRig) -> None:
    """One byte more, one less, one changed, or the signature of another message: the digest is compared (T-08)."""
    device = await rig.enrolled()
    body = _idle(device)
    facts = device.facts_for(body)
    for changed in (body + b" ", body[:-1], body.replace(b"Idle", b"idle"), b"", _idle(rig.device(2))):
        await _refused(rig, facts, changed, "auth.cms:message_digest")


async def test_content_inside_the_signature_must_be_the_body(rig: ServiceRig) -> None:
    """An attached signature over one message does not carry another (T-08; two peers get this wrong)."""
    device = await rig.enrolled()
    body = _idle(device)
    attached = device.signature(plist.dumps({"UDID": device.udid, "Status": "Acknowledged"}), detached=False)
    await _refused(rig, device.facts_for(body, mdm_signature=attached), body, "auth.cms:content_mismatch")


@pytest.mark.parametrize(
    "header", ["", "   ", "not base64!", "AAAA", "é", base64.b64encode(b"\x30\x80" * 2000).decode(), "MIIB" * 4000]
)
async def test_what_is_no_signature_is_refused(rig: ServiceRig, header: str) -> None:
    """Junk in the header is refused before anything is parsed for real."""
    device = await rig.enrolled()
    await _refused(rig, rig.facts(mdm_signature=header), _idle(device), "auth.cms")


async def test_no_flipped_bit_of_a_signature_is_accepted_as_another_device(rig: ServiceRig) -> None:
    """Over a sample of bits all through the message: refused, or the very same device (I-06)."""
    device = await rig.enrolled()
    assert device.identity is not None
    body = _idle(device)
    message = sign(body, device.identity, when=rig.clock(), detached=True)
    digest = await rig.store.state_digest()
    accepted = 0
    for position in range(0, len(message), 7):
        flipped = bytearray(message)
        flipped[position] ^= 1 << position % 8
        accepted += await _status(device, body, base64.b64encode(flipped).decode()) == 200
    assert accepted <= 2, "only bits that carry no meaning, such as a NULL parameter, may pass"
    assert await rig.store.state_digest() == digest


async def _status(device: ServiceDevice, body: bytes, signature: str) -> int:
    try:
        return (await device.send(body, mdm_signature=signature)).status
    except Refusal as refusal:
        return refusal.status
