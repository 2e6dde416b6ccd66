"""SCEP and the authority, T-10 to T-19: what gets a certificate, asked over HTTP as clients ask it."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.enveloped_data import encrypt
from certs.errors import FailInfo
from certs.identity import Identity, identity_from_pem
from certs.names import name_of
from certs.request import build_request
from certs.scep import PkiStatus, Reply, pkcs_request, self_signed, transaction_id_of
from certs.scep.vocabulary import MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID
from mdm_server.service.invitations import InvitationRequest
from rigs import forged_requests as forged
from rigs.certificate_zoo import CLIENT, certificate
from rigs.elements import OCTET_STRING, PRINTABLE_STRING, element
from rigs.forged_cms import Forgery, attribute, content_type_attribute, message_digest_attribute
from rigs.rejection import about, assert_rejected
from rigs.service import ServiceDevice, ServiceRig
from rigs.sockets import SocketRig
from rigs.strange_x509 import requests


@pytest.fixture
def devices(rig: SocketRig, rsa_keys: list[rsa.RSAPrivateKey]) -> ServiceRig:
    """Return what makes devices that reach the server over its sockets."""
    return rig.devices(rsa_keys)


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make the cheapest good key."""
    return ec.generate_private_key(ec.SECP256R1())


def message_of(device: ServiceDevice, envelope: bytes, *message_types: bytes) -> bytes:
    """Sign an envelope as a SCEP message of a type: none, one, or several in one attribute."""
    attributes = [
        content_type_attribute(),
        message_digest_attribute(envelope),
        attribute(TRANSACTION_ID, element(PRINTABLE_STRING, b"transaction")),
        attribute(SENDER_NONCE, element(OCTET_STRING, b"n" * 16)),
    ]
    if message_types:
        attributes.append(attribute(MESSAGE_TYPE, *message_types))
    return Forgery(envelope, device.scep_signer(), embedded=envelope, attributes=attributes).build()


async def assert_declined(
    rig: SocketRig, device: ServiceDevice, csr: bytes, event: str, fail_info: FailInfo, **message: Any
) -> None:
    """Assert that a request is refused inside the protocol, by the rule, and that nothing was issued."""
    store = rig.server.store
    before = await store.counts()
    digest = await store.state_digest()
    reply = await device.send_scep(csr, **{"transaction_id": "declined", **message})
    assert (reply.status, reply.fail_info, reply.certificate) == (PkiStatus.FAILURE, fail_info, None)
    assert await store.state_digest() == digest
    assert (await store.counts()).certificates == before.certificates
    (newest,) = await store.journal.list(limit=1, newest_first=True)
    assert f"{newest.code}:{newest.reason}".startswith(event), newest


async def test_t10_every_other_message_type_is_refused(rig: SocketRig, devices: ServiceRig) -> None:
    """T-10: 0 to 255 but three, missing, no number, twice: each a signed FAILURE badRequest, and no certificate."""
    device = devices.device()
    await device.fetch_profile()
    envelope = encrypt(device.request(new_key()), [devices.authority.registration.certificate])
    digest = await rig.server.store.state_digest()
    texts = [str(number).encode() for number in range(256) if number not in {17, 19, 20}]
    texts += [b"", b"nineteen", b"+19", b"19 ", b"0x13", b"-19", b"19.0"]
    stated = [(), (b"19", b"19"), *((text,) for text in texts)]
    for types in stated:
        values = [element(PRINTABLE_STRING, text) for text in types]
        answer = await device.post_scep(message_of(device, envelope, *values))
        assert (answer.status, answer.content_type) == (200, "application/x-pki-message")
    assert await rig.server.store.state_digest() == digest
    assert len(await rig.server.store.journal.list(code="scep.type", limit=500)) == len(stated)
    await assert_rejected(
        rig.server.store, device.post_scep(message_of(device, envelope)), status=200, event="scep.type"
    )


