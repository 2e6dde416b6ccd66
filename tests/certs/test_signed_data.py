from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.cms_content import CONTENT_TYPE, DATA, MESSAGE_DIGEST, RSASSA_PSS, SIGNED_DATA, SIGNING_TIME
from certs.errors import CmsError
from certs.identity import Identity
from certs.known_certificate import know
from certs.signature_algorithms import digest_algorithm
from certs.signed_data import (
    LEGACY_DIGESTS,
    SHA2,
    SignedContent,
    read_certificates,
    read_time,
    sign,
    verify,
    write_time,
)
from certs.signed_data_fast import sign_detached_fast
from certs.signed_data_fast import verify as verify_fast
from rigs import oracles
from rigs.elements import (
    CONTEXT_0,
    CONTEXT_1,
    GENERALIZED_TIME,
    NULL,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    element,
    integer,
    object_identifier,
)
from rigs.forged_cms import Forgery, attribute, content_type_attribute, message_digest_attribute
from rigs.pace import at_most

BODY = b"<?xml version='1.0'?><plist version='1.0'><dict/></plist>"
WHEN = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
VERIFIERS = [pytest.param(verify, id="careful"), pytest.param(verify_fast, id="fast")]
Verify = Callable[..., SignedContent]


@pytest.fixture(params=["rsa", "p256"])
def device(request: pytest.FixtureRequest) -> Identity:
    """Return one device with each kind of key."""
    return request.getfixturevalue(f"device_{request.param}")


def twin_of(identity: Identity, key: rsa.RSAPrivateKey) -> bytes:
    """Return another certificate of the same issuer and serial number (T-09)."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(identity.certificate.subject)
        .issuer_name(identity.certificate.issuer)
        .serial_number(identity.certificate.serial_number)
        .public_key(key.public_key())
        .not_valid_before(WHEN)
        .not_valid_after(WHEN.replace(year=2027))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


class TestWhatOpensslMakes:
    """We verify what the judge signed."""

    @pytest.mark.parametrize(
        "options",
        ["-nodetach", "", "-stream -nodetach", "-keyid", "-noattr", "-noattr -nodetach", "-nosmimecap", "-cades"],
    )
    @pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512", "sha1"])
    def test_it_verifies(self, device: Identity, tmp_path: Path, digest: str, options: str) -> None:
        """Attached, detached, BER, by key identifier and without attributes: all of it is verified."""
        message = openssl_sign(device, tmp_path, "-md", digest, *options.split())
        given = None if "-nodetach" in options else BODY
        for judge in (verify, verify_fast):
            signed = judge(message, given, digests=LEGACY_DIGESTS)
            assert (signed.content, signed.signer, signed.digest) == (BODY, device.certificate, digest)

    @pytest.mark.parametrize("salt", ["digest", "20", "max"])
    @pytest.mark.parametrize("digest", ["sha256", "sha512"])
    def test_pss_verifies(self, device_rsa: Identity, tmp_path: Path, digest: str, salt: str) -> None:
        """RSASSA-PSS verifies with any length of salt."""
        pss = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", f"rsa_pss_saltlen:{salt}"]
        message = openssl_sign(device_rsa, tmp_path, "-md", digest, *pss)
        assert verify(message, BODY).signer == device_rsa.certificate

    def test_a_profile_in_pieces_verifies(self, device_rsa: Identity, tmp_path: Path) -> None:
        """A megabyte that OpenSSL streams in pieces is joined again, within the limit for profiles only."""
        large = BODY * 20_000
        message = openssl_sign(device_rsa, tmp_path, "-stream", "-nodetach", body=large)
        assert verify(message, max_bytes=8 << 20).content == large
        with pytest.raises(CmsError, match="at most 65536 bytes") as refused:
            verify(message)
        assert refused.value.reason == "asn1"

    def test_two_signers_are_one_too_many(self, device_rsa: Identity, device_p256: Identity, tmp_path: Path) -> None:
        """A message of two honest signers is refused: nobody could say whom it is from."""
        other = tmp_path / "other.pem"
        other.write_bytes(device_p256.pem())
        message = openssl_sign(device_rsa, tmp_path, "-signer", str(other), "-inkey", str(other))
        assert_refused(verify, message, "signers")


class TestWhatWeMake:
    """The judge verifies what we signed."""

    @pytest.mark.parametrize("detached", [True, False])
    @pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512", "sha1"])
    def test_openssl_verifies_it(self, device: Identity, tmp_path: Path, digest: str, *, detached: bool) -> None:
        """RSA and ECDSA, attached and detached, with every digest: OpenSSL verifies it and sees the same content."""
        message = sign(BODY, device, when=WHEN, detached=detached, digest=digest)
        assert openssl_verify(message, tmp_path, BODY if detached else None) == BODY

    def test_the_result_says_what_was_signed(self, device: Identity) -> None:
        """Content, signer, chain, digest, attributes and signing time come back."""
        signed = verify(sign(BODY, device, when=WHEN, attributes={"1.2.3.4": integer(7)}))
        assert signed.content == BODY
        assert signed.certificates == (device.certificate, *device.chain)
        assert signed.signing_time == WHEN
        assert signed.attributes["1.2.3.4"] == (integer(7),)
        assert signed.digest == "sha256"

    def test_a_device_sends_its_leaf_alone(self, device: Identity) -> None:
        """The signature for a header has no content and no chain inside."""
        signed = verify(sign_detached_fast(BODY, device, when=WHEN), BODY)
        assert signed.certificates == (device.certificate,)

    def test_one_moment_gives_one_signature(self, device_rsa: Identity) -> None:
        """Nothing but the arguments goes into an RSA signature, so that a run can be replayed."""
        assert sign(BODY, device_rsa, when=WHEN) == sign(BODY, device_rsa, when=WHEN)

    def test_nothing_can_be_signed(self, device: Identity) -> None:
        """A message without content holds only for those who expect one."""
        message = sign(None, device, when=WHEN)
        assert verify(message, absent_is_empty=True).content == b""
        assert_refused(verify, message, "content_missing", content=None)

    def test_an_unknown_digest_is_named(self, device: Identity) -> None:
        """Asking for MD5 is answered with what there is."""
        with pytest.raises(ValueError, match=r"expected one of the digests sha1, sha256, .* found 'md5'"):
            sign(BODY, device, when=WHEN, digest="md5")


@dataclass(frozen=True)
class Cast:
    """Who plays in a forgery: the signer, another device, and a key that is nobody's."""

    signer: Identity
    other: Identity
    key: rsa.RSAPrivateKey


