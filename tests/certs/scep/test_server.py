from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from certs import scep
from certs.authority import Authority
from certs.enveloped_data import LEGACY, encrypt
from certs.errors import FailInfo, ScepError
from certs.identity import Identity
from certs.scep.vocabulary import MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID, MessageType
from certs.signed_data import LEGACY_DIGESTS, read_certificates, sign, verify
from rigs import oracles
from rigs.elements import CONSTRUCTED_OCTET_STRING, OCTET_STRING, PRINTABLE_STRING, UTF8_STRING, element, read
from rigs.forged_cms import (
    Forgery,
    attribute,
    content_type_attribute,
    message_digest_attribute,
    rewritten,
    with_content,
)
from rigs.scep_client import CLIENT_NONCE, NOW, SERVER_NONCE, Client


def test_a_request_is_read_and_opened(client: Client, authority: Authority) -> None:
    """Type, transaction, nonce and signer are read; what was asked comes out of the envelope."""
    message = scep.parse_request(client.request())
    assert message.message_type == MessageType.PKCS_REQ
    assert message.transaction_id == client.transaction_id
    assert message.sender_nonce == CLIENT_NONCE
    assert message.signer == client.signer.certificate
    assert (message.digest, message.cipher) == ("sha256", "aes-128-cbc")
    assert scep.open_request(message, authority.registration) == client.csr


@pytest.mark.parametrize("number", range(256))
def test_only_three_types_are_opened(client: Client, authority: Authority, number: int) -> None:
    """T-10: every number parses and is reported as it is, and all but three are refused when it comes to opening."""
    message = scep.parse_request(with_types(client, printable(str(number))))
    assert message.message_type == number
    assert (number in scep.REQUESTS) == (number in {17, 19, 20})
    if number not in {17, 19, 20}:
        assert_refused(lambda: scep.open_request(message, authority.registration), FailInfo.BAD_REQUEST, "message_type")


@pytest.mark.parametrize(
    "values",
    [
        [],
        [b""],
        [element(PRINTABLE_STRING)],
        [element(PRINTABLE_STRING, b"PKCSReq")],
        [element(PRINTABLE_STRING, b"-19")],
        [element(PRINTABLE_STRING, b"+19")],
        [element(PRINTABLE_STRING, b" 19")],
        [element(PRINTABLE_STRING, b"19\n")],
        [element(PRINTABLE_STRING, b"1_9")],
        [element(PRINTABLE_STRING, b"19.0")],
        [element(PRINTABLE_STRING, b"0x13")],
        [element(PRINTABLE_STRING, b"00019")],
        [element(PRINTABLE_STRING, b"9" * 5000)],
        [element(UTF8_STRING, "١٩".encode())],
        [element(UTF8_STRING, b"\xff")],
        [element(OCTET_STRING, b"19")],
        [element(0x02, b"\x13")],
        [element(PRINTABLE_STRING, b"19"), element(PRINTABLE_STRING, b"19")],
        [element(PRINTABLE_STRING, b"19"), element(PRINTABLE_STRING, b"17")],
    ],
)
def test_a_type_that_is_no_number_is_none(client: Client, authority: Authority, values: list[bytes]) -> None:
    """T-10: missing, doubled or not a number: the request can be answered, and is on nobody's list."""
    message = scep.parse_request(with_types(client, *([attribute(MESSAGE_TYPE, *values)] if values else [])))
    assert message.message_type is None
    assert message.message_type not in scep.REQUESTS
    assert_refused(lambda: scep.open_request(message, authority.registration), FailInfo.BAD_REQUEST, "message_type")
    reply = scep.failure_reply(
        message, FailInfo.BAD_REQUEST, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE
    )
    assert answered(reply, client, authority).fail_info is FailInfo.BAD_REQUEST


def test_a_type_in_two_attributes_is_none(client: Client) -> None:
    """T-10: the same attribute twice is as good as none, in whichever order."""
    for first, second in (("19", "3"), ("3", "19"), ("19", "19")):
        assert scep.parse_request(with_types(client, printable(first), printable(second))).message_type is None


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({TRANSACTION_ID: []}, "transaction_id"),
        ({TRANSACTION_ID: [element(PRINTABLE_STRING)]}, "transaction_id"),
        ({TRANSACTION_ID: [element(PRINTABLE_STRING, b"a" * 257)]}, "transaction_id"),
        ({TRANSACTION_ID: [element(PRINTABLE_STRING, b"a\0b")]}, "transaction_id"),
        ({TRANSACTION_ID: [element(UTF8_STRING, "a\u202eb".encode())]}, "transaction_id"),
        ({TRANSACTION_ID: [element(PRINTABLE_STRING, b"a"), element(PRINTABLE_STRING, b"b")]}, "transaction_id"),
        ({SENDER_NONCE: []}, "sender_nonce"),
        ({SENDER_NONCE: [element(OCTET_STRING)]}, "sender_nonce"),
        ({SENDER_NONCE: [element(OCTET_STRING, b"n" * 65)]}, "sender_nonce"),
        ({SENDER_NONCE: [element(PRINTABLE_STRING, b"n" * 16)]}, "sender_nonce"),
    ],
)
def test_a_request_that_nobody_could_answer_is_refused(
    client: Client, attributes: dict[str, list[bytes]], reason: str
) -> None:
    """Without a usable transaction identifier and nonce there is nothing to put into an answer."""
    whole = {
        MESSAGE_TYPE: [element(PRINTABLE_STRING, b"19")],
        TRANSACTION_ID: [element(PRINTABLE_STRING, b"t")],
        SENDER_NONCE: [element(OCTET_STRING, CLIENT_NONCE)],
        **attributes,
    }
    raw = forged(client, [attribute(identifier, *values) for identifier, values in whole.items() if values])
    assert_refused(lambda: scep.parse_request(raw), FailInfo.BAD_REQUEST, reason)


