from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.authority import Authority
from certs.errors import CertsError, ChainError
from certs.identity import Identity, certificates_to_pem, fingerprint, load_certificate
from certs.issuance import Usage
from certs.names import name_of
from certs.trust import ChainVerifier, Purpose, verify_chain
from rigs import oracles
from rigs.certificate_zoo import CLIENT, ZOO, certificate


@pytest.fixture
def verifier(authority: Authority) -> ChainVerifier:
    """Return a verifier that trusts the session's authority."""
    return ChainVerifier([authority.root.certificate], [authority.issuing.certificate])


def refusal(verifier: ChainVerifier, leaf: x509.Certificate, at: datetime, purpose: Purpose = Purpose.CLIENT) -> str:
    """Return the reason for which a certificate is refused."""
    with pytest.raises(ChainError) as caught:
        verifier.check(leaf, at, purpose)
    return caught.value.reason


@pytest.mark.parametrize("name", ZOO)
def test_a_certificate_of_the_zoo_is_refused_with_its_reason(name: str, authority: Authority, now: datetime) -> None:
    """T-05: whatever is wrong with a certificate, it is refused, and the reason says what it was."""
    animal = ZOO[name](authority, now)
    verifier = ChainVerifier(
        [authority.root.certificate], [authority.issuing.certificate, *animal.intermediates], remember=8
    )
    at = now + timedelta(hours=1)
    assert refusal(verifier, animal.certificate, at) in animal.reasons
    assert refusal(verifier, animal.certificate, at) in animal.reasons, "the second time too"


def test_devices_are_trusted_as_clients(
    verifier: ChainVerifier, device_rsa: Identity, device_p256: Identity, now: datetime
) -> None:
    """Both kinds of key lead to the root."""
    for identity in (device_rsa, device_p256):
        verifier.check(identity.certificate, now, Purpose.CLIENT)


