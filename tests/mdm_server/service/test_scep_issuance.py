from __future__ import annotations

import asyncio
import ipaddress
import random
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID

from certs.authority import Authority
from certs.errors import FailInfo
from certs.identity import Identity
from certs.keys import PrivateKey
from certs.names import name_from_subject, name_of
from certs.request import build_request
from certs.scep import PkiStatus, Reply, pkcs_request, poll_request, read_reply, transaction_id_of
from mdm_server.domain.refusal import Refusal
from mdm_server.service.compat import Compat
from mdm_server.service.invitations import InvitationRequest
from rigs import forged_requests
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice, ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
BAD_REQUEST = (PkiStatus.FAILURE, FailInfo.BAD_REQUEST)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _verdict(reply: Reply) -> tuple[PkiStatus, FailInfo | None]:
    return reply.status, reply.fail_info


async def _certificates(rig: ServiceRig) -> int:
    return (await rig.store.counts()).certificates


async def _events(rig: ServiceRig) -> list[str]:
    return [f"{entry.code}:{entry.reason}" for entry in await rig.store.journal.list(code="scep.", limit=500)]


async def _refuses(device: ServiceDevice, csr: bytes, event: str, fail_info: FailInfo, **message: Any) -> None:
    """Assert that a request is refused inside the protocol, and that nothing is on record for it."""
    before = await _certificates(device.rig)
    reply = await device.send_scep(csr, **{"transaction_id": "refused", **message})
    assert _verdict(reply) == (PkiStatus.FAILURE, fail_info)
    assert await _certificates(device.rig) == before
    assert (await _events(device.rig))[-1].startswith(event)


# --- T-11, T-14: challenges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [True, False])
async def test_sixteen_at_once_with_one_challenge_get_one_certificate(open_rig: OpenRig, inline: bool) -> None:
    """A one-time challenge is consumed where the issuance is recorded: one wins, fifteen are told it is used (T-11)."""
    async with open_rig(inline=inline) as rig:
        device = rig.device()
        await device.fetch_profile()
        keys = [_key() for _ in range(16)]
        replies = await asyncio.gather(
            *(device.send_scep(device.request(key), transaction_id=transaction_id_of(key), key=key) for key in keys)
        )
        verdicts = [_verdict(reply) for reply in replies]
        assert verdicts.count((PkiStatus.SUCCESS, None)) == 1
        assert verdicts.count(BAD_REQUEST) == 15
        assert await _certificates(rig) == 1
        assert (await _events(rig)).count("scep.challenge_used:") == 15


async def test_a_challenge_is_used_once(rig: ServiceRig) -> None:
    """The guest of yesterday cannot come again with the same profile (T-11)."""
    device = await rig.enrolled()
    await _refuses(device, device.request(_key()), "scep.challenge_used", FailInfo.BAD_REQUEST)


async def test_a_reusable_challenge_is_used_as_often_as_it_says(rig: ServiceRig) -> None:
    """An administrator's profile for many devices counts, and every certificate has a name of its own."""
    profile = await rig.suite.invitations.profile(InvitationRequest(max_uses=3))
    subjects = set()
    for number in range(3):
        device = rig.device(number)
        await device.enroll(profile)
        assert device.identity is not None
        subjects.add(device.identity.certificate.subject)
    assert len(subjects) == 3
    latecomer = rig.device(4)
    await latecomer.fetch_profile(profile)
    await _refuses(latecomer, latecomer.request(_key()), "scep.challenge_used", FailInfo.BAD_REQUEST)


@pytest.mark.parametrize("challenge", ["", "never issued", "x" * 5000])
async def test_a_challenge_that_was_never_issued_is_refused(rig: ServiceRig, challenge: str) -> None:
    """Empty, unknown, absurd (T-14)."""
    device = rig.device()
    await device.fetch_profile()
    csr = build_request(_key(), name_of("device"), challenge=challenge)
    await _refuses(device, csr, "scep.challenge", FailInfo.BAD_REQUEST)


async def test_a_request_without_a_challenge_is_refused(rig: ServiceRig) -> None:
    """There is no setting under which none is needed (T-14)."""
    await _refuses(rig.device(), build_request(_key(), name_of("x")), "scep.challenge:missing", FailInfo.BAD_REQUEST)


async def test_a_challenge_expires(rig: ServiceRig) -> None:
    """After sixty minutes the profile is of no use any more (T-14)."""
    device = rig.device()
    await device.fetch_profile()
    rig.clock.pass_time(minutes=60)
    await _refuses(device, device.request(_key()), "scep.challenge:expired", FailInfo.BAD_REQUEST)


