from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certs import scep
from certs.authority import Authority
from certs.enveloped_data import encrypt
from certs.errors import ScepError
from certs.identity import Identity
from certs.request import build_request
from certs.scep.vocabulary import (
    FAIL_INFO,
    MESSAGE_TYPE,
    PKI_STATUS,
    RECIPIENT_NONCE,
    SENDER_NONCE,
    TRANSACTION_ID,
)
from certs.signed_data import LEGACY_DIGESTS, sign
from rigs.elements import OCTET_STRING, PRINTABLE_STRING, element
from rigs.scep_client import CLIENT_NONCE, NOW, SERVER_NONCE, Client


@pytest.fixture
def parts(client: Client, authority: Authority, answer: x509.Certificate) -> dict[str, Any]:
    """Return the parts of a good answer, of which a test may spoil one."""
    return {
        "content": enveloped([answer], client),
        "signer": authority.registration,
        "attributes": {
            MESSAGE_TYPE: element(PRINTABLE_STRING, b"3"),
            PKI_STATUS: element(PRINTABLE_STRING, b"0"),
            TRANSACTION_ID: element(PRINTABLE_STRING, client.transaction_id.encode()),
            SENDER_NONCE: element(OCTET_STRING, SERVER_NONCE),
            RECIPIENT_NONCE: element(OCTET_STRING, CLIENT_NONCE),
        },
    }


def enveloped(certificates: list[x509.Certificate], client: Client) -> bytes:
    """Put certificates into an envelope for the client."""
    return encrypt(pkcs7.serialize_certificates(certificates, Encoding.DER), [client.signer.certificate])


def signed(parts: dict[str, Any], digest: str = "sha256") -> bytes:
    """Sign the parts of an answer."""
    return sign(parts["content"], parts["signer"], when=NOW, attributes=parts["attributes"], digest=digest)


def read(raw: bytes, client: Client, authority: Authority, **changes: Any) -> scep.Reply:
    """Read an answer with what the client knows."""
    known = {
        "identity": client.signer,
        "transaction_id": client.transaction_id,
        "sender_nonce": CLIENT_NONCE,
        "trusted": [authority.registration.certificate, *authority.ca_certificates],
    }
    return scep.read_reply(raw, **{**known, **changes})


def test_a_whole_exchange_gives_a_certificate(client: Client, authority: Authority, answer: x509.Certificate) -> None:
    """Request, opening, answer and reading fit together."""
    message = scep.parse_request(client.request())
    raw = scep.certificate_reply(message, answer, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE)
    reply = read(raw, client, authority)
    assert (reply.status, reply.certificate, reply.certificates) == (scep.PkiStatus.SUCCESS, answer, (answer,))


def test_a_renewal_is_signed_by_the_present_identity(
    authority: Authority, device_rsa: Identity, rsa_keys: list[rsa.RSAPrivateKey], client: Client
) -> None:
    """A new key is certified over the signature of the old one, and the answer is opened with the old one."""
    subject = device_rsa.certificate.subject
    csr = build_request(rsa_keys[2], subject, challenge=None)
    raw = scep.renewal_request(csr, **{**client.facts, "signer": device_rsa})
    message = scep.parse_request(raw)
    assert message.message_type == scep.MessageType.RENEWAL_REQ
    assert message.signer == device_rsa.certificate
    assert scep.open_request(message, authority.registration) == csr
    renewed = authority.issue_identity(subject, key=rsa_keys[2]).certificate
    answer = scep.certificate_reply(
        message, renewed, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE
    )
    assert read(answer, client, authority, identity=device_rsa, key=rsa_keys[2]).certificate == renewed
    assert_refused(lambda: read(answer, client, authority, identity=device_rsa), "other_key")


def test_a_key_on_an_elliptic_curve_is_certified_by_way_of_another(
    client: Client, authority: Authority, device_p256: Identity
) -> None:
    """The signer may have another key than the request: so a curve, which cannot decrypt, gets its certificate too."""
    csr = build_request(device_p256.key, device_p256.certificate.subject, challenge="once")
    message = scep.parse_request(scep.pkcs_request(csr, **client.facts))
    assert scep.open_request(message, authority.registration) == csr
    answer = scep.certificate_reply(
        message, device_p256.certificate, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE
    )
    assert read(answer, client, authority, key=device_p256.key).certificate == device_p256.certificate


def test_the_certificate_for_our_key_comes_first(
    client: Client, authority: Authority, answer: x509.Certificate, parts: dict[str, Any]
) -> None:
    """Scepserver sends the authority's certificate along, in whichever order: ours is found by its key."""
    parts["content"] = enveloped([*authority.ca_certificates, answer], client)
    reply = read(signed(parts), client, authority)
    assert reply.certificate == answer
    assert set(reply.certificates) == {answer, *authority.ca_certificates}