def test_the_function_remembers_chains_and_not_moments(
    authority: Authority, device_rsa: Identity, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain is built once for the same roots and intermediates; whether it is in date is asked every time."""
    trusted = {"roots": [authority.root.certificate], "intermediates": [authority.issuing.certificate]}
    verify_chain(device_rsa.certificate, **trusted, at=now, purpose=Purpose.CLIENT)
    monkeypatch.delattr(ChainVerifier, "_path")
    verify_chain(device_rsa.certificate, **trusted, at=now, purpose=Purpose.CLIENT)
    with pytest.raises(ChainError) as refused:
        verify_chain(device_rsa.certificate, **trusted, at=now + timedelta(days=9999), purpose=Purpose.CLIENT)
    assert refused.value.reason == "expired"
    monkeypatch.undo()
    others = {**trusted, "roots": [device_rsa.certificate]}
    with pytest.raises(ChainError) as refused:
        verify_chain(device_rsa.certificate, **others, at=now, purpose=Purpose.SERVER)
    assert refused.value.reason != "expired"


def test_the_function_and_the_object_agree(authority: Authority, device_rsa: Identity, now: datetime) -> None:
    """`verify_chain` is a verifier for those who have none at hand."""
    trusted = {"roots": [authority.root.certificate], "intermediates": [authority.issuing.certificate]}
    verify_chain(device_rsa.certificate, **trusted, at=now, purpose=Purpose.CLIENT)
    with pytest.raises(ChainError, match="serve"):
        verify_chain(device_rsa.certificate, **trusted, at=now, purpose=Purpose.SERVER)


@pytest.mark.parametrize(
    ("usage", "purposes"),
    [
        (Usage.DEVICE, {Purpose.CLIENT}),
        (Usage.SERVER, {Purpose.SERVER, Purpose.SIGNING}),
        (Usage.PROFILE_SIGNING, {Purpose.SIGNING}),
        (Usage.REGISTRATION, {Purpose.SERVER, Purpose.SIGNING}),
    ],
)
def test_a_usage_serves_its_purposes_and_no_other(
    usage: Usage, purposes: set[Purpose], authority: Authority, verifier: ChainVerifier, now: datetime
) -> None:
    """A device cannot pass for a server, nor sign a profile for another device; a server cannot pass for a device."""
    leaf = authority.issue_identity(name_of("leaf"), usage=usage).certificate
    for purpose in Purpose:
        if purpose in purposes:
            verifier.check(leaf, now, purpose)
        else:
            assert refusal(verifier, leaf, now, purpose) == "purpose"


def test_any_purpose_is_every_purpose(authority: Authority, verifier: ChainVerifier, now: datetime) -> None:
    """`anyExtendedKeyUsage` stands for them all (RFC 5280 §4.2.1.12)."""
    any_purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    leaf = certificate(authority.issuing, now, any_purpose)
    for purpose in Purpose:
        verifier.check(leaf, now, purpose)


def test_validity_is_compared_with_the_clock_every_time(
    verifier: ChainVerifier, device_rsa: Identity, now: datetime
) -> None:
    """A chain that is remembered still expires, and is still not valid before its time."""
    leaf = device_rsa.certificate
    verifier.check(leaf, now, Purpose.CLIENT)
    verifier.check(leaf, leaf.not_valid_before_utc, Purpose.CLIENT)
    verifier.check(leaf, leaf.not_valid_after_utc, Purpose.CLIENT)
    second = timedelta(seconds=1)
    assert refusal(verifier, leaf, leaf.not_valid_before_utc - second) == "not_yet_valid"
    assert refusal(verifier, leaf, leaf.not_valid_after_utc + second) == "expired"


def test_a_certificate_of_the_same_issuer_and_serial_is_another_one(
    authority: Authority, verifier: ChainVerifier, now: datetime
) -> None:
    """T-09: what is remembered is the whole certificate, not its name and number."""
    genuine = certificate(authority.issuing, now, CLIENT, serial=42)
    impostor = Identity(ec.generate_private_key(ec.SECP256R1()), authority.issuing.certificate)
    forged = certificate(impostor, now, CLIENT, serial=42)
    assert (genuine.issuer, genuine.serial_number, genuine.subject) == (
        forged.issuer,
        forged.serial_number,
        forged.subject,
    )
    assert fingerprint(genuine) != fingerprint(forged)
    verifier.check(genuine, now, Purpose.CLIENT)
    assert refusal(verifier, forged, now) == "untrusted"


def test_only_so_many_chains_are_remembered(authority: Authority, now: datetime) -> None:
    """The memory is bounded, and what was seen last is what stays."""
    verifier = ChainVerifier([authority.root.certificate], [authority.issuing.certificate], remember=2)
    leaves = [certificate(authority.issuing, now, CLIENT, serial=serial) for serial in (1, 2, 3)]
    for leaf in (leaves[0], leaves[1], leaves[0], leaves[2]):
        verifier.check(leaf, now, Purpose.CLIENT)
    assert list(verifier._chains) == [fingerprint(leaves[0]), fingerprint(leaves[2])]


def test_a_refusal_is_not_remembered(authority: Authority, verifier: ChainVerifier, now: datetime) -> None:
    """A stranger cannot fill the memory with certificates that were refused."""
    refusal(verifier, ZOO["self-signed"](authority, now).certificate, now)
    assert not verifier._chains


def test_a_short_key_passes_where_it_was_asked_for(authority: Authority, now: datetime) -> None:
    """Old clients have keys of 1024 bits; taking them is the caller's explicit choice."""
    leaf = certificate(authority.issuing, now, CLIENT, key=rsa.generate_private_key(65537, 1024))
    roots, intermediates = [authority.root.certificate], [authority.issuing.certificate]
    assert refusal(ChainVerifier(roots, intermediates), leaf, now) == "weak_key"
    ChainVerifier(roots, intermediates, minimum_rsa_bits=1024).check(leaf, now, Purpose.CLIENT)


def test_no_flipped_bit_is_trusted(verifier: ChainVerifier, device_p256: Identity, now: datetime) -> None:
    """Whatever bit of a certificate changes, it is unreadable or refused, and nothing else happens."""
    der = device_p256.der
    for position in range(len(der)):
        flipped = der[:position] + bytes([der[position] ^ (1 << position % 8)]) + der[position + 1 :]
        try:
            leaf = load_certificate(flipped)
        except CertsError:
            continue
        # How many bits of the signature's last byte do not count is not signed, and says nothing.
        signed = (leaf.tbs_certificate_bytes, leaf.signature)
        if signed != (device_p256.certificate.tbs_certificate_bytes, device_p256.certificate.signature):
            assert refusal(verifier, leaf, now), position


def test_several_threads_may_ask_at_once(authority: Authority, now: datetime) -> None:
    """The memory is shared without harm."""
    verifier = ChainVerifier([authority.root.certificate], [authority.issuing.certificate], remember=3)
    leaves = [certificate(authority.issuing, now, CLIENT, serial=serial) for serial in range(1, 9)]
    problems: list[Exception] = []

    def ask() -> None:
        try:
            for leaf in leaves * 10:
                verifier.check(leaf, now, Purpose.CLIENT)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(verifier._chains) == 3


@pytest.mark.parametrize(
    "name", ["self-signed", "expired", "not yet valid", "signed by an impostor", "for servers only"]
)
def test_openssl_refuses_what_we_refuse(name: str, authority: Authority, now: datetime, tmp_path: Path) -> None:
    """The animals of the zoo are what they are said to be, in the eyes of somebody else."""
    animal = ZOO[name](authority, now)
    (tmp_path / "ca.pem").write_bytes(certificates_to_pem(authority.ca_certificates))
    (tmp_path / "leaf.pem").write_bytes(animal.certificate.public_bytes(Encoding.PEM))
    verdict = oracles.run(
        "openssl", "verify", "-purpose", "sslclient", "-attime", str(int(now.timestamp())),
        "-CAfile", tmp_path / "ca.pem", tmp_path / "leaf.pem", check=False,
    )  # fmt: skip
    assert verdict.returncode != 0
