from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.authority import Authority
from certs.enveloped_data import encrypt
from certs.errors import FailInfo
from certs.keys import KeyKind
from certs.scep import PkiStatus, parse_capabilities, pkcs_request, read_reply
from certs.scep.vocabulary import MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID
from certs.signed_data import sign
from mdm_server.domain.refusal import Refusal
from mdm_server.service.answer import Answer
from mdm_server.service.compat import Compat
from mdm_server.service.limiter import GuessLimiter
from mdm_server.service.scep import decode_message
from rigs.elements import OCTET_STRING, PRINTABLE_STRING, element
from rigs.forged_cms import Forgery, attribute, content_type_attribute, message_digest_attribute
from rigs.old_envelopes import encrypt_as
from rigs.rejection import assert_rejected
from rigs.service import ServiceDevice, ServiceRig

OpenRig = Callable[..., AbstractAsyncContextManager[ServiceRig]]
NONCE = b"n" * 16


async def _invited(device: ServiceDevice) -> bytes:
    """Let a device fetch a profile and return a request that redeems it, not sent yet."""
    await device.fetch_profile()
    return device.request(ec.generate_private_key(ec.SECP256R1()))


async def _pki_message(device: ServiceDevice, csr: bytes, transaction: str = "transaction-1", **options: str) -> bytes:
    recipient = (await device.authority_certificates())[0]
    return pkcs_request(
        csr,
        signer=device.scep_signer(),
        recipient=recipient,
        transaction_id=transaction,
        sender_nonce=NONCE,
        when=device.rig.clock(),
        **options,
    )


def _status(
    device: ServiceDevice, answer: Answer, transaction: str = "transaction-1"
) -> tuple[PkiStatus, FailInfo | None]:
    reply = read_reply(
        answer.body,
        identity=device.scep_signer(),
        transaction_id=transaction,
        sender_nonce=NONCE,
        trusted=[device.rig.authority.registration.certificate],
        key=device.request_key,
    )
    return reply.status, reply.fail_info


# --- what clients rely on (checklist row 10) -------------------------------------------------------------------------


async def test_one_certificate_receives_requests_and_signs_replies(rig: ServiceRig) -> None:
    """GetCACert is exactly one certificate in DER with the exact content type mdmb compares byte by byte."""
    answer = await rig.suite.scep.answer(rig.facts(method="GET", query={"operation": "GetCACert", "message": "x"}), b"")
    assert answer.content_type == "application/x-x509-ca-cert"
    certificate = x509.load_der_x509_certificate(answer.body)
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey), "SCEP encrypts to this key (RFC 8894 §3.1)"


async def test_the_chain_form_is_there_for_clients_that_insist(open_rig: OpenRig) -> None:
    """With `--compat ca-chain` GetCACert is the RFC's degenerate CMS, registration authority and its chain."""
    async with open_rig(compat=frozenset({Compat.CA_CHAIN})) as rig:
        facts = rig.facts(method="GET", query={"operation": "GetCACert"})
        answer = await rig.suite.scep.answer(facts, b"")
        assert answer.content_type == "application/x-x509-ca-ra-cert"
        device = await rig.enrolled()
        assert len(await device.authority_certificates()) == 3


async def test_a_single_rsa_authority_serves_itself(open_rig: OpenRig, authority: Authority) -> None:
    """An authority that registers for itself answers with its own certificate, and enrols devices with it."""
    single = Authority.create(
        clock=authority.clock, random_bytes=authority.random_bytes, issuing_key=KeyKind.RSA_2048, single=True
    )
    async with open_rig(authority=single) as rig:
        device = await rig.enrolled()
        assert await device.authority_certificates() == [single.issuing.certificate]


async def test_capabilities_offer_what_is_accepted_and_no_more(rig: ServiceRig, open_rig: OpenRig) -> None:
    """Old algorithms are advertised only where compat accepts them."""

    async def keywords(rig: ServiceRig) -> frozenset[str]:
        answer = await rig.suite.scep.answer(rig.facts(method="GET", query={"operation": "GetCACaps"}), b"")
        assert answer.content_type == "text/plain"
        return parse_capabilities(answer.body).keywords

    strict = await keywords(rig)
    assert {"postpkioperation", "scepstandard", "aes", "sha-256", "renewal"} <= strict
    assert not {"sha-1", "des3"} & strict
    async with open_rig(compat=frozenset({Compat.SHA1, Compat.DES})) as lenient:
        assert await keywords(lenient) == strict | {"sha-1", "des3"}


@pytest.mark.parametrize("spelling", ["standard", "url-safe", "unpadded", "plus as space", "line feeds"])
async def test_a_get_may_spell_base64_as_it_likes(rig: ServiceRig, spelling: str) -> None:
    """Both alphabets, with and without padding, with `+` decoded to a space by somebody's form parser."""
    device = rig.device()
    message = await _pki_message(device, await _invited(device))
    text = {
        "standard": base64.b64encode(message).decode(),
        "url-safe": base64.urlsafe_b64encode(message).decode(),
        "unpadded": base64.urlsafe_b64encode(message).decode().rstrip("="),
        "plus as space": base64.b64encode(message).decode().replace("+", " "),
        "line feeds": base64.encodebytes(message).decode(),
    }[spelling]
    facts = rig.facts(method="GET", query={"operation": "PKIOperation", "message": text})
    assert _status(device, await rig.suite.scep.answer(facts, b""))[0] is PkiStatus.SUCCESS


