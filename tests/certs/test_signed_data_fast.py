from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import signed_data, signed_data_fast, signed_data_shape, signed_data_structure
from certs.errors import CmsError
from certs.identity import Identity, fingerprint
from certs.known_certificate import know
from certs.scep.attributes import write
from certs.scep.vocabulary import MessageType
from certs.signature_algorithms import digest_algorithm, signature_algorithm
from certs.signed_data import LEGACY_DIGESTS, SHA2, SignedContent, sign
from certs.signed_data import verify as verify_carefully
from certs.signed_data_fast import sign_detached_fast, verify
from certs.signed_data_structure import ToBeSigned
from rigs import oracles
from rigs.elements import NULL, SEQUENCE, element
from rigs.forged_cms import mutants

BODY = b"<plist/>"
WHEN = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
MUTANTS = 600


def nested(depth: int) -> bytes:
    """Return empty sequences within each other."""
    return element(SEQUENCE, nested(depth - 1)) if depth else b""


Verdict = str | tuple[object, ...]


def verdict(
    judge: Callable[..., SignedContent], message: bytes, content: bytes | None, digests: frozenset[str] = SHA2
) -> Verdict:
    """Return everything that a path says about a message: the reason, or all that was signed."""
    try:
        signed = judge(message, content, digests=digests)
    except CmsError as error:
        return error.reason
    return said(signed)


def said(signed: SignedContent) -> Verdict:
    """Return what a message says, for comparison."""
    return (
        signed.content,
        fingerprint(signed.signer),
        know(signed.signer.public_bytes(Encoding.DER)).public_key,
        tuple(fingerprint(certificate) for certificate in signed.certificates),
        signed.digest,
        signed.signing_time,
        dict(signed.attributes),
    )


def recognised_only(message: bytes, content: bytes | None, *, digests: frozenset[str] = SHA2) -> SignedContent:
    """Ask the fast path alone."""
    assert signed_data_fast.decode is not None
    try:
        signed = signed_data_fast._recognise(signed_data_fast.decode(message), content, digests)
    except ValueError:
        signed = None
    if signed is None:
        raise CmsError("no_opinion")
    return signed


@pytest.fixture(params=["rsa-detached", "rsa-attached", "p256-detached", "p256-attached", "rsa-chain", "rsa-scep"])
def message(request: pytest.FixtureRequest) -> tuple[bytes, bytes | None]:
    """Return a message of each kind, and the content to give with it."""
    kind, _, form = request.param.partition("-")
    device: Identity = request.getfixturevalue(f"device_{kind}")
    detached = form == "detached"
    message = sign(
        BODY,
        device,
        when=WHEN,
        detached=detached,
        attributes=write(MessageType.PKCS_REQ, "once", b"n" * 16) if form == "scep" else None,
        include_chain=form == "chain",
    )
    return message, BODY if detached else None


def test_the_fast_path_is_there() -> None:
    """With the cryptography that is installed for these tests, nothing below passes for want of a fast path."""
    assert signed_data_fast.decode is not None


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512", "sha1"])
@pytest.mark.parametrize("kind", ["rsa", "p256"])
def test_what_a_device_sends_is_recognised(request: pytest.FixtureRequest, kind: str, digest: str) -> None:
    """The usual signature is accepted without the careful path, and means the same to both."""
    device: Identity = request.getfixturevalue(f"device_{kind}")
    usual = sign_detached_fast(BODY, device, when=WHEN, digest=digest)
    fast = verdict(recognised_only, usual, BODY, LEGACY_DIGESTS)
    assert fast == verdict(verify_carefully, usual, BODY, LEGACY_DIGESTS)
    assert isinstance(fast, tuple)


def test_the_usual_forms_are_recognised(message: tuple[bytes, bytes | None]) -> None:
    """Detached and attached, alone and with a chain, with SCEP's attributes: the careful path is not asked."""
    fast = verdict(recognised_only, *message)
    assert fast == verdict(verify_carefully, *message)
    assert isinstance(fast, tuple)


def test_nothing_signed_is_recognised_where_it_is_expected(device_rsa: Identity) -> None:
    """SCEP's refusals sign no content: recognised for those who expect it, refused for all others."""
    message = sign(None, device_rsa, when=WHEN)
    assert said(verify(message, absent_is_empty=True)) == said(verify_carefully(message, absent_is_empty=True))
    assert verdict(verify, message, None) == "content_missing"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(nested(40), id="deep"),
        pytest.param(element(SEQUENCE, NULL * 100), id="wide"),
        pytest.param(element(0x06, bytes(65)), id="a long object identifier"),
        pytest.param(element(SEQUENCE, element(0x25)), id="a constructed NULL"),
    ],
)
def test_an_attribute_that_nobody_would_read_is_not_recognised(device_rsa: Identity, value: bytes) -> None:
    """What the look over the whole message refuses, the fast path refuses to know."""
    message = sign(BODY, device_rsa, when=WHEN, attributes={"1.2.3.4": value}, include_chain=False)
    assert verdict(recognised_only, message, None) == "no_opinion"
    assert verdict(verify, message, None) == verdict(verify_carefully, message, None)


