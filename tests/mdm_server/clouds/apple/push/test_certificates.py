from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs.identity import certificates_to_pem
from mdm_server.clouds.apple.push import certificates
from mdm_server.clouds.apple.push.certificates import environments_of, new_topic, push_certificate, topics_of
from mdm_server.wire.apns import Environment
from rigs.apple_push import NOON, TOPIC, apple_authority, push_identity
from rigs.oracles import require

AUTHORITY = apple_authority()


def _request(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> x509.CertificateSigningRequest:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "anything")])
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, digest)


def test_a_push_certificate_says_its_topic_as_apples_do(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """As UID of its subject, for a year, whatever the request said."""
    certificate = push_certificate(AUTHORITY, _request(rsa_keys[0]), TOPIC)
    [uid] = certificate.subject.get_attributes_for_oid(x509.NameOID.USER_ID)
    assert uid.value == TOPIC
    assert topics_of(certificate) == {TOPIC}
    assert environments_of(certificate) == {Environment.PRODUCTION}
    assert certificate.public_key() == rsa_keys[0].public_key()
    assert (certificate.not_valid_after_utc - NOON).days == 365


def test_openssl_trusts_it_as_a_client(tmp_path: Path) -> None:
    """The chain holds, for clients and not for servers."""
    (tmp_path / "ca.pem").write_bytes(certificates_to_pem(list(AUTHORITY.ca_certificates)))
    (tmp_path / "push.pem").write_bytes(push_identity(AUTHORITY).certificate.public_bytes(Encoding.PEM))

    def verify(purpose: str) -> int:
        at = str(int(NOON.timestamp()))
        command = [require("openssl"), "verify", "-attime", at, "-purpose", purpose, "-CAfile", "ca.pem", "push.pem"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert verify("sslclient") == 0
    assert verify("sslserver") != 0


def test_one_for_several_topics_and_for_development() -> None:
    """Both are in it."""
    identity = push_identity(AUTHORITY, ["com.example.one", "com.example.two"], environment=Environment.DEVELOPMENT)
    assert topics_of(identity.certificate) == {"com.example.one", "com.example.two"}
    assert environments_of(identity.certificate) == {Environment.DEVELOPMENT}


def test_a_certificate_that_is_none_for_pushes_has_no_topic() -> None:
    """Nor is it good anywhere."""
    assert topics_of(AUTHORITY.root.certificate) == environments_of(AUTHORITY.root.certificate) == frozenset()


@pytest.mark.parametrize("extension", [b"", b"\x30", b"\x05\x00", b"\x30\x80\x00\x00", core.UTF8String("a").dump()])
def test_a_list_of_topics_that_cannot_be_read_lists_none(extension: bytes) -> None:
    """And raises nothing."""
    assert certificates._read_topics(extension) == []


@pytest.mark.parametrize("topic", ["", "not a topic", "com..example", "x" * 256, "com.example\n", ".com"])
def test_what_is_no_topic_gets_no_certificate(topic: str) -> None:
    """Before anything is signed."""
    with pytest.raises(ValueError, match="expected a topic"):
        push_identity(AUTHORITY, topic)


def test_a_request_must_prove_its_key() -> None:
    """Nobody gets a certificate for the key of another, or for one that signs in no way that TLS servers know."""
    good = _request(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)
    forged = x509.load_der_x509_csr(good.replace(b"anything", b"anybody!"))
    with pytest.raises(ValueError, match="signed with the key"):
        push_certificate(AUTHORITY, forged, TOPIC)
    with pytest.raises(ValueError, match="elliptic"):
        push_certificate(AUTHORITY, _request(ed25519.Ed25519PrivateKey.generate()), TOPIC)


def test_a_new_topic_is_one_of_management() -> None:
    """From sixteen random bytes."""
    assert new_topic(bytes(16)) == "com.apple.mgmt.External.00000000-0000-4000-8000-000000000000"