Parts = Callable[[Cast], dict[str, Any]]


def cases() -> dict[str, tuple[str, Parts]]:
    """Return the table of T-08: what is wrong, the reason that must be given, and the parts that make it so."""

    def change(**parts: object) -> Parts:
        return lambda cast: parts

    honest = [content_type_attribute(), message_digest_attribute(BODY)]
    pss = element(SEQUENCE, object_identifier(RSASSA_PSS), element(SEQUENCE))
    return {
        "trailing byte": ("asn1", change(tail=b"\0")),
        "another type of message": ("not_signed_data", change(outer_type="1.2.840.113549.1.7.3")),
        "another type of content": ("content_type", change(content_type="1.2.840.113549.1.9.16.1.4")),
        "no signer": ("signers", change(signers=0)),
        "the signer twice": ("signers", change(signers=2)),
        "no certificate": ("signer_certificate", change(certificates=[])),
        "another's certificate": ("signer_certificate", lambda cast: {"certificates": [cast.other.der]}),
        "two certificates of one name": (
            "signer_certificate",
            lambda cast: {"certificates": [cast.signer.der, twin_of(cast.signer, cast.key)]},
        ),
        "the other certificate of that name": (
            "signature",
            lambda cast: {"certificates": [twin_of(cast.signer, cast.key)]},
        ),
        "a signer who is not inside": (
            "signer_certificate",
            lambda cast: {"identifier": know(cast.other.der).issuer_and_serial_number},
        ),
        "a key identifier of nobody": ("signer_certificate", change(identifier=element(0x80, b"nobody"))),
        "an identifier of no kind": ("asn1", change(identifier=element(0x81, b"nobody"))),
        "a certificate that is none": ("certificate", change(certificates=[element(SEQUENCE, integer(1))])),
        "a digest nobody allows": ("digest", change(digest_algorithm=element(SEQUENCE, object_identifier("1.2.3")))),
        "MD5": ("digest", change(digest_algorithm=element(SEQUENCE, object_identifier("1.2.840.113549.2.5"), NULL))),
        "SHA-1": ("digest", change(digest="sha1")),
        "a digest that was not announced": ("digest", change(announced=[digest_algorithm("sha512")])),
        "nothing announced": ("digest", change(announced=[])),
        "a digest with parameters": (
            "digest",
            change(digest_algorithm=element(SEQUENCE, digest_algorithm("sha256")[2:-2], integer(1))),
        ),
        "an unknown signature algorithm": (
            "signature_algorithm",
            change(signature_algorithm=element(SEQUENCE, object_identifier("1.2.3"))),
        ),
        "sha384WithRSA over SHA-256": (
            "signature_algorithm",
            change(signature_algorithm=element(SEQUENCE, object_identifier("1.2.840.113549.1.1.12"), NULL)),
        ),
        "ECDSA with an RSA key": (
            "signature_algorithm",
            change(signature_algorithm=element(SEQUENCE, object_identifier("1.2.840.10045.4.3.2"))),
        ),
        "PSS with SHA-1 by default": ("signature_algorithm", change(signature_algorithm=pss)),
        "PSS without parameters": (
            "signature_algorithm",
            change(signature_algorithm=element(SEQUENCE, object_identifier(RSASSA_PSS))),
        ),
        "another content inside": ("content_mismatch", change(embedded=BODY + b" ")),
        "an empty content inside": ("content_mismatch", change(embedded=b"")),
        "no contentType": ("attributes", change(attributes=honest[1:])),
        "contentType twice": ("attributes", change(attributes=[honest[0], *honest])),
        "contentType of two values": (
            "attributes",
            change(attributes=[attribute(CONTENT_TYPE, *[honest[0][-11:]] * 2), honest[1]]),
        ),
        "another contentType": ("attributes", change(attributes=[content_type_attribute("1.2.3"), honest[1]])),
        "no messageDigest": ("attributes", change(attributes=honest[:1])),
        "messageDigest twice": ("attributes", change(attributes=[*honest, honest[1]])),
        "two messageDigests": ("attributes", change(attributes=[*honest, message_digest_attribute(b"other")])),
        "messageDigest without value": ("attributes", change(attributes=[honest[0], attribute(MESSAGE_DIGEST)])),
        "signingTime twice": (
            "attributes",
            change(attributes=[*honest, *[attribute(SIGNING_TIME, write_time(WHEN))] * 2]),
        ),
        "signingTime that is none": (
            "attributes",
            change(attributes=[*honest, attribute(SIGNING_TIME, element(UTC_TIME, b"261301000000Z"))]),
        ),
        "an attribute that is none": ("asn1", change(attributes=[*honest, integer(1)])),
        "messageDigest of another body": (
            "message_digest",
            change(attributes=[honest[0], message_digest_attribute(b"other")]),
        ),
        "messageDigest of another digest": (
            "message_digest",
            change(attributes=[honest[0], message_digest_attribute(BODY, "sha512")]),
        ),
        "messageDigest as text": (
            "message_digest",
            change(attributes=[honest[0], attribute(MESSAGE_DIGEST, element(0x0C, hashlib.sha256(BODY).digest()))]),
        ),
        "signed was something else": ("signature", change(signed=b"something else")),
        "signed was the body, not the attributes": ("signature", change(signed=BODY)),
        "signed was the set under its tag in the message": (
            "signature",
            change(signed=element(CONTEXT_0, *honest)),
        ),
        "no signature": ("signature", change(signature=b"")),
        "a signature of zeros": ("signature", change(signature=bytes(256))),
        "a signature that is too long": ("signature", change(signature=bytes(512))),
        "signed directly, another body": ("signature", change(attributes=None, signed=b"other")),
    }