@pytest.mark.parametrize("detached", [True, False])
def test_both_writers_write_the_same(device_rsa: Identity, *, detached: bool) -> None:
    """asn1crypto, from the declared structures, and cryptography agree to the byte on what is signed and sent."""
    parts = ToBeSigned(
        content=None if detached else BODY,
        attributes={**write(MessageType.PKCS_REQ, "once", b"n" * 16), "1.2.3.4": NULL},
        certificates=(device_rsa.der, *(one.public_bytes(Encoding.DER) for one in device_rsa.chain)),
        issuer_and_serial_number=know(device_rsa.der).issuer_and_serial_number,
        digest_algorithm=digest_algorithm("sha256"),
        signature_algorithm=signature_algorithm(device_rsa.key, "sha256"),
    )
    signed: list[bytes] = []

    def sign_it(to_be_signed: bytes) -> bytes:
        signed.append(to_be_signed)
        return b"signature"

    quick, careful = (module.write_signed_data(parts, sign_it) for module in (signed_data_shape, signed_data_structure))
    assert quick == careful
    assert signed[0] == signed[1]


def test_every_flipped_bit_gets_the_same_verdict(message: tuple[bytes, bytes | None]) -> None:
    """One bit changed in any byte: both paths refuse for one reason, or both see the same message."""
    honest, content = message
    chance = random.Random(1)
    original = verdict(verify_carefully, honest, content)
    for position in range(len(honest)):
        flipped = bytearray(honest)
        flipped[position] ^= 1 << chance.randrange(8)
        assert_same_verdict(bytes(flipped), content, original)


def test_every_mutant_gets_the_same_verdict(message: tuple[bytes, bytes | None]) -> None:
    """Elements dropped, repeated, swapped, retagged, emptied, refilled or written in BER: the verdicts agree."""
    honest, content = message
    original = verdict(verify_carefully, honest, content)
    reasons = set()
    for mutant in islice(mutants(honest, random.Random(2)), MUTANTS):
        reasons.add(assert_same_verdict(mutant, content, original))
    assert {"asn1", "signers", "signer_certificate", "certificate", "digest", "signature"} <= reasons


def test_truncated_messages_get_the_same_verdict(message: tuple[bytes, bytes | None]) -> None:
    """A message that stops anywhere is refused by both."""
    honest, content = message
    for length in range(0, len(honest), 7):
        assert verdict(verify, honest[:length], content) == verdict(verify_carefully, honest[:length], content)


def test_openssl_accepts_whatever_we_accept(message: tuple[bytes, bytes | None], tmp_path: Path) -> None:
    """Of all mutants that we take for genuine, there is none that the judge refuses (Z4)."""
    honest, content = message
    arguments: list[str | Path] = ["cms", "-verify", "-binary", "-inform", "DER", "-noverify"]
    if content is not None:
        (tmp_path / "content").write_bytes(content)
        arguments += ["-content", tmp_path / "content"]
    accepted = list(islice(accepted_mutants(honest, content), 12))
    assert len(accepted) == 12
    for mutant in accepted:
        assert oracles.run("openssl", *arguments, stdin=mutant).stdout == BODY


def test_without_the_fast_path_everything_still_works(
    monkeypatch: pytest.MonkeyPatch, message: tuple[bytes, bytes | None], device_rsa: Identity
) -> None:
    """Where cryptography has no such parser the careful path does it all."""
    monkeypatch.setattr(signed_data_fast, "decode", None)
    monkeypatch.setattr(signed_data, "write_signed_data", signed_data_structure.write_signed_data)
    honest, content = message
    assert verify(honest, content).content == BODY
    again = sign(BODY, device_rsa, when=WHEN, include_chain=False)
    assert verify(again).content == BODY


def accepted_mutants(honest: bytes, content: bytes | None) -> Iterator[bytes]:
    """Yield the distinct mutants that we accept from the genuine certificate, of a bounded number."""
    original = verdict(verify, honest, content)
    seen = {honest}
    for mutant in islice(mutants(honest, random.Random(3)), MUTANTS):
        said_of_it = verdict(verify, mutant, content)
        if mutant not in seen and isinstance(said_of_it, tuple) and said_of_it[1] == original[1]:
            seen.add(mutant)
            yield mutant


def assert_same_verdict(mutant: bytes, content: bytes | None, original: Verdict) -> Verdict:
    """Assert that both paths agree, and that no mutant is accepted with another content, key or attribute.

    (A mutant of the certificate alone is accepted here. It is no longer the one that was issued: `certs.trust` sees.)
    """
    careful = verdict(verify_carefully, mutant, content)
    assert verdict(verify, mutant, content) == careful
    fast = verdict(recognised_only, mutant, content)
    assert fast in ("no_opinion", careful)
    if isinstance(careful, tuple):
        assert (careful[0], careful[2], careful[6]) == (original[0], original[2], original[6])
        return "accepted"
    return careful