@pytest.mark.parametrize(
    ("identifier", "value", "reason"),
    [
        (MESSAGE_TYPE, b"19", "message_type"),
        (MESSAGE_TYPE, None, "message_type"),
        (TRANSACTION_ID, b"another", "transaction_id"),
        (TRANSACTION_ID, None, "transaction_id"),
        (RECIPIENT_NONCE, b"another nonce...", "recipient_nonce"),
        (RECIPIENT_NONCE, b"", "recipient_nonce"),
        (RECIPIENT_NONCE, None, "recipient_nonce"),
        (PKI_STATUS, b"1", "pki_status"),
        (PKI_STATUS, b"", "pki_status"),
        (PKI_STATUS, None, "pki_status"),
    ],
)
def test_an_answer_to_something_else_is_refused(
    client: Client, authority: Authority, parts: dict[str, Any], identifier: str, value: bytes | None, reason: str
) -> None:
    """Type, transaction, nonce and status must be those of an answer to our own request."""
    del parts["attributes"][identifier]
    if value is not None:
        tag = OCTET_STRING if identifier == RECIPIENT_NONCE else PRINTABLE_STRING
        parts["attributes"][identifier] = element(tag, value)
    assert_refused(lambda: read(signed(parts), client, authority), reason)


def test_the_unspoilt_answer_is_accepted(
    client: Client, authority: Authority, answer: x509.Certificate, parts: dict[str, Any]
) -> None:
    """The parts make a good answer, so that the other tests show what they say."""
    assert read(signed(parts), client, authority).certificate == answer
    assert read(signed(parts, "sha1"), client, authority, digests=LEGACY_DIGESTS).certificate == answer
    assert_refused(lambda: read(signed(parts, "sha1"), client, authority), "digest")


def test_an_answer_from_a_stranger_is_refused(
    client: Client, authority: Authority, device_rsa: Identity, parts: dict[str, Any]
) -> None:
    """Nobody but the certificates of GetCACert may answer: not the client itself, and not another of their devices."""
    for stranger in (client.signer, device_rsa, replace(device_rsa, chain=authority.ca_certificates)):
        parts["signer"] = stranger
        assert_refused(lambda: read(signed(parts), client, authority), "untrusted_signer")
    assert_refused(lambda: read(signed(parts), client, authority, trusted=[]), "untrusted_signer")


def test_a_certificate_for_another_key_is_refused(
    client: Client, authority: Authority, device_rsa: Identity, parts: dict[str, Any]
) -> None:
    """A certificate that nobody here holds the key of is not ours, whatever its subject says."""
    parts["content"] = enveloped([device_rsa.certificate, *authority.ca_certificates], client)
    assert_refused(lambda: read(signed(parts), client, authority), "other_key")


def test_an_answer_that_does_not_open_is_refused(
    client: Client, authority: Authority, device_rsa: Identity, answer: x509.Certificate, parts: dict[str, Any]
) -> None:
    """An envelope for another, one without certificates, and none at all."""
    degenerate = pkcs7.serialize_certificates([answer], Encoding.DER)
    for content, reason in (
        (encrypt(degenerate, [device_rsa.certificate]), "recipient"),
        (encrypt(b"no certificates", [client.signer.certificate]), "certificates"),
        (degenerate, "not_enveloped_data"),
        (b"", "asn1"),
    ):
        parts["content"] = content
        assert_refused(lambda: read(signed(parts), client, authority), reason)


@pytest.mark.parametrize(("value", "expected"), [(b"4", scep.FailInfo.BAD_CERT_ID), (b"5", None), (None, None)])
def test_a_failure_without_a_known_reason_is_a_failure(
    client: Client, authority: Authority, parts: dict[str, Any], value: bytes | None, expected: scep.FailInfo | None
) -> None:
    """A server that refuses refuses, whether or not it says why in the words of the RFC."""
    parts["content"] = None
    parts["attributes"][PKI_STATUS] = element(PRINTABLE_STRING, b"2")
    if value is not None:
        parts["attributes"][FAIL_INFO] = element(PRINTABLE_STRING, value)
    assert read(signed(parts), client, authority) == scep.Reply(scep.PkiStatus.FAILURE, fail_info=expected)


def test_a_retry_has_the_same_transaction(client: Client, device_rsa: Identity) -> None:
    """The transaction identifier is a function of the key, printable, and differs between keys."""
    assert scep.transaction_id_of(client.key) == scep.transaction_id_of(client.key.public_key())
    assert scep.transaction_id_of(client.key) != scep.transaction_id_of(device_rsa.key)
    assert len(scep.transaction_id_of(client.key)) == 64


def assert_refused(action: Any, reason: str) -> None:
    """Assert that an answer is refused for this reason."""
    with pytest.raises(ScepError) as refused:
        action()
    assert refused.value.reason == reason
