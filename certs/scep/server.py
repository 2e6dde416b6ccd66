"""The server's half of SCEP: requests are read, opened and answered.

`parse_request` raises when there is nothing that could be answered with a CertRep: without a transaction identifier, a
nonce and a signature that holds there is nobody to answer to. From there on every refusal can be, and should be, a
`failure_reply` (RFC 8894 §3.3.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certs.der import scan
from certs.enveloped_data import MODERN, WRITTEN, cipher_of, decrypt, encrypt
from certs.errors import UNREADABLE_X509, CmsError, EnvelopeError, FailInfo, ScepError
from certs.identity import Identity
from certs.scep import attributes
from certs.scep.vocabulary import MESSAGE_TYPE, REQUESTS, SENDER_NONCE, TRANSACTION_ID, MessageType, PkiStatus
from certs.signed_data import SHA2, sign
from certs.signed_data_fast import verify
from certs.structures import IssuerAndSubject, load

_ALGORITHM_REASONS = frozenset({"digest", "signature_algorithm", "cipher"})


@dataclass(frozen=True, slots=True)
class PkiMessage:
    """A request whose signature holds. Who its signer is, and whether he may ask, is not known yet."""

    message_type: int | None
    """The number sent; None if there was none, or more than one. Compare it with `REQUESTS`, never the other way."""
    transaction_id: str
    sender_nonce: bytes
    signer: x509.Certificate
    """Whom the answer is encrypted to: often self-signed, and sometimes for another key than the request's."""
    envelope: bytes
    digest: str
    raw: bytes

    @property
    def cipher(self) -> str:
        """The name of the cipher of the envelope."""
        return cipher_of(self.envelope)


def parse_request(raw: bytes, *, digests: frozenset[str] = SHA2) -> PkiMessage:
    """Read a request and verify its signature.

    Raises:
        ScepError: it cannot even be answered; the reason is that of `certs.signed_data`, or the missing attribute.

    """
    try:
        signed = verify(raw, digests=digests)
    except CmsError as error:
        fail_info = FailInfo.BAD_ALG if error.reason in _ALGORITHM_REASONS else FailInfo.BAD_MESSAGE_CHECK
        raise ScepError(fail_info, error.reason, str(error)) from error
    transaction_id = attributes.read_text(signed.attributes, TRANSACTION_ID)
    sender_nonce = attributes.read_nonce(signed.attributes, SENDER_NONCE)
    if transaction_id is None:
        raise ScepError(FailInfo.BAD_REQUEST, "transaction_id", "expected one transactionID, found none that is usable")
    if sender_nonce is None:
        raise ScepError(FailInfo.BAD_REQUEST, "sender_nonce", "expected one senderNonce, found none that is usable")
    return PkiMessage(
        message_type=attributes.read_number(signed.attributes, MESSAGE_TYPE),
        transaction_id=transaction_id,
        sender_nonce=sender_nonce,
        signer=signed.signer,
        envelope=signed.content,
        digest=signed.digest,
        raw=raw,
    )


def open_request(message: PkiMessage, registration: Identity, *, ciphers: frozenset[str] = MODERN) -> bytes:
    """Decrypt what a request asks for: a PKCS #10 request, or issuer and subject for GetCertInitial.

    An envelope that does not decrypt and one that holds nonsense are refused alike: with two answers, somebody who
    recorded another's request could wrap its envelope anew and read it byte by byte from what we say.

    Raises:
        ScepError: `message_type`, `signer_key`, `cipher`, `recipient` or `envelope`.

    """
    if message.message_type not in REQUESTS:
        raise ScepError(
            FailInfo.BAD_REQUEST, "message_type", f"expected a request we know, found {message.message_type}"
        )
    if not isinstance(message.signer.public_key(), rsa.RSAPublicKey):
        raise ScepError(
            FailInfo.BAD_ALG,
            "signer_key",
            "expected a signer with an RSA key, because the answer is encrypted to it (RFC 8894 §3.1): "
            "found another kind; sign with a separate self-signed RSA certificate",
        )
    try:
        content = decrypt(message.envelope, registration, ciphers=ciphers)
        _look_at(content, message.message_type)
    except EnvelopeError as error:
        if error.reason == "cipher":
            raise ScepError(FailInfo.BAD_ALG, "cipher", str(error)) from error
        if error.reason == "recipient":
            raise ScepError(FailInfo.BAD_MESSAGE_CHECK, "recipient", str(error)) from error
    except UNREADABLE_X509:
        pass
    else:
        return content
    raise ScepError(FailInfo.BAD_MESSAGE_CHECK, "envelope", "expected a request encrypted to us, found none")


def _look_at(content: bytes, message_type: int) -> None:
    """Raise one of UNREADABLE_X509 if the content is not what a message of its type holds."""
    if message_type == MessageType.GET_CERT_INITIAL:
        load(IssuerAndSubject, content)
    else:
        scan(content)
        x509.load_der_x509_csr(content)


def certificate_reply(
    message: PkiMessage,
    certificate: x509.Certificate,
    *,
    responder: Identity,
    when: datetime,
    sender_nonce: bytes,
    digest: str | None = None,
    cipher: str | None = None,
) -> bytes:
    """Answer with a certificate, and with nothing beside it: some clients take the first they find for theirs.

    Args:
        message: the request.
        certificate: what was issued.
        responder: the registration authority, one of the certificates that GetCACert gives.
        when: the signing time.
        sender_nonce: sixteen fresh bytes.
        digest: what to sign with; the client's own unless said otherwise.
        cipher: what to encrypt with; the client's own if it is AES, else `aes-128-cbc`.

    Raises:
        ScepError: `signer_key`, if the request's signer cannot decrypt.

    """
    used = message.cipher
    chosen = cipher or (used if used in WRITTEN else "aes-128-cbc")
    try:
        content = encrypt(pkcs7.serialize_certificates([certificate], Encoding.DER), [message.signer], cipher=chosen)
    except EnvelopeError as error:
        raise ScepError(FailInfo.BAD_ALG, "signer_key", str(error)) from error
    return _reply(message, content, PkiStatus.SUCCESS, responder, when, sender_nonce, digest)


def failure_reply(
    message: PkiMessage,
    fail_info: FailInfo,
    *,
    responder: Identity,
    when: datetime,
    sender_nonce: bytes,
    digest: str | None = None,
    text: str | None = None,
) -> bytes:
    """Refuse a request; `text` is for people (RFC 8894 §3.2.1.4), and must not say what a stranger should not know."""
    return _reply(message, None, PkiStatus.FAILURE, responder, when, sender_nonce, digest, fail_info, text)


def pending_reply(
    message: PkiMessage, *, responder: Identity, when: datetime, sender_nonce: bytes, digest: str | None = None
) -> bytes:
    """Ask the client to come back with a GetCertInitial."""
    return _reply(message, None, PkiStatus.PENDING, responder, when, sender_nonce, digest)


def _reply(
    message: PkiMessage,
    content: bytes | None,
    status: PkiStatus,
    responder: Identity,
    when: datetime,
    sender_nonce: bytes,
    digest: str | None,
    fail_info: FailInfo | None = None,
    text: str | None = None,
) -> bytes:
    """Sign a CertRep. All attributes always: Go's clients refuse one without a recipientNonce, even in a failure."""
    return sign(
        content,
        responder,
        when=when,
        digest=digest or message.digest,
        include_chain=False,
        attributes=attributes.write(
            MessageType.CERT_REP,
            message.transaction_id,
            sender_nonce,
            recipient_nonce=message.sender_nonce,
            pki_status=status,
            fail_info=fail_info,
            fail_info_text=text,
        ),
    )