CASES = cases()


class TestForgeries:
    """T-08: each refused, and for the right reason, by both paths."""

    @pytest.mark.parametrize("verifier", VERIFIERS)
    @pytest.mark.parametrize("case", CASES)
    def test_it_is_refused(
        self,
        device_rsa: Identity,
        device_p256: Identity,
        rsa_keys: list[rsa.RSAPrivateKey],
        case: str,
        verifier: Verify,
    ) -> None:
        """One thing is wrong with the message, and the reason says which."""
        reason, parts = CASES[case]
        forgery = Forgery(BODY, device_rsa, **parts(Cast(device_rsa, device_p256, rsa_keys[3])))
        assert_refused(verifier, forgery.build(), reason)

    @pytest.mark.parametrize("verifier", VERIFIERS)
    def test_the_unspoilt_forgery_is_accepted(self, device: Identity, verifier: Verify) -> None:
        """The rig makes messages that hold, so that the table shows what it says."""
        for embedded in (None, BODY):
            for attributes in (None, []):
                message = Forgery(BODY, device, embedded=embedded, attributes=attributes).build()
                assert verifier(message, BODY).content == BODY

    @pytest.mark.parametrize("verifier", VERIFIERS)
    def test_a_signature_does_not_move_to_another_body(self, device: Identity, verifier: Verify) -> None:
        """A recorded signature holds for the bytes it was made over, and one byte more or less is another body."""
        message = sign(BODY, device, when=WHEN, detached=True)
        for other in (BODY + b" ", BODY[:-1], BODY[:-1] + b"?", b""):
            assert_refused(verifier, message, "message_digest", content=other)

    @pytest.mark.parametrize("verifier", VERIFIERS)
    def test_a_detached_signature_needs_the_body(self, device: Identity, verifier: Verify) -> None:
        """Without content inside or beside it there is nothing to verify."""
        assert_refused(verifier, sign(BODY, device, when=WHEN, detached=True), "content_missing", content=None)

    @pytest.mark.parametrize("verifier", VERIFIERS)
    def test_attributes_do_not_pass_for_content(self, device: Identity, verifier: Verify) -> None:
        """The set that somebody signed as his attributes is not accepted as a content without any."""
        attributes = [content_type_attribute(), message_digest_attribute(BODY)]
        stolen = element(SET, *attributes)
        message = Forgery(stolen, device, attributes=None).build()
        assert_refused(verifier, message, "attributes_as_content", content=stolen)

    def test_a_content_that_begins_like_a_set_is_content(self, device: Identity) -> None:
        """Text that begins with the digit one has the first byte of a SET, and is not one."""
        for body in (b"1", b"12345", b"1\x02ab?", b"\x31\x81\x01a"):
            assert verify(Forgery(body, device, attributes=None).build(), body).content == body

    def test_an_unsorted_set_of_attributes_verifies(self, device: Identity) -> None:
        """Clients exist that sign their attributes in the wrong order: the signature is over what they sent."""
        attributes = [message_digest_attribute(BODY), attribute("1.2.3", integer(1)), content_type_attribute()]
        for judge in (verify, verify_fast):
            assert judge(Forgery(BODY, device, attributes=attributes).build(), BODY).content == BODY

    def test_unsigned_attributes_and_further_certificates_change_nothing(
        self, device: Identity, authority: Authority
    ) -> None:
        """What nobody signed is carried along, and not believed."""
        chain = [certificate.public_bytes(Encoding.DER) for certificate in authority.ca_certificates]
        message = Forgery(
            BODY,
            device,
            certificates=[*chain, device.der],
            unsigned_attributes=element(CONTEXT_1, attribute("1.2.3", integer(1))),
        ).build()
        for judge in (verify, verify_fast):
            signed = judge(message, BODY)
            assert signed.signer == device.certificate
            assert signed.certificates == (*authority.ca_certificates, device.certificate)
            assert "1.2.3" not in signed.attributes

    def test_sha1_is_a_matter_of_permission(self, device: Identity) -> None:
        """SHA-1 is refused by default and accepted where it is allowed; one that is unknown is never."""
        message = sign(BODY, device, when=WHEN, digest="sha1")
        assert_refused(verify, message, "digest", content=None)
        assert verify(message, digests=LEGACY_DIGESTS).digest == "sha1"
        md5 = element(SEQUENCE, object_identifier("1.2.840.113549.2.5"), NULL)
        odd = Forgery(BODY, device, digest_algorithm=md5).build()
        with pytest.raises(CmsError) as refused:
            verify(odd, BODY, digests=SHA2 | {"1.2.840.113549.2.5", "md5"})
        assert refused.value.reason == "digest"


