from __future__ import annotations

import asyncio
import ipaddress
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID

from certs.authority import Authority
from certs.errors import FailInfo
from certs.identity import Identity
from certs.names import name_from_subject, name_of
from certs.request import build_request
from certs.scep import PkiStatus, pkcs_request, transaction_id_of
from mdm_server.domain.refusal import Refusal
from mdm_server.service.compat import Compat
from mdm_server.service.invitations import InvitationRequest
from rigs.rejection import assert_rejected
from rigs.scep_verdicts import BAD_REQUEST, assert_declined, certificates_on_record, new_key, scep_events, verdict
from rigs.service import ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]

# --- T-11, T-14: challenges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [True, False])
async def test_sixteen_at_once_with_one_challenge_get_one_certificate(open_rig: OpenRig, inline: bool) -> None:
    """A one-time challenge is consumed where the issuance is recorded: one wins, fifteen are told it is used (T-11)."""
    async with open_rig(inline=inline) as rig:
        device = rig.device()
        await device.fetch_profile()
        keys = [new_key() for _ in range(16)]
        replies = await asyncio.gather(
            *(device.send_scep(device.request(key), transaction_id=transaction_id_of(key), key=key) for key in keys)
        )
        verdicts = [verdict(reply) for reply in replies]
        assert verdicts.count((PkiStatus.SUCCESS, None)) == 1
        assert verdicts.count(BAD_REQUEST) == 15
        assert await certificates_on_record(rig) == 1
        assert (await scep_events(rig)).count("scep.challenge_used:") == 15


async def test_a_challenge_is_used_once(rig: ServiceRig) -> None:
    """The guest of yesterday cannot come again with the same profile (T-11)."""
    device = await rig.enrolled()
    await assert_declined(device, device.request(new_key()), "scep.challenge_used", FailInfo.BAD_REQUEST)


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
    await assert_declined(latecomer, latecomer.request(new_key()), "scep.challenge_used", FailInfo.BAD_REQUEST)


@pytest.mark.parametrize("challenge", ["", "never issued", "x" * 5000])
async def test_a_challenge_that_was_never_issued_is_refused(rig: ServiceRig, challenge: str) -> None:
    """Empty, unknown, absurd (T-14)."""
    device = rig.device()
    await device.fetch_profile()
    csr = build_request(new_key(), name_of("device"), challenge=challenge)
    await assert_declined(device, csr, "scep.challenge", FailInfo.BAD_REQUEST)


async def test_a_request_without_a_challenge_is_refused(rig: ServiceRig) -> None:
    """There is no setting under which none is needed (T-14)."""
    await assert_declined(
        rig.device(), build_request(new_key(), name_of("x")), "scep.challenge:missing", FailInfo.BAD_REQUEST
    )


async def test_a_challenge_expires(rig: ServiceRig) -> None:
    """After sixty minutes the profile is of no use any more (T-14)."""
    device = rig.device()
    await device.fetch_profile()
    rig.clock.pass_time(minutes=60)
    await assert_declined(device, device.request(new_key()), "scep.challenge:expired", FailInfo.BAD_REQUEST)


async def test_a_revoked_challenge_is_refused(rig: ServiceRig) -> None:
    """What an administrator takes back is gone (T-14)."""
    device = rig.device()
    await device.fetch_profile()
    (invitation,) = await rig.suite.administration.invitations()
    await rig.suite.administration.revoke_invitation(invitation.invitation_id)
    await assert_declined(device, device.request(new_key()), "scep.challenge:revoked", FailInfo.BAD_REQUEST)


async def test_a_refused_request_burns_no_challenge(rig: ServiceRig) -> None:
    """Whoever asked for the wrong thing may ask again for the right one (R0)."""
    device = rig.device()
    await device.fetch_profile()
    await assert_declined(
        device, device.request(new_key(), subject=name_of("admin")), "scep.subject", FailInfo.BAD_REQUEST
    )
    assert (await device.redeem(device.scep_settings())).certificate


# --- T-12: what is in the certificate --------------------------------------------------------------------------------


async def test_another_subject_than_invited_is_refused(rig: ServiceRig) -> None:
    """The challenge of A does not name B, nor an administrator (T-12, CERT VU#971035)."""
    device, other = rig.device(1), rig.device(2)
    await device.fetch_profile()
    await other.fetch_profile()
    theirs = name_from_subject(other.scep_settings().subject)
    for subject in (theirs, name_of("admin"), x509.Name([]), name_of("mdmsim TEST Root CA", "mdmsim TEST")):
        await assert_declined(device, device.request(new_key(), subject=subject), "scep.subject", FailInfo.BAD_REQUEST)