async def test_the_body_of_a_post_counts_and_its_query_does_not(rig: ServiceRig) -> None:
    """Mdmb repeats the message, percent-encoded, in the query of a POST: 7.5 kB that are none of our business."""
    device = rig.device()
    message = await _pki_message(device, await _invited(device))
    noise = urllib.parse.unquote(urllib.parse.quote_from_bytes(message), errors="replace")
    facts = rig.facts(method="POST", query={"operation": "PKIOperation", "message": noise})
    answer = await rig.suite.scep.answer(facts, message)
    assert answer.content_type == "application/x-pki-message"
    assert _status(device, answer)[0] is PkiStatus.SUCCESS


@pytest.mark.parametrize("cipher", ["des", "3des", "aes-128-cbc", "aes-256-cbc"])
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
async def test_old_ciphers_and_digests_need_compat(
    rig: ServiceRig, open_rig: OpenRig, cipher: str, digest: str
) -> None:
    """Debian's scepclient sends single DES and SHA-1 whatever is offered: refused strictly, served with compat."""
    device = rig.device()
    message = await _old_message(device, await _invited(device), cipher, digest)
    old = cipher in {"des", "3des"}
    if digest == "sha1":
        await assert_rejected(rig.store, device.post_scep(message), status=400, event="scep.message:digest")
    else:
        status, fail_info = _status(device, await device.post_scep(message))
        assert (status, fail_info) == ((PkiStatus.FAILURE, FailInfo.BAD_ALG) if old else (PkiStatus.SUCCESS, None))
    async with open_rig(compat=frozenset({Compat.SHA1, Compat.DES})) as lenient:
        device = lenient.device()
        message = await _old_message(device, await _invited(device), cipher, digest)
        reply = read_reply(
            (await device.post_scep(message)).body,
            identity=device.scep_signer(),
            transaction_id="transaction-1",
            sender_nonce=NONCE,
            trusted=[lenient.authority.registration.certificate],
            key=device.request_key,
            digests=frozenset({"sha1", "sha256"}),
        )
        assert reply.status is PkiStatus.SUCCESS


async def _old_message(device: ServiceDevice, csr: bytes, cipher: str, digest: str) -> bytes:
    """Wrap a request as old clients do."""
    recipient = (await device.authority_certificates())[0]
    write = encrypt_as if cipher in {"des", "3des"} else _encrypt_modern
    return sign(
        write(cipher, csr, recipient),
        device.scep_signer(),
        when=device.rig.clock(),
        digest=digest,
        attributes=_attributes(_text("19")),
        include_chain=False,
    )


def _encrypt_modern(cipher: str, content: bytes, recipient: x509.Certificate) -> bytes:
    return encrypt(content, [recipient], cipher=cipher)


async def test_the_signer_of_the_request_gets_the_reply_whatever_key_it_asks_for(rig: ServiceRig) -> None:
    """Mdmb signs with another key than it asks about: the reply is encrypted to the signer (checklist row 10)."""
    device = rig.device()
    await device.fetch_profile()
    reply = await device.scep(ec.generate_private_key(ec.SECP256R1()), device.scep_settings())
    assert reply.status is PkiStatus.SUCCESS
    assert len(reply.certificates) == 1, "the leaf alone: clients take the first certificate for theirs"


async def test_a_certificate_begins_ten_minutes_ago(rig: ServiceRig) -> None:
    """A client whose clock is behind, or that compares with the second it signed in, finds it valid."""
    device = rig.device()
    await device.get_certificate()
    assert device.identity is not None
    certificate = device.identity.certificate
    assert (rig.clock() - certificate.not_valid_before_utc).total_seconds() == 600
    assert (certificate.not_valid_after_utc - rig.clock()).days == 365


async def test_a_post_without_a_body_is_refused_whatever_its_query_says(rig: ServiceRig) -> None:
    """The body is the message; an empty one is no message (checklist row 10)."""
    device = rig.device()
    message = base64.b64encode(await _pki_message(device, await _invited(device))).decode()
    facts = rig.facts(method="POST", query={"operation": "PKIOperation", "message": message})
    await assert_rejected(rig.store, rig.suite.scep.answer(facts, b""), status=400, event="scep.message")


# --- what is no SCEP at all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [None, "", "GetNextCACert", "pkioperation", "PKIOperation2"])
async def test_an_unknown_operation_is_refused(rig: ServiceRig, operation: str | None) -> None:
    """GetNextCACert makes a peer panic; here it is a 400 that says what there is."""
    query = {} if operation is None else {"operation": operation}
    request = rig.suite.scep.answer(rig.facts(method="GET", query=query), b"")
    await assert_rejected(rig.store, request, status=400, event="scep.operation")