async def test_t11_of_sixteen_at_once_one_challenge_admits_one(rig: SocketRig, devices: ServiceRig) -> None:
    """T-11: sixteen clients, sixteen keys, one challenge: one certificate, fifteen times `scep.challenge_used`."""
    guest = devices.device()
    await guest.fetch_profile()
    crowd = [(key := new_key(), guest.request(key)) for _ in range(16)]
    replies = await asyncio.gather(
        *(guest.send_scep(csr, transaction_id=f"t{number}", key=key) for number, (key, csr) in enumerate(crowd))
    )
    assert Counter(reply.status for reply in replies) == {PkiStatus.SUCCESS: 1, PkiStatus.FAILURE: 15}
    assert (await rig.server.store.counts()).certificates == 1
    assert len(await rig.server.store.journal.list(code="scep.challenge_used", limit=100)) == 15
    await assert_declined(rig, guest, guest.request(new_key()), "scep.challenge_used", FailInfo.BAD_REQUEST)


async def test_t12_a_request_gets_what_is_on_record_or_nothing(rig: SocketRig, devices: ServiceRig) -> None:
    """T-12: another's subject, an administrator's, a host name, an authority, a server: refused, and none is burnt."""
    device, other = devices.device(1), devices.device(2)
    await device.fetch_profile()
    await other.fetch_profile()
    wishes = [
        device.request(new_key(), subject=name_of("admin")),
        device.request(new_key(), subject=name_of("mdmsim TEST Root CA", "mdmsim TEST")),
        device.request(new_key(), alternative_names=[x509.DNSName("mdm.example.test")]),
        *(
            _asking_for(device, wish)
            for wish in (
                x509.BasicConstraints(ca=True, path_length=None),
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
            )
        ),
    ]
    for csr in wishes:
        await assert_declined(rig, device, csr, "scep.subject", FailInfo.BAD_REQUEST)
    device.identity = await device.redeem(device.scep_settings())
    issued = device.identity.certificate
    assert issued.not_valid_after_utc - datetime.now(UTC) < timedelta(days=366)
    assert list(issued.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]


def _asking_for(device: ServiceDevice, wish: x509.ExtensionType) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(x509.load_der_x509_csr(device.request(new_key())).subject)
    builder = builder.add_extension(wish, critical=True)
    challenge = device.scep_settings().challenge
    assert challenge is not None
    builder = builder.add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
    return builder.sign(new_key(), hashes.SHA256()).public_bytes(Encoding.DER)


async def test_t13_guessing_ends_with_429(rig: SocketRig, devices: ServiceRig) -> None:
    """T-13: wrong challenges are counted by peer; then 429 with a time to come back, before anything is decrypted."""
    guesser = devices.device()
    await guesser.fetch_profile()
    for number in range(10):
        guesser.challenge = f"guess {number}"
        await assert_declined(rig, guesser, guesser.request(new_key()), "scep.challenge:unknown", FailInfo.BAD_REQUEST)
    message = message_of(guesser, b"anything", element(PRINTABLE_STRING, b"19"))
    await assert_rejected(
        rig.server.store, guesser.post_scep(message), status=429, event="scep.rate", secrets=["guess"]
    )
    async with rig.session.post(f"{rig.plain}/scep?operation=PKIOperation", data=message) as response:
        assert int(response.headers["Retry-After"]) >= 1


async def test_t14_a_challenge_that_is_no_good_opens_nothing(rig: SocketRig, devices: ServiceRig) -> None:
    """T-14: each is badRequest without a word about which it was; there is no setting that asks for none."""
    device, invitations = devices.device(), rig.server.suite.invitations
    at_once = InvitationRequest(lifetime=timedelta(microseconds=1))
    await device.fetch_profile(await invitations.profile(at_once))
    expired = device.request(new_key())
    await device.fetch_profile(await invitations.profile(InvitationRequest()))
    revoked = device.request(new_key())
    ((_, invitation_id),) = device.scep_settings().subject[-1]
    await rig.server.suite.administration.revoke_invitation(invitation_id)
    subject = x509.load_der_x509_csr(revoked).subject
    await device.fetch_profile()
    for event, csr in (
        ("scep.challenge:expired", expired),
        ("scep.challenge:revoked", revoked),
        ("scep.challenge:unknown", build_request(new_key(), subject, challenge="A" * 43)),
        ("scep.challenge:missing", build_request(new_key(), subject, challenge="")),
        ("scep.challenge:missing", build_request(new_key(), subject)),
    ):
        with about(event):
            await assert_declined(rig, device, csr, event, FailInfo.BAD_REQUEST)