def test_a_request_with_a_bad_signature_is_refused(client: Client) -> None:
    """What is wrong with the message is the reason; a digest that is not allowed is a matter of algorithms."""
    honest = client.request()
    broken = honest[:-1] + bytes((honest[-1] ^ 1,))
    assert_refused(lambda: scep.parse_request(broken), FailInfo.BAD_MESSAGE_CHECK, "signature")
    old = scep.pkcs_request(client.csr, **{**client.facts, "digest": "sha1"})
    assert_refused(lambda: scep.parse_request(old), FailInfo.BAD_ALG, "digest")
    assert scep.parse_request(old, digests=LEGACY_DIGESTS).digest == "sha1"
    assert_refused(lambda: scep.parse_request(b"GET /"), FailInfo.BAD_MESSAGE_CHECK, "asn1")


def test_a_signer_on_an_elliptic_curve_is_told_before_anything_is_issued(
    client: Client, authority: Authority, device_p256: Identity, answer: x509.Certificate
) -> None:
    """An answer cannot be encrypted to such a signer, so its request is refused with the way out."""
    message = scep.parse_request(scep.renewal_request(client.csr, **{**client.facts, "signer": device_p256}))
    assert_refused(
        lambda: scep.open_request(message, authority.registration), FailInfo.BAD_ALG, "signer_key", "self-signed RSA"
    )
    assert_refused(
        lambda: scep.certificate_reply(
            message, answer, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE
        ),
        FailInfo.BAD_ALG,
        "signer_key",
    )


def test_an_envelope_that_opens_to_nonsense_is_refused_like_one_that_does_not(
    client: Client, authority: Authority
) -> None:
    """Two different answers would let somebody read a recorded request by asking about changed copies of it."""
    registration = authority.registration
    nonsense = encrypt(b"no request", [registration.certificate])
    cut = encrypt(client.csr[:-16], [registration.certificate])
    broken = with_content(encrypt(client.csr, [registration.certificate]), lambda content: content[:-16])
    texts = set()
    for content in (nonsense, cut, broken):
        raw = sign(content, client.signer, when=NOW, attributes=attributes_of(client), include_chain=False)
        message = scep.parse_request(raw)
        error = assert_refused(
            lambda message=message: scep.open_request(message, registration), FailInfo.BAD_MESSAGE_CHECK, "envelope"
        )
        texts.add(str(error))
    assert len(texts) == 1


def test_an_envelope_for_another_or_with_another_cipher_is_named(
    client: Client, authority: Authority, device_rsa: Identity, tmp_path: Path
) -> None:
    """Whom it is for and how it is encrypted is written outside, and may be said."""
    message = scep.parse_request(scep.pkcs_request(client.csr, **{**client.facts, "recipient": device_rsa.certificate}))
    assert_refused(lambda: scep.open_request(message, authority.registration), FailInfo.BAD_MESSAGE_CHECK, "recipient")
    old = scep.parse_request(as_go_writes_it(client, authority, tmp_path), digests=LEGACY_DIGESTS)
    assert_refused(lambda: scep.open_request(old, authority.registration), FailInfo.BAD_ALG, "cipher")


def test_a_poll_holds_two_names(client: Client, authority: Authority) -> None:
    """GetCertInitial asks by issuer and subject; a PKCS #10 request in its place is refused, and vice versa."""
    poll = scep.poll_request(authority.issuing.certificate.subject, client.subject, **client.facts)
    message = scep.parse_request(poll)
    assert message.message_type == MessageType.GET_CERT_INITIAL
    opened = scep.open_request(message, authority.registration)
    assert client.subject.public_bytes() in opened
    for content, number in ((client.csr, b"20"), (opened, b"19")):
        raw = sign(
            encrypt(content, [client.recipient]),
            client.signer,
            when=NOW,
            attributes={**attributes_of(client), MESSAGE_TYPE: element(PRINTABLE_STRING, number)},
        )
        wrong = scep.parse_request(raw)
        assert_refused(
            lambda wrong=wrong: scep.open_request(wrong, authority.registration), FailInfo.BAD_MESSAGE_CHECK, "envelope"
        )