def zoo() -> dict[str, bytes]:
    """Return the animals of T-36: 64 KiB of whatever costs a parser most."""
    size = 65_000

    def wrapped(signed_data: bytes) -> bytes:
        return element(SEQUENCE, object_identifier(SIGNED_DATA), element(CONTEXT_0, signed_data))

    def nested(inside: bytes, depth: int, *, indefinite: bool) -> bytes:
        for _ in range(depth):
            inside = b"\x30\x80" + inside + b"\0\0" if indefinite else element(SEQUENCE, inside)
        return inside

    head = integer(1) + element(SET, digest_algorithm("sha256")) + element(SEQUENCE, object_identifier(DATA))
    return {
        "a tag of 64 KiB": b"\x3f" + b"\xff" * size + b"\x01\x00",
        "an object identifier of 64 KiB": element(SEQUENCE, element(0x06, b"\x81" * size)),
        "a length of 2**32": b"\x30\x84\xff\xff\xff\xff",
        "a length of 126 bytes": b"\x30\xfe" + b"\xff" * 126,
        "five thousand levels": nested(b"", 5_000, indefinite=False),
        "thirty thousand open levels": b"\x30\x80" * (size // 2),
        "thirty thousand elements": element(SEQUENCE, NULL * (size // 2)),
        "eight thousand elements under thirty open levels": wrapped(nested(NULL * 8_000, 28, indefinite=True)),
        "eight thousand certificates": wrapped(element(SEQUENCE, head, element(CONTEXT_0, b"\x30\x00" * 8_000))),
        "eight thousand signers": wrapped(element(SEQUENCE, head, element(SET, b"\x30\x00" * 8_000))),
        "an integer of 64 KiB": wrapped(element(SEQUENCE, element(0x02, b"\x7f" * size))),
        "eight thousand algorithms": wrapped(
            element(SEQUENCE, integer(1), element(SET, element(SEQUENCE, object_identifier("1.2.3")) * 3_900))
        ),
    }


class TestZoo:
    """T-36: bytes made to be expensive."""

    @pytest.mark.parametrize("verifier", VERIFIERS)
    @pytest.mark.parametrize("animal", zoo())
    def test_it_is_refused_at_once(self, animal: str, verifier: Verify) -> None:
        """Refused as no message, within the time that 20 ms of a quiet processor are."""
        message = zoo()[animal]
        with at_most(0.020, "refusing"), pytest.raises(CmsError) as refused:
            verifier(message, BODY)
        assert refused.value.reason in {"asn1", "certificate"}


class TestTimes:
    """Signing times (RFC 5652 §11.3)."""

    @pytest.mark.parametrize("year", [1950, 1999, 2000, 2049, 2050, 9999])
    def test_what_is_written_is_read(self, year: int) -> None:
        """Two digits of the year do until 2049; from then on there are four."""
        moment = WHEN.replace(year=year)
        written = write_time(moment) if year >= 1950 else b""
        assert read_time(written) == moment
        assert written[0] == (UTC_TIME if year < 2050 else GENERALIZED_TIME)

    @pytest.mark.parametrize(
        "raw",
        [
            element(UTC_TIME, b"2606011200Z"),
            element(UTC_TIME, b"260601120000+0100"),
            element(UTC_TIME, b"20260601120000Z"),
            element(GENERALIZED_TIME, b"260601120000Z"),
            element(GENERALIZED_TIME, b"20260601120000.5Z"),
            element(GENERALIZED_TIME, b"00000601120000Z"),
            element(UTC_TIME, b"260631120000Z"),
            element(UTC_TIME, b"260601120060Z"),
            element(UTC_TIME, b"26060112000\xb2Z"),
            element(OCTET_STRING, b"260601120000Z"),
            element(UTC_TIME, b""),
        ],
    )
    def test_anything_else_is_refused(self, raw: bytes) -> None:
        """There is one form for each type; offsets, fractions, missing seconds and impossible dates are none."""
        with pytest.raises(CmsError) as refused:
            read_time(raw)
        assert refused.value.reason == "attributes"


def test_certificates_of_a_degenerate_message_are_read(authority: Authority, tmp_path: Path) -> None:
    """Certificates that OpenSSL put into a message without signer come out."""
    chain = tmp_path / "chain.pem"
    chain.write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in authority.ca_certificates))
    message = oracles.run("openssl", "crl2pkcs7", "-nocrl", "-certfile", chain, "-outform", "DER").stdout
    assert read_certificates(message) == authority.ca_certificates


def openssl_sign(identity: Identity, folder: Path, *options: str, body: bytes = BODY) -> bytes:
    """Let the judge sign."""
    pem = folder / "signer.pem"
    pem.write_bytes(identity.pem())
    arguments = ["cms", "-sign", "-binary", "-outform", "DER", "-signer", pem, "-inkey", pem, *options]
    return oracles.run("openssl", *arguments, stdin=body).stdout


def openssl_verify(message: bytes, folder: Path, content: bytes | None) -> bytes:
    """Let the judge verify the signature; whom to trust is another test."""
    arguments: list[str | Path] = ["cms", "-verify", "-binary", "-inform", "DER", "-noverify"]
    if content is not None:
        (folder / "content").write_bytes(content)
        arguments += ["-content", folder / "content"]
    return oracles.run("openssl", *arguments, stdin=message).stdout


def assert_refused(verifier: Verify, message: bytes, reason: str, *, content: bytes | None = BODY) -> None:
    """Assert that a message is refused for this reason."""
    with pytest.raises(CmsError) as refused:
        verifier(message, content)
    assert refused.value.reason == reason