async def test_a_revoked_challenge_is_refused(rig: ServiceRig) -> None:
    """What an administrator takes back is gone (T-14)."""
    device = rig.device()
    await device.fetch_profile()
    (invitation,) = await rig.suite.administration.invitations()
    await rig.suite.administration.revoke_invitation(invitation.invitation_id)
    await _refuses(device, device.request(_key()), "scep.challenge:revoked", FailInfo.BAD_REQUEST)


async def test_a_refused_request_burns_no_challenge(rig: ServiceRig) -> None:
    """Whoever asked for the wrong thing may ask again for the right one (R0)."""
    device = rig.device()
    await device.fetch_profile()
    await _refuses(device, device.request(_key(), subject=name_of("admin")), "scep.subject", FailInfo.BAD_REQUEST)
    assert (await device.redeem(device.scep_settings())).certificate


# --- T-12: what is in the certificate --------------------------------------------------------------------------------


async def test_another_subject_than_invited_is_refused(rig: ServiceRig) -> None:
    """The challenge of A does not name B, nor an administrator (T-12, CERT VU#971035)."""
    device, other = rig.device(1), rig.device(2)
    await device.fetch_profile()
    await other.fetch_profile()
    theirs = name_from_subject(other.scep_settings().subject)
    for subject in (theirs, name_of("admin"), x509.Name([]), name_of("mdmsim TEST Root CA", "mdmsim TEST")):
        await _refuses(device, device.request(_key(), subject=subject), "scep.subject", FailInfo.BAD_REQUEST)


async def test_an_alternative_name_is_refused(rig: ServiceRig) -> None:
    """A device's certificate names no host and no mailbox (T-12)."""
    device = rig.device()
    await device.fetch_profile()
    for name in (
        x509.DNSName("mdm.example.test"),
        x509.RFC822Name("admin@example.test"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ):
        csr = device.request(_key(), alternative_names=[name])
        await _refuses(device, csr, "scep.subject:alternative_names", FailInfo.BAD_REQUEST)


@pytest.mark.parametrize(
    "extension",
    [
        x509.BasicConstraints(ca=True, path_length=None),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.CODE_SIGNING]),
        x509.KeyUsage(True, False, False, False, False, True, True, False, False),
    ],
    ids=["authority", "server", "code signing", "certifies"],
)
async def test_a_request_for_more_than_a_device_is_refused(rig: ServiceRig, extension: x509.ExtensionType) -> None:
    """An authority, a server, a code signer: none of them is what the invitation was for (T-12)."""
    device = rig.device()
    await device.fetch_profile()
    scep = device.scep_settings()
    assert scep.challenge is not None
    builder = x509.CertificateSigningRequestBuilder(name_from_subject(scep.subject))
    builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, scep.challenge.encode())
    csr = builder.add_extension(extension, critical=True).sign(_key(), hashes.SHA256())
    await _refuses(device, csr.public_bytes(Encoding.DER), "scep.subject", FailInfo.BAD_REQUEST)


@pytest.mark.parametrize("compat", [frozenset(), frozenset({Compat.ANY_SUBJECT})], ids=["strict", "any-subject"])
async def test_the_certificate_says_what_our_record_says(open_rig: OpenRig, compat: frozenset[Compat]) -> None:
    """Subject, purpose, validity, serial number: ours, even where a request for something else is tolerated (I-10)."""
    async with open_rig(compat=compat) as rig:
        device = rig.device()
        await device.fetch_profile()
        key = _key()
        subject, names = None, []
        if compat:
            subject, names = name_of("fleet-testdevice", "fleet-organization"), [x509.DNSName("evil.example.test")]
        csr = device.request(key, subject=subject, alternative_names=names)
        certificate = (await device.send_scep(csr, transaction_id="t", key=key)).certificate
        assert certificate is not None
        assert certificate.subject == name_from_subject(device.scep_settings().subject)
        assert certificate.not_valid_after_utc - rig.clock() == timedelta(days=365)
        extensions = {extension.oid._name: extension.value for extension in certificate.extensions}
        assert "subjectAltName" not in extensions
        assert list(extensions["extendedKeyUsage"]) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        assert not extensions["basicConstraints"].ca
        row = await rig.store.certificates.find(Identity(key, certificate).fingerprint)
        assert row is not None
        assert int(row.serial_number, 16) == certificate.serial_number
        assert row.not_after == certificate.not_valid_after_utc


# --- T-15: renewal ---------------------------------------------------------------------------------------------------