def test_a_client_like_mdmb_is_served(
    client: Client, authority: Authority, answer: x509.Certificate, tmp_path: Path
) -> None:
    """SHA-1, single DES and strings in pieces are read where that is allowed; the answer is AES, in the same digest."""
    raw = as_go_writes_it(client, authority, tmp_path)
    message = scep.parse_request(raw, digests=LEGACY_DIGESTS)
    assert (message.digest, message.cipher) == ("sha1", "des")
    assert scep.open_request(message, authority.registration, ciphers=LEGACY) == client.csr
    reply = scep.certificate_reply(
        message, answer, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE
    )
    assert verify(reply, digests=LEGACY_DIGESTS).digest == "sha1"
    assert scep.parse_request(client.request()).digest == "sha256"


@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc"])
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_an_answer_uses_what_the_client_used(
    client: Client, authority: Authority, answer: x509.Certificate, tmp_path: Path, digest: str, cipher: str
) -> None:
    """Digest and cipher are the client's own, and the judge opens the answer: one certificate, nothing beside it."""
    raw = scep.pkcs_request(client.csr, **{**client.facts, "digest": digest, "cipher": cipher})
    message = scep.parse_request(raw)
    reply = scep.certificate_reply(
        message, answer, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE
    )
    pem = tmp_path / "signer.pem"
    pem.write_bytes(client.signer.pem())
    envelope = oracles.run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-noverify", stdin=reply).stdout
    listing = oracles.run("openssl", "cms", "-cmsout", "-print", "-inform", "DER", stdin=reply).stdout.decode()
    assert digest in listing.lower()
    opened = oracles.run(
        "openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", pem, "-inkey", pem, stdin=envelope
    )
    assert read_certificates(opened.stdout) == (answer,)
    assert read_certificates(reply) == (authority.registration.certificate,)


@pytest.mark.parametrize("fail_info", list(FailInfo))
def test_every_failure_arrives(client: Client, authority: Authority, fail_info: FailInfo) -> None:
    """Each failInfo comes back as what it is, with its text, and without content."""
    message = scep.parse_request(client.request())
    raw = scep.failure_reply(
        message,
        fail_info,
        responder=authority.registration,
        when=NOW,
        sender_nonce=SERVER_NONCE,
        text="the challenge is used",
    )
    reply = answered(raw, client, authority)
    assert (reply.status, reply.fail_info, reply.certificates) == (scep.PkiStatus.FAILURE, fail_info, ())
    assert reply.text == "the challenge is used"


def test_pending_arrives(client: Client, authority: Authority) -> None:
    """A client that must wait is told so."""
    message = scep.parse_request(client.request())
    raw = scep.pending_reply(message, responder=authority.registration, when=NOW, sender_nonce=SERVER_NONCE)
    assert answered(raw, client, authority) == scep.Reply(scep.PkiStatus.PENDING)


def printable(text: str) -> bytes:
    """Write a messageType attribute."""
    return attribute(MESSAGE_TYPE, element(PRINTABLE_STRING, text.encode()))


def with_types(client: Client, *types: bytes) -> bytes:
    """Write a request with these messageType attributes."""
    facts = [
        attribute(TRANSACTION_ID, element(PRINTABLE_STRING, client.transaction_id.encode())),
        attribute(SENDER_NONCE, element(OCTET_STRING, CLIENT_NONCE)),
    ]
    return forged(client, [*facts, *types])


def forged(client: Client, attributes: list[bytes]) -> bytes:
    """Write a signed message around a genuine envelope."""
    envelope = encrypt(client.csr, [client.recipient])
    both = [content_type_attribute(), message_digest_attribute(envelope)]
    return Forgery(envelope, client.signer, embedded=envelope, attributes=[*both, *attributes]).build()


def attributes_of(client: Client) -> dict[str, bytes]:
    """Return the attributes of the client's PKCSReq."""
    return scep.attributes.write(MessageType.PKCS_REQ, client.transaction_id, CLIENT_NONCE)


def as_go_writes_it(client: Client, authority: Authority, folder: Path) -> bytes:
    """Make a request as mdmb and scepclient do: SHA-1, single DES, and the content in a constructed string."""
    pem = folder / "registration.pem"
    pem.write_bytes(authority.registration.pem())
    providers = ["-provider", "default", "-provider", "legacy"]
    envelope = oracles.run(
        "openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-des", *providers, "-recip", pem, stdin=client.csr
    ).stdout
    raw = sign(envelope, client.signer, when=NOW, digest="sha1", attributes=attributes_of(client), include_chain=False)
    string = element(OCTET_STRING, envelope)
    assert string in raw
    return rewritten(read(raw), {string: element(CONSTRUCTED_OCTET_STRING, string)})


def answered(raw: bytes, client: Client, authority: Authority) -> scep.Reply:
    """Read a reply as the client does."""
    return scep.read_reply(
        raw,
        identity=client.signer,
        transaction_id=client.transaction_id,
        sender_nonce=CLIENT_NONCE,
        trusted=[authority.registration.certificate],
    )


def assert_refused(action: Any, fail_info: FailInfo, reason: str, text: str | None = None) -> ScepError:
    """Assert that this is refused, with this failInfo and for this reason."""
    with pytest.raises(ScepError, match=text) as refused:
        action()
    assert (refused.value.fail_info, refused.value.reason) == (fail_info, reason)
    return refused.value