async def test_an_alternative_name_is_refused(rig: ServiceRig) -> None:
    """A device's certificate names no host and no mailbox (T-12)."""
    device = rig.device()
    await device.fetch_profile()
    for name in (
        x509.DNSName("mdm.example.test"),
        x509.RFC822Name("admin@example.test"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ):
        csr = device.request(new_key(), alternative_names=[name])
        await assert_declined(device, csr, "scep.subject:alternative_names", FailInfo.BAD_REQUEST)


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
    csr = builder.add_extension(extension, critical=True).sign(new_key(), hashes.SHA256())
    await assert_declined(device, csr.public_bytes(Encoding.DER), "scep.subject", FailInfo.BAD_REQUEST)


@pytest.mark.parametrize("compat", [frozenset(), frozenset({Compat.ANY_SUBJECT})], ids=["strict", "any-subject"])
async def test_the_certificate_says_what_our_record_says(open_rig: OpenRig, compat: frozenset[Compat]) -> None:
    """Subject, purpose, validity, serial number: ours, even where a request for something else is tolerated (I-10)."""
    async with open_rig(compat=compat) as rig:
        device = rig.device()
        await device.fetch_profile()
        key = new_key()
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


# --- T-17: retries ---------------------------------------------------------------------------------------------------


async def test_a_lost_reply_is_answered_again_with_the_same_certificate(rig: ServiceRig) -> None:
    """The same transaction with the same request is the same certificate, and one row (T-17)."""
    device = rig.device()
    await device.fetch_profile()
    key = new_key()
    csr = device.request(key)
    first, second = [await device.send_scep(csr, transaction_id="same", key=key) for _ in range(2)]
    assert first.certificate is not None
    assert second.certificate == first.certificate
    assert await certificates_on_record(rig) == 1


async def test_another_request_in_the_same_transaction_is_refused(rig: ServiceRig) -> None:
    """Replaying an identifier with other bytes gets nothing (T-17)."""
    device = rig.device()
    await device.fetch_profile()
    key = new_key()
    await device.send_scep(device.request(key), transaction_id="same", key=key)
    await assert_declined(device, device.request(new_key()), "scep.replay", FailInfo.BAD_REQUEST, transaction_id="same")


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
    key = new_key()
    csr = device.request(key)
    _sabotage(rig, f"CREATE TRIGGER sabotage BEFORE {fault} BEGIN SELECT RAISE(ABORT, 'on strike'); END")
    with pytest.raises((Refusal, sqlite3.Error)) as failed:
        await device.send_scep(csr, transaction_id="t", key=key)
    assert not isinstance(failed.value, Refusal) or failed.value.status == 503
    assert await certificates_on_record(rig) == 0
    _sabotage(rig, "DROP TRIGGER sabotage")
    reply = await device.send_scep(csr, transaction_id="t", key=key)
    assert reply.certificate is not None
    assert await certificates_on_record(rig) == 1


async def test_a_server_that_dies_between_recording_and_signing_finishes_after_the_restart(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded and not signed is signed when the client tries again: no challenge is lost (T-18)."""
    device = rig.device()
    await device.fetch_profile()
    key = new_key()
    csr = device.request(key)

    def die(self: Authority, *args: object, **facts: object) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as broken:
        broken.setattr(Authority, "issue", die)
        with pytest.raises(SystemExit):
            await device.send_scep(csr, transaction_id="t", key=key)
    assert await certificates_on_record(rig) == 0
    reply = await device.send_scep(csr, transaction_id="t", key=key)
    assert reply.status is PkiStatus.SUCCESS


async def test_a_refusal_that_is_no_400_is_answered_as_http(rig: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the disk is full is not the client's fault, and no CertRep says so: 503, come back later."""
    device = rig.device()
    await device.fetch_profile()

    async def full(*_: object, **__: object) -> None:
        raise Refusal("store.unavailable", retry_after=5)

    monkeypatch.setattr(rig.store.issuance, "reserve", full)
    with pytest.raises(Refusal) as refused:
        await device.send_scep(device.request(new_key()), transaction_id="t")
    assert (refused.value.status, refused.value.retry_after) == (503, 5)


async def test_a_challenge_never_shows_in_the_journal(rig: ServiceRig) -> None:
    """Neither a good nor a bad one, nor its hash (T-72, R0)."""
    device = rig.device()
    await device.fetch_profile()
    challenge = device.scep_settings().challenge
    assert challenge is not None
    message = pkcs_request(
        device.request(new_key(), subject=name_of("wrong")),
        signer=device.scep_signer(),
        recipient=rig.authority.registration.certificate,
        transaction_id="t",
        sender_nonce=b"n" * 16,
        when=rig.clock(),
    )
    await assert_rejected(rig.store, device.post_scep(message), status=200, event="scep.subject", secrets=[challenge])
    await device.get_certificate()
    assert challenge not in repr(await rig.store.journal.list(limit=500))