async def _rsa_device(rig: ServiceRig, key: rsa.RSAPrivateKey, number: int = 1) -> ServiceDevice:
    """Return an enrolled device with an RSA identity: only such a one can open the reply to a renewal."""
    device = rig.device(number)
    await device.get_certificate(key=key)
    await device.authenticate()
    await device.token_update()
    return device


async def test_a_device_renews_with_its_current_certificate(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """No challenge is needed, and the new certificate is the same device's from the start (RFC 8894 §2.4)."""
    device = await _rsa_device(rig, rsa_keys[1])
    new = await device.renew(rsa_keys[2])
    row = await rig.store.certificates.find(new.fingerprint)
    assert row is not None
    assert (row.device, row.renewal) == (device.udid, True)
    device.identity = new
    assert await device.idle() is None


async def test_nobody_but_the_holder_of_a_current_certificate_renews(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Self-signed, of another authority, expired, not on record, never used: no certificate for any (T-15, I-12)."""
    device = await _rsa_device(rig, rsa_keys[1])
    assert device.identity is not None
    subject = device.identity.certificate.subject
    now = rig.clock()
    other = Authority.create(clock=rig.clock, random_bytes=rig.random.randbytes)
    unused = rig.device(2)
    await unused.get_certificate(key=rsa_keys[2])
    assert unused.identity is not None
    expired = rig.authority.issue(
        rsa_keys[1].public_key(), subject, not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)
    )
    table: dict[str, tuple[Identity, FailInfo]] = {
        "scep.renewal:untrusted": (device.scep_signer(), FailInfo.BAD_MESSAGE_CHECK),
        "scep.renewal:untrusted ": (other.issue_identity(subject, key=rsa_keys[1]), FailInfo.BAD_MESSAGE_CHECK),
        "scep.renewal:expired": (Identity(rsa_keys[1], expired), FailInfo.BAD_MESSAGE_CHECK),
        "scep.renewal:unrecorded": (rig.authority.issue_identity(subject, key=rsa_keys[1]), FailInfo.BAD_CERT_ID),
        "scep.renewal:issued": (unused.identity, FailInfo.BAD_CERT_ID),
    }
    for event, (signer, fail_info) in table.items():
        csr = build_request(rsa_keys[3], signer.certificate.subject)
        await _refuses(device, csr, event.strip(), fail_info, signer=signer, renewal=True)


async def test_a_revoked_or_replaced_certificate_renews_nothing(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """The thief of an old certificate cannot turn it into a new one (T-15)."""
    device = await _rsa_device(rig, rsa_keys[1])
    old = device.identity
    assert old is not None
    device.identity = await device.renew(rsa_keys[2])
    await device.idle()
    csr = build_request(rsa_keys[3], old.certificate.subject)
    await _refuses(device, csr, "scep.renewal:superseded", FailInfo.BAD_CERT_ID, signer=old, renewal=True)
    await rig.suite.administration.revoke(device.identity.fingerprint)
    csr = build_request(rsa_keys[3], device.identity.certificate.subject)
    await _refuses(device, csr, "scep.renewal:revoked", FailInfo.BAD_CERT_ID, signer=device.identity, renewal=True)


async def test_a_renewal_is_for_the_same_name(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A device cannot renew into another's certificate (T-15)."""
    one, two = await _rsa_device(rig, rsa_keys[1], 1), await _rsa_device(rig, rsa_keys[2], 2)
    assert one.identity is not None
    assert two.identity is not None
    csr = build_request(rsa_keys[3], two.identity.certificate.subject)
    await _refuses(one, csr, "scep.subject", FailInfo.BAD_REQUEST, signer=one.identity, renewal=True)


# --- T-16: keys ------------------------------------------------------------------------------------------------------

FORGED: dict[str, Callable[[], bytes]] = {
    "key_size": lambda: build_request(rsa.generate_private_key(65537, 1024), name_of("device")),
    "key_exponent": lambda: forged_requests.with_rsa_numbers(
        forged_requests.coprime_to_small_primes(random.Random(1), 2048), 3
    ),
    "key_roca": lambda: forged_requests.with_rsa_numbers(forged_requests.roca_modulus()),
    "key_fermat": lambda: forged_requests.with_rsa_numbers(forged_requests.modulus_with_close_factors()),
    "key_modulus": lambda: forged_requests.with_rsa_numbers(forged_requests.modulus_with_factor(17)),
    "key_curve": lambda: build_request(ec.generate_private_key(ec.SECP256K1()), name_of("device")),
    "key_malformed": lambda: forged_requests.with_point(3 << 250, 5 << 250),
}


@pytest.mark.parametrize("reason", sorted(FORGED))
async def test_a_bad_key_is_refused(rig: ServiceRig, reason: str) -> None:
    """Short, badly made, breakable, off the curve: badAlg, and which it was in the journal (T-16)."""
    await _refuses(rig.device(), FORGED[reason](), f"scep.key:{reason}", FailInfo.BAD_ALG)


async def test_proof_of_possession_is_demanded(rig: ServiceRig) -> None:
    """A request that its own key did not sign is somebody else's key (T-16)."""
    device = rig.device()
    await device.fetch_profile()
    csr = bytearray(device.request(_key()))
    csr[-1] ^= 1
    await _refuses(device, bytes(csr), "scep.key:proof_of_possession", FailInfo.BAD_REQUEST)


async def test_an_authority_s_own_key_is_refused(rig: ServiceRig) -> None:
    """Nobody is certified with the key of the registration authority, not even by accident (T-16)."""
    device = rig.device()
    await device.fetch_profile()
    for identity in (rig.authority.issuing, rig.authority.registration, rig.authority.profile_signer):
        await _refuses(device, device.request(identity.key), "scep.key:key_forbidden", FailInfo.BAD_REQUEST)


async def test_a_key_of_another_device_is_refused(rig: ServiceRig) -> None:
    """Two devices with one key are one device as far as signatures go (T-16)."""
    first, second = await rig.enrolled(1), rig.device(2)
    assert first.identity is not None
    profile = await rig.suite.invitations.profile(InvitationRequest(udid=second.udid))
    await second.fetch_profile(profile)
    await _refuses(second, second.request(first.identity.key), "scep.key", FailInfo.BAD_REQUEST)


async def test_short_keys_are_certified_where_compat_says_so(open_rig: OpenRig) -> None:
    """Mdmb makes RSA-1024 when the profile names no size; such a device then works to the end."""
    async with open_rig(compat=frozenset({Compat.WEAK_KEYS})) as rig:
        device = rig.device()
        await device.get_certificate(key=rsa.generate_private_key(65537, 1024))
        assert (await device.authenticate()).status == 200
        assert (await device.token_update()).status == 200


# --- T-17: retries ---------------------------------------------------------------------------------------------------


async def test_a_lost_reply_is_answered_again_with_the_same_certificate(rig: ServiceRig) -> None:
    """The same transaction with the same request is the same certificate, and one row (T-17)."""
    device = rig.device()
    await device.fetch_profile()
    key = _key()
    csr = device.request(key)
    first, second = [await device.send_scep(csr, transaction_id="same", key=key) for _ in range(2)]
    assert first.certificate is not None
    assert second.certificate == first.certificate
    assert await _certificates(rig) == 1


async def test_another_request_in_the_same_transaction_is_refused(rig: ServiceRig) -> None:
    """Replaying an identifier with other bytes gets nothing (T-17)."""
    device = rig.device()
    await device.fetch_profile()
    key = _key()
    await device.send_scep(device.request(key), transaction_id="same", key=key)
    await _refuses(device, device.request(_key()), "scep.replay", FailInfo.BAD_REQUEST, transaction_id="same")


# --- T-18: faults ----------------------------------------------------------------------------------------------------


def _sabotage(rig: ServiceRig, *statements: str) -> None:
    """Change the database behind the server's back."""
    connection = sqlite3.connect(rig.path, timeout=5)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("fault", ["INSERT ON issuance", "INSERT ON certificate", "UPDATE ON issuance"])
async def test_nothing_is_released_that_could_not_be_recorded(rig: ServiceRig, fault: str) -> None:
    """One write of the issuance fails: no certificate leaves; once it is healed, the retry gets one (T-18)."""
    device = rig.device()
    await device.fetch_profile()
    key = _key()
    csr = device.request(key)
    _sabotage(rig, f"CREATE TRIGGER sabotage BEFORE {fault} BEGIN SELECT RAISE(ABORT, 'on strike'); END")
    with pytest.raises((Refusal, sqlite3.Error)) as failed:
        await device.send_scep(csr, transaction_id="t", key=key)
    assert not isinstance(failed.value, Refusal) or failed.value.status == 503
    assert await _certificates(rig) == 0
    _sabotage(rig, "DROP TRIGGER sabotage")
    reply = await device.send_scep(csr, transaction_id="t", key=key)
    assert reply.certificate is not None
    assert await _certificates(rig) == 1


async def test_a_server_that_dies_between_recording_and_signing_finishes_after_the_restart(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded and not signed is signed when the client tries again: no challenge is lost (T-18)."""
    device = rig.device()
    await device.fetch_profile()
    key = _key()
    csr = device.request(key)

    def die(self: Authority, *args: object, **facts: object) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as broken:
        broken.setattr(Authority, "issue", die)
        with pytest.raises(SystemExit):
            await device.send_scep(csr, transaction_id="t", key=key)
    assert await _certificates(rig) == 0
    reply = await device.send_scep(csr, transaction_id="t", key=key)
    assert reply.status is PkiStatus.SUCCESS


# --- manual approval -------------------------------------------------------------------------------------------------


async def _poll(device: ServiceDevice, transaction: str, signer: Identity, key: PrivateKey | None) -> Reply:
    nonce = b"p" * 16
    raw = poll_request(
        device.rig.authority.issuing.certificate.subject,
        name_of("device"),
        signer=signer,
        recipient=device.rig.authority.registration.certificate,
        transaction_id=transaction,
        sender_nonce=nonce,
        when=device.rig.clock(),
    )
    return read_reply(
        (await device.post_scep(raw)).body,
        identity=signer,
        transaction_id=transaction,
        sender_nonce=nonce,
        trusted=[device.rig.authority.registration.certificate],
        key=key,
    )


async def _waiting(rig: ServiceRig, key: rsa.RSAPrivateKey) -> tuple[ServiceDevice, Identity]:
    """Return a device whose request waits for a person, and the signer of its request."""
    device = rig.device()
    await device.fetch_profile(await rig.suite.invitations.profile(InvitationRequest(manual_approval=True)))
    device.scep_key = key
    signer = device.scep_signer()
    reply = await device.send_scep(device.request(key), transaction_id="t", key=key, signer=signer)
    assert reply.status is PkiStatus.PENDING
    return device, signer


async def test_a_request_that_waits_is_granted_when_a_person_approves(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """PENDING, then GetCertInitial yields the certificate (RFC 8894 §3.3.3)."""
    device, signer = await _waiting(rig, rsa_keys[1])
    assert (await _poll(device, "t", signer, rsa_keys[1])).status is PkiStatus.PENDING
    (pending,) = await rig.suite.administration.pending()
    await rig.suite.administration.approve(pending.transaction_id)
    reply = await _poll(device, "t", signer, rsa_keys[1])
    assert reply.certificate is not None
    assert await rig.suite.administration.pending() == []


async def test_a_denied_request_stays_denied(rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """A no is final."""
    device, signer = await _waiting(rig, rsa_keys[1])
    await rig.suite.administration.deny("t")
    assert _verdict(await _poll(device, "t", signer, rsa_keys[1])) == BAD_REQUEST
    with pytest.raises(Refusal) as refused:
        await rig.suite.administration.approve("t")
    assert refused.value.status == 409


async def test_only_the_holder_of_the_key_may_ask_how_it_stands(
    rig: ServiceRig, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """Another signer in the same transaction, and an unknown transaction, are refused."""
    device, signer = await _waiting(rig, rsa_keys[1])
    await rig.suite.administration.approve("t")
    device.scep_key = rsa_keys[2]
    stranger = await _poll(device, "t", device.scep_signer(), None)
    assert _verdict(stranger) == (PkiStatus.FAILURE, FailInfo.BAD_MESSAGE_CHECK)
    unknown = await _poll(device, "unknown", signer, None)
    assert _verdict(unknown) == (PkiStatus.FAILURE, FailInfo.BAD_CERT_ID)


async def test_approving_what_does_not_wait_is_an_error(rig: ServiceRig) -> None:
    """The administrator is told that there is no such request."""
    with pytest.raises(Refusal) as refused:
        await rig.suite.administration.approve("nothing")
    assert (refused.value.status, refused.value.code) == (404, "scep.unknown_transaction")


async def test_a_challenge_never_shows_in_the_journal(rig: ServiceRig) -> None:
    """Neither a good nor a bad one, nor its hash (T-72, R0)."""
    device = rig.device()
    await device.fetch_profile()
    challenge = device.scep_settings().challenge
    assert challenge is not None
    message = pkcs_request(
        device.request(_key(), subject=name_of("wrong")),
        signer=device.scep_signer(),
        recipient=rig.authority.registration.certificate,
        transaction_id="t",
        sender_nonce=b"n" * 16,
        when=rig.clock(),
    )
    await assert_rejected(rig.store, device.post_scep(message), status=200, event="scep.subject", secrets=[challenge])
    await device.get_certificate()
    assert challenge not in repr(await rig.store.journal.list(limit=500))
