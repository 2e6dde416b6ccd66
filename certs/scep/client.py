"""The client's half of SCEP: requests are made, answers are checked before anything in them is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, Unpack

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs.enveloped_data import MODERN, decrypt, encrypt
from certs.errors import CmsError, FailInfo, ScepError
from certs.identity import Identity, fingerprint
from certs.keys import PrivateKey, PublicKey, public_key_der
from certs.scep import attributes
from certs.scep.vocabulary import (
    FAIL_INFO,
    FAIL_INFO_TEXT,
    MESSAGE_TYPE,
    PKI_STATUS,
    RECIPIENT_NONCE,
    TRANSACTION_ID,
    MessageType,
    PkiStatus,
)
from certs.signed_data import SHA2, SignedContent, read_certificates, sign
from certs.signed_data_fast import verify
from certs.structures import IssuerAndSubject

SIGNER_LIFETIME = timedelta(days=1)
SIGNER_BACK_DATING = timedelta(minutes=10)
"""Go's pkcs7 wants the signing time inside the signer's validity, by its own clock's idea of both."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A CertRep that answers our request and comes from whom we asked."""

    status: PkiStatus
    certificates: tuple[x509.Certificate, ...] = ()
    """The one for our key first, then whatever else was sent; none unless the status is SUCCESS."""
    fail_info: FailInfo | None = None
    text: str | None = None

    @property
    def certificate(self) -> x509.Certificate | None:
        """The certificate for our key."""
        return self.certificates[0] if self.certificates else None


def transaction_id_of(key: PrivateKey | PublicKey) -> str:
    """Return the transaction identifier of a request for this key: its hash, so that a retry has the same one."""
    return hashlib.sha256(public_key_der(key)).hexdigest()


def self_signed(key: PrivateKey, subject: x509.Name, *, when: datetime, serial: int = 1) -> Identity:
    """Make the certificate that signs a first request, when there is no other yet (RFC 8894 §2.3).

    Args:
        key: an RSA key, or the answer could not be encrypted to it; it need not be the one that is certified.
        subject: the same subject as the request's.
        when: now; the certificate is valid for a day.
        serial: any positive number.

    """
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(when - SIGNER_BACK_DATING)
        .not_valid_after(when + SIGNER_LIFETIME)
        .sign(key, hashes.SHA256())
    )
    return Identity(key, certificate)


class RequestFacts(TypedDict):
    """What every request needs beside its content."""

    signer: Identity
    """See `self_signed`; the present identity for a renewal; that of the first request for a poll."""
    recipient: x509.Certificate
    """See `certs.scep.choose_recipient`."""
    transaction_id: str
    """See `transaction_id_of`; that of the first request for a poll."""
    sender_nonce: bytes
    """Sixteen fresh bytes; the answer repeats them."""
    when: datetime
    """The signing time."""
    digest: NotRequired[str]
    """`sha256`, unless the server's capabilities ask for another."""
    cipher: NotRequired[str]
    """`aes-128-cbc`, or `aes-256-cbc`."""


def pkcs_request(csr_der: bytes, **facts: Unpack[RequestFacts]) -> bytes:
    """Ask for a first certificate (PKCSReq, RFC 8894 §3.3.1) with a PKCS #10 request that holds the challenge."""
    return _request(MessageType.PKCS_REQ, csr_der, **facts)


def renewal_request(csr_der: bytes, **facts: Unpack[RequestFacts]) -> bytes:
    """Ask for the next certificate (RenewalReq, RFC 8894 §3.3.1), signing with the present one."""
    return _request(MessageType.RENEWAL_REQ, csr_der, **facts)


def poll_request(issuer: x509.Name, subject: x509.Name, **facts: Unpack[RequestFacts]) -> bytes:
    """Ask again after a PENDING (GetCertInitial, RFC 8894 §3.3.3).

    Args:
        issuer: the subject of the authority's certificate.
        subject: the subject that was asked for.
        **facts: those of the first request, but for the nonce and the time.

    """
    names = {"issuer": issuer.public_bytes(), "subject": subject.public_bytes()}
    content = IssuerAndSubject({field: core.Sequence.load(name) for field, name in names.items()})
    return _request(MessageType.GET_CERT_INITIAL, content.dump(), **facts)