@pytest.mark.parametrize("body", [b"", b"junk", b"\x30\x80\x00\x00", b"\x30\x82\xff\xff" + b"\x1f" * 60_000])
async def test_what_cannot_be_parsed_is_a_400(rig: ServiceRig, body: bytes) -> None:
    """There is nobody to send a CertRep to (RFC 8894 §4.3); a 64 KiB tag is refused as quickly (T-36)."""
    await assert_rejected(rig.store, rig.device().post_scep(body), status=400, event="scep.message")


def test_a_message_that_is_no_base64_is_refused() -> None:
    """Also when it is not even ASCII."""
    for text in ("!", "a", "é", "\ud800", "AAAA\x00"):
        with pytest.raises(Refusal, match="cannot be read"):
            decode_message(text)


# --- T-10: message types ---------------------------------------------------------------------------------------------


def _text(text: str) -> bytes:
    return element(PRINTABLE_STRING, text.encode())


def _attributes(message_type: bytes | None, transaction: str = "transaction-1") -> dict[str, bytes]:
    attributes = {TRANSACTION_ID: _text(transaction), SENDER_NONCE: element(OCTET_STRING, NONCE)}
    if message_type is not None:
        attributes[MESSAGE_TYPE] = message_type
    return attributes


async def test_every_other_message_type_is_refused_and_issues_nothing(rig: ServiceRig) -> None:
    """0 to 255 but 17, 19 and 20: a signed FAILURE badRequest, and no certificate on record (T-10)."""
    device = rig.device()
    csr = await _invited(device)
    envelope = encrypt(csr, [rig.authority.registration.certificate])
    digest = await rig.store.state_digest()
    for number in range(256):
        if number in {17, 19, 20}:
            continue
        message = sign(envelope, device.scep_signer(), when=rig.clock(), attributes=_attributes(_text(str(number))))
        assert _status(device, await device.post_scep(message)) == (PkiStatus.FAILURE, FailInfo.BAD_REQUEST)
    assert await rig.store.state_digest() == digest
    assert len(await rig.store.journal.list(code="scep.type", limit=500)) == 253


@pytest.mark.parametrize("text", [None, "", "nineteen", "+19", "19 ", "0x13", "1_9", "-19", "19.0", "٣", "999999"])
async def test_a_message_type_that_is_no_number_is_refused(rig: ServiceRig, text: str | None) -> None:
    """Missing, empty, or only nearly nineteen (T-10)."""
    device = rig.device()
    envelope = encrypt(await _invited(device), [rig.authority.registration.certificate])
    value = None if text is None else _text(text)
    message = sign(envelope, device.scep_signer(), when=rig.clock(), attributes=_attributes(value))
    answer = device.post_scep(message)
    await assert_rejected(rig.store, answer, status=200, event="scep.type")


async def test_a_message_type_given_twice_is_refused(rig: ServiceRig) -> None:
    """Two values in one attribute: whichever another parser would take (T-10)."""
    device = rig.device()
    envelope = encrypt(await _invited(device), [rig.authority.registration.certificate])
    honest = [content_type_attribute(), message_digest_attribute(envelope)]
    stated = [attribute(identifier, value) for identifier, value in _attributes(None).items()]
    twice = attribute(MESSAGE_TYPE, _text("19"), _text("19"))
    message = Forgery(envelope, device.scep_signer(), embedded=envelope, attributes=[*honest, *stated, twice])
    await assert_rejected(rig.store, device.post_scep(message.build()), status=200, event="scep.type")


# --- T-13: guessing --------------------------------------------------------------------------------------------------


async def test_guessing_challenges_ends_with_429(open_rig: OpenRig, authority: Authority) -> None:
    """Wrong challenges are counted by peer; others are served meanwhile, and the guesser after a while (T-13)."""
    clock = authority.clock
    async with open_rig(limiter=GuessLimiter(clock, burst=3, per_minute=60)) as rig:
        guesser, honest = rig.device(1, peer="192.0.2.66"), rig.device(2)
        await guesser.fetch_profile()
        for number in range(3):
            guesser.challenge = f"guess {number}"
            message = await _pki_message(guesser, guesser.request(ec.generate_private_key(ec.SECP256R1())))
            await assert_rejected(
                rig.store, guesser.post_scep(message), status=200, event="scep.challenge", secrets=["guess"]
            )
        await assert_rejected(rig.store, guesser.post_scep(message), status=429, event="scep.rate")
        await honest.get_certificate()


async def test_the_answer_to_a_wrong_challenge_says_nothing_about_it(rig: ServiceRig) -> None:
    """Unknown, expired and revoked are the same answer; only the journal knows which it was (T-14)."""
    device = rig.device()
    await device.fetch_profile()
    texts = set()
    for challenge in ("unknown one", "unknown two"):
        device.challenge = challenge
        reply = await device.send_scep(
            device.request(ec.generate_private_key(ec.SECP256R1())), transaction_id=f"t-{challenge}"
        )
        texts.add((reply.status, reply.fail_info, reply.text))
    assert texts == {(PkiStatus.FAILURE, FailInfo.BAD_REQUEST, None)}