async def test_t15_only_the_current_certificate_of_a_device_renews(
    rig: SocketRig, devices: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """T-15: signed by nobody's, another authority's, an unrecorded, a superseded or a revoked one: none is issued."""
    device = devices.device()
    await device.get_certificate(key=rsa_keys[1])
    await device.authenticate()
    await device.token_update()
    assert device.identity is not None
    subject = device.identity.certificate.subject
    csr = build_request(rsa_keys[2], subject)
    now = datetime.now(UTC)
    unrecorded = certificate(devices.authority.issuing, now, CLIENT, key=rsa_keys[3])
    expired = certificate(devices.authority.issuing, now, CLIENT, key=rsa_keys[3], days=(-9, -1))
    strangers = {
        Identity(rsa_keys[3], self_signed(rsa_keys[3], subject, when=now).certificate): "scep.renewal:untrusted",
        Identity(rsa_keys[3], expired): "scep.renewal:expired",
    }
    for signer, event in strangers.items():
        await assert_declined(
            rig, device, csr, event, FailInfo.BAD_MESSAGE_CHECK, signer=signer, renewal=True, key=rsa_keys[2]
        )
    known = build_request(rsa_keys[2], unrecorded.subject)
    stranger = Identity(rsa_keys[3], unrecorded)
    await assert_declined(
        rig, device, known, "scep.renewal:unrecorded", FailInfo.BAD_CERT_ID, signer=stranger, renewal=True
    )
    old, device.identity = device.identity, await device.renew(rsa_keys[2])
    assert (await device.report("Idle")).status == 200
    third = build_request(rsa_keys[0], subject)
    await assert_declined(
        rig, device, third, "scep.renewal:superseded", FailInfo.BAD_CERT_ID, signer=old, renewal=True, key=rsa_keys[0]
    )
    await rig.call("POST", f"/certificates/{device.identity.fingerprint}/revoke")
    await assert_declined(
        rig, device, third, "scep.renewal:revoked", FailInfo.BAD_CERT_ID,
        signer=device.identity, renewal=True, key=rsa_keys[0],
    )  # fmt: skip


async def test_t16_a_key_nobody_should_have_is_refused(
    rig: SocketRig, devices: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """T-16: short, a small exponent, ROCA, Fermat-weak, small factors, off the curve, the authority's own, unproved."""
    device = devices.device()
    await device.fetch_profile()
    modulus = forged.honest_modulus(rsa_keys[0])
    bad_keys = {
        "1024 bits": forged.with_rsa_numbers(modulus >> 1024 | 1),
        "exponent 1": forged.with_rsa_numbers(modulus, 1),
        "exponent 3": forged.with_rsa_numbers(modulus, 3),
        "close factors": forged.with_rsa_numbers(forged.modulus_with_close_factors()),
        "ROCA": forged.with_rsa_numbers(forged.roca_modulus()),
        "a factor of 3": forged.with_rsa_numbers(forged.modulus_with_factor(3)),
        "off the curve": forged.with_point(5, 7),
    }
    for csr in bad_keys.values():
        await assert_declined(rig, device, csr, "scep.key", FailInfo.BAD_ALG)
    own = devices.authority.registration.key
    await assert_declined(rig, device, device.request(own), "scep.key:key_forbidden", FailInfo.BAD_REQUEST)
    unproved = forged.with_rsa_numbers(modulus)
    await assert_declined(rig, device, unproved, "scep.key:proof_of_possession", FailInfo.BAD_REQUEST)
    assert (await rig.server.store.counts()).certificates == 0


async def test_t17_a_lost_reply_is_answered_again_and_a_replay_is_not(rig: SocketRig, devices: ServiceRig) -> None:
    """T-17: the same transaction with the same request is the same certificate, once; with another one a refusal."""
    device = devices.device()
    await device.fetch_profile()
    key = new_key()
    csr, transaction = device.request(key), transaction_id_of(key)
    replies: list[Reply] = [await device.send_scep(csr, transaction_id=transaction, key=key) for _ in range(3)]
    assert replies[0].certificate is not None
    assert {reply.certificate for reply in replies} == {replies[0].certificate}
    assert (await rig.server.store.counts()).certificates == 1
    again = device.request(new_key())
    await assert_declined(rig, device, again, "scep.replay", FailInfo.BAD_REQUEST, transaction_id=transaction)


@pytest.mark.parametrize("fault", ["INSERT ON issuance", "INSERT ON certificate", "UPDATE ON issuance"])
async def test_t18_nothing_leaves_that_could_not_be_recorded(rig: SocketRig, devices: ServiceRig, fault: str) -> None:
    """T-18: a write fails on the way to the certificate: an error, and no certificate; healed, the retry gets one."""
    device = devices.device()
    await device.fetch_profile()
    key = new_key()
    csr = device.request(key)
    message = pkcs_request(
        csr, signer=device.scep_signer(), recipient=(await device.authority_certificates())[0],
        transaction_id="t18", sender_nonce=b"n" * 16, when=devices.clock(),
    )  # fmt: skip
    _sabotage(rig, f"CREATE TRIGGER sabotage BEFORE {fault} BEGIN SELECT RAISE(ABORT, 'on strike'); END")
    answer = await device.post_scep(message)
    assert answer.status in {500, 503}
    assert b"on strike" not in answer.body
    assert (await rig.server.store.counts()).certificates == 0
    _sabotage(rig, "DROP TRIGGER sabotage")
    reply = await device.send_scep(csr, transaction_id="t18", key=key)
    assert reply.certificate is not None
    assert (await rig.server.store.counts()).certificates == 1


def _sabotage(rig: SocketRig, statement: str) -> None:
    """Change the database behind the server's back."""
    connection = sqlite3.connect(rig.server.ca_file.parent / "state.sqlite", timeout=5)
    with connection:
        connection.execute(statement)
    connection.close()


async def test_t19_no_key_leaves_its_directory(rig: SocketRig, devices: ServiceRig) -> None:
    """T-19: files are 0600 in directories of 0700, and no answer of any address has a line of a key in it."""
    folder = rig.server.ca_file.parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.name != "ca.pem"}
    assert not {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
    numbers = [number for path in (folder / "authority").glob("*.pem") for number in _private_numbers(path)]
    assert len(numbers) >= 4
    answers = [
        await _get(rig, path)
        for path in ("/ca.pem", "/scep?operation=GetCACert", "/enroll", "/enroll/ota", "/api/docs", "/api/openapi.json")
    ]
    answers += [repr((await rig.call("GET", path))[1]).encode() for path in ("/server", "/events", "/invitations")]
    kept = b"".join(path.read_bytes() for path in (folder / "authority").glob("*.pem"))
    assert all(_reveals(kept, number) for number in numbers), "so that this is able to find them"
    assert not [number for number in numbers for answer in answers if _reveals(answer, number)]


def _private_numbers(path: Path) -> list[bytes]:
    """Return what is private about the key in a file."""
    if path.name == "ca.pem":
        return []
    key = identity_from_pem(path.read_bytes()).key
    numbers = key.private_numbers()
    private = (
        [numbers.p, numbers.q, numbers.d] if isinstance(numbers, rsa.RSAPrivateNumbers) else [numbers.private_value]
    )
    return [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in private]


def _reveals(text: bytes, number: bytes) -> bool:
    """Look for a number as it is, and in each of the three ways in which base64 may write it between other bytes."""
    plain = b"".join(text.split())
    return number in text or any(base64.b64encode(bytes(each) + number)[4:-4] in plain for each in range(3))


async def _get(rig: SocketRig, path: str) -> bytes:
    async with rig.session.get(rig.server.url + path, ssl=rig.tls) as response:
        return await response.read()


@pytest.mark.filterwarnings("ignore:Attribute's length:UserWarning")
async def test_t36_requests_that_make_no_sense_are_declined(
    rig: SocketRig, devices: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """T-36: well signed, with versions, names, extensions and keys that no parser likes: a FAILURE, and never a 500."""
    device = devices.device()
    await device.fetch_profile()
    honest = device.request(rsa_keys[1])
    digest = await rig.server.store.state_digest()
    for name, csr in requests(honest, rsa_keys[1]).items():
        if name == "three hundred extensions":
            continue  # means nothing and asks for nothing: it gets what is on record
        message = message_of(
            device,
            encrypt(csr, [devices.authority.registration.certificate]),
            element(PRINTABLE_STRING, b"19"),
        )
        answer = await device.post_scep(message)
        assert (answer.status, answer.content_type) == (200, "application/x-pki-message"), (name, answer)
        assert await rig.server.store.state_digest() == digest, name
    assert (await rig.server.store.counts()).certificates == 0