def _request(message_type: MessageType, content: bytes, **facts: Unpack[RequestFacts]) -> bytes:
    return sign(
        encrypt(content, [facts["recipient"]], cipher=facts.get("cipher", "aes-128-cbc")),
        facts["signer"],
        when=facts["when"],
        digest=facts.get("digest", "sha256"),
        attributes=attributes.write(message_type, facts["transaction_id"], facts["sender_nonce"]),
        include_chain=False,
    )


def read_reply(
    raw: bytes,
    *,
    identity: Identity,
    transaction_id: str,
    sender_nonce: bytes,
    trusted: Sequence[x509.Certificate],
    key: PrivateKey | PublicKey | None = None,
    digests: frozenset[str] = SHA2,
    ciphers: frozenset[str] = MODERN,
) -> Reply:
    """Check an answer, and open it.

    Args:
        raw: the CertRep.
        identity: who signed the request.
        transaction_id: that of the request.
        sender_nonce: that of the request.
        trusted: what GetCACert gave. The answer is signed by one of these, or it is refused: that its signer was
            issued by one of them proves nothing, for so was every other device's certificate.
        key: the key that was to be certified, if it is not the signer's.
        digests: which digests are good enough.
        ciphers: which ciphers are good enough.

    Raises:
        ScepError: the reasons of `certs.signed_data` and `certs.enveloped_data`, and `untrusted_signer`,
            `message_type`, `transaction_id`, `recipient_nonce`, `pki_status`, `certificates`, `other_key`.

    """
    try:
        signed = verify(raw, digests=digests, absent_is_empty=True)
    except CmsError as error:
        raise _refused(error.reason, str(error)) from error
    _check_answers(signed, transaction_id, sender_nonce, trusted)
    status = attributes.read_number(signed.attributes, PKI_STATUS)
    if status == PkiStatus.PENDING:
        return Reply(PkiStatus.PENDING)
    if status == PkiStatus.FAILURE:
        number = attributes.read_number(signed.attributes, FAIL_INFO)
        fail_info = FailInfo(number) if number in set(FailInfo) else None
        return Reply(
            PkiStatus.FAILURE, fail_info=fail_info, text=attributes.read_text(signed.attributes, FAIL_INFO_TEXT)
        )
    if status != PkiStatus.SUCCESS:
        raise _refused("pki_status", f"expected a pkiStatus of 0, 2 or 3, found {status}")
    certificates = _open(signed.content, identity, ciphers)
    wanted = public_key_der(key or identity.key)
    ours = [certificate for certificate in certificates if _public_key_of(certificate) == wanted]
    if not ours:
        raise _refused("other_key", "expected a certificate for the key that we asked about, found one for another")
    others = [certificate for certificate in certificates if certificate != ours[0]]
    return Reply(PkiStatus.SUCCESS, (ours[0], *others))


def _check_answers(
    signed: SignedContent, transaction_id: str, sender_nonce: bytes, trusted: Sequence[x509.Certificate]
) -> None:
    """Make sure that the message comes from whom we asked, and answers what we asked (RFC 8894 §3.2.1)."""
    if fingerprint(signed.signer) not in {fingerprint(certificate) for certificate in trusted}:
        raise _refused("untrusted_signer", "expected an answer signed by a certificate of GetCACert, found another")
    if attributes.read_number(signed.attributes, MESSAGE_TYPE) != MessageType.CERT_REP:
        raise _refused("message_type", "expected a CertRep, found another message")
    if attributes.read_text(signed.attributes, TRANSACTION_ID) != transaction_id:
        raise _refused("transaction_id", "expected an answer in our transaction, found one in another")
    if attributes.read_nonce(signed.attributes, RECIPIENT_NONCE) != sender_nonce:
        raise _refused("recipient_nonce", "expected our own nonce in the answer, found another or none")


def _open(envelope: bytes, identity: Identity, ciphers: frozenset[str]) -> tuple[x509.Certificate, ...]:
    try:
        content = decrypt(envelope, identity, ciphers=ciphers)
    except CmsError as error:
        raise _refused(error.reason, str(error)) from error
    try:
        return read_certificates(content)
    except CmsError as error:
        raise _refused("certificates", f"expected certificates in the answer, found something else: {error}") from error


def _public_key_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _refused(reason: str, text: str) -> ScepError:
    return ScepError(FailInfo.BAD_MESSAGE_CHECK, reason, text)
