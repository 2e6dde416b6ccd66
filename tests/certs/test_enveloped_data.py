from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from certs import enveloped_data
from certs.authority import Authority
from certs.enveloped_data import ENVELOPE_BYTES, LEGACY, MODERN, cipher_of, decrypt, encrypt
from certs.enveloped_data_structure import read_envelope
from certs.errors import EnvelopeError
from certs.identity import Identity
from rigs import oracles
from rigs.elements import CONTEXT_0, OCTET_STRING, element, read
from rigs.forged_cms import mutants, rewritten, with_content, with_key

SECRET = b"a request with a challenge in it" * 40


@pytest.fixture
def registration(authority: Authority) -> Identity:
    """Return the identity that requests are encrypted to."""
    return authority.registration


class TestWhatOpensslMakes:
    """We open what the judge closed."""

    @pytest.mark.parametrize("options", [[], ["-stream"], ["-keyid"]])
    @pytest.mark.parametrize("cipher", ["aes128", "aes192", "aes256"])
    def test_aes_opens(self, registration: Identity, tmp_path: Path, cipher: str, options: list[str]) -> None:
        """AES of each size, in DER and in BER, and to a recipient named by key identifier."""
        assert decrypt(openssl_encrypt(registration, tmp_path, f"-{cipher}", *options), registration) == SECRET

    @pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
    def test_oaep_opens(self, registration: Identity, tmp_path: Path, digest: str) -> None:
        """Key transport by RSAES-OAEP is read with any digest."""
        oaep = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", f"rsa_oaep_md:{digest}"]
        assert decrypt(openssl_encrypt(registration, tmp_path, "-aes256", after=oaep), registration) == SECRET

    @pytest.mark.parametrize(("cipher", "name"), [("des3", "3des"), ("des", "des")])
    def test_des_opens_where_it_is_allowed(
        self, registration: Identity, tmp_path: Path, cipher: str, name: str
    ) -> None:
        """Triple and single DES are refused by default, and read for old clients."""
        message = openssl_encrypt(registration, tmp_path, f"-{cipher}", *_LEGACY_PROVIDER)
        assert cipher_of(message) == name
        assert_refused(message, registration, "cipher")
        assert decrypt(message, registration, ciphers=LEGACY) == SECRET

    def test_a_cipher_nobody_allows_is_refused(self, registration: Identity, tmp_path: Path) -> None:
        """RC2 stays closed, whatever is allowed."""
        message = openssl_encrypt(registration, tmp_path, "-rc2", *_LEGACY_PROVIDER)
        assert_refused(message, registration, "cipher", ciphers=LEGACY | {"1.2.840.113549.3.2"})

    def test_our_recipient_is_found_among_several(
        self, registration: Identity, device_rsa: Identity, tmp_path: Path
    ) -> None:
        """Mdmb encrypts to every certificate that GetCACert gives; each of them can open it."""
        other = tmp_path / "other.pem"
        other.write_bytes(device_rsa.pem())
        message = openssl_encrypt(registration, tmp_path, "-aes128", after=["-recip", str(other)])
        assert decrypt(message, registration) == decrypt(message, device_rsa) == SECRET


class TestWhatWeMake:
    """The judge opens what we closed."""

    @pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc"])
    def test_openssl_opens_it(self, registration: Identity, tmp_path: Path, cipher: str) -> None:
        """OpenSSL finds the content we put in."""
        pem = tmp_path / "recipient.pem"
        pem.write_bytes(registration.pem())
        message = encrypt(SECRET, [registration.certificate], cipher=cipher)
        opened = oracles.run(
            "openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", pem, "-inkey", pem, stdin=message
        )
        assert opened.stdout == SECRET
        assert cipher_of(message) == cipher

    @pytest.mark.parametrize("cipher", ["3des", "des", "aes-192-cbc", "rot13"])
    def test_nothing_weaker_is_written(self, registration: Identity, cipher: str) -> None:
        """What is only read is not written for anybody."""
        with pytest.raises(EnvelopeError) as refused:
            encrypt(SECRET, [registration.certificate], cipher=cipher)
        assert refused.value.reason == "cipher"

    def test_an_elliptic_curve_cannot_receive(self, device_p256: Identity) -> None:
        """A recipient that could never open the envelope is refused before there is one."""
        with pytest.raises(EnvelopeError) as refused:
            encrypt(SECRET, [device_p256.certificate])
        assert refused.value.reason == "recipient"


class TestWhatDoesNotOpen:
    """Refusals, and above all what they do not tell."""

    def test_the_text_of_every_failure_is_the_same(self, registration: Identity, device_rsa: Identity) -> None:
        """A wrong key, a key of the wrong size, garbled content and bad padding cannot be told apart."""
        honest = encrypt(SECRET, [registration.certificate])
        public = registration.certificate.public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        spoilt = [
            with_key(honest, bytes(256)),
            with_key(honest, b"\xff" * 256),
            with_key(honest, b"short"),
            with_key(honest, public.encrypt(b"k" * 16, padding.PKCS1v15())),
            with_key(honest, public.encrypt(b"k" * 8, padding.PKCS1v15())),
            with_key(honest, public.encrypt(b"k" * 32, padding.PKCS1v15())),
            with_content(honest, lambda content: content[:-16]),
            with_content(honest, lambda content: content[:-1]),
            with_content(honest, lambda content: content[:-17] + bytes((content[-17] ^ 1,)) + content[-16:]),
            with_content(honest, lambda content: b""),
        ]
        told = {outcome(message, registration) for message in spoilt}
        assert len(told - {"nonsense"}) == 1
        assert next(iter(told - {"nonsense"})).startswith("decrypt: expected an envelope that this key opens")

    def test_an_envelope_for_another_is_not_ours(self, registration: Identity, device_rsa: Identity) -> None:
        """Whom an envelope is for is written on it; saying so tells nothing."""
        assert_refused(encrypt(SECRET, [device_rsa.certificate]), registration, "recipient")

    def test_an_elliptic_curve_cannot_open(self, registration: Identity, device_p256: Identity) -> None:
        """An identity whose key cannot decrypt is told so, even if its certificate is the one named."""
        message = encrypt(SECRET, [registration.certificate])
        odd = Identity(device_p256.key, registration.certificate)
        assert_refused(message, odd, "recipient")

    @pytest.mark.parametrize("message", [b"", b"0", b"\x30\x00", b"\x30\x80\x00\x00", bytes(100), b"\x1f" * 100])
    def test_noise_is_no_envelope(self, registration: Identity, message: bytes) -> None:
        """Bytes that are no CMS message are refused as such."""
        assert_refused(message, registration, "asn1")

    def test_an_envelope_has_a_greatest_size(self, registration: Identity) -> None:
        """64 KiB are enough for every request, and more is not looked at unless the caller says so."""
        message = encrypt(SECRET * 100, [registration.certificate])
        assert_refused(message, registration, "asn1")
        assert decrypt(message, registration, max_bytes=1 << 20) == SECRET * 100

    def test_pieces_of_definite_length_are_joined(self, registration: Identity) -> None:
        """Go writes the encrypted content as a constructed string of definite length."""
        honest = encrypt(SECRET, [registration.certificate])
        content_info = read(honest).children()[1].children()[0].children()[2]
        encrypted = content_info.children()[2].contents
        pieces = element(
            CONTEXT_0, *(element(OCTET_STRING, encrypted[i : i + 100]) for i in range(0, len(encrypted), 100))
        )
        message = rewritten(read(honest), {content_info.children()[2].raw: pieces})
        assert decrypt(message, registration) == SECRET

    def test_both_readers_read_the_same(self, registration: Identity, device_rsa: Identity) -> None:
        """Whatever cryptography's reader recognises, honest or a mutant, asn1crypto's takes for the same envelope."""
        honest = encrypt(SECRET, [registration.certificate, device_rsa.certificate])
        assert enveloped_data.recognise is not None
        assert enveloped_data.recognise(honest) == read_envelope(honest, ENVELOPE_BYTES)
        recognised = 0
        for mutant in islice(mutants(honest, random.Random(6)), 1500):
            envelope = enveloped_data.recognise(mutant)
            if envelope is not None:
                recognised += 1
                assert envelope == read_envelope(mutant, ENVELOPE_BYTES)
        assert recognised > 50

    def test_without_the_quick_reader_everything_still_opens(
        self, registration: Identity, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where cryptography has no such reader, asn1crypto's does it all."""
        monkeypatch.setattr(enveloped_data, "recognise", None)
        assert decrypt(encrypt(SECRET, [registration.certificate]), registration) == SECRET

    @pytest.mark.parametrize("where", [(1, 0), (1, 0, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1), (1, 0, 2), (1, 0, 2, 1)])
    def test_indefinite_lengths_open_anywhere(self, registration: Identity, where: tuple[int, ...]) -> None:
        """BER leaves the length open on any element but a string's, and the envelope is the same."""
        honest = encrypt(SECRET, [registration.certificate])
        node = read(honest)
        for index in where:
            node = node.children()[index]
        opened = bytes((node.tag, 0x80)) + node.contents + b"\0\0"
        assert decrypt(rewritten(read(honest), {node.raw: opened}), registration) == SECRET

    def test_nothing_but_refusals_comes_of_mutants(self, registration: Identity) -> None:
        """Whatever is done to an envelope, it opens, or is refused with a reason, and nothing else happens."""
        honest = encrypt(b"x" * 40, [registration.certificate])
        chance = random.Random(5)
        outcomes = {outcome(mutant, registration) for mutant in islice(mutants(honest, chance), 500)}
        for position in range(0, len(honest), 3):
            flipped = bytearray(honest)
            flipped[position] ^= 1 << chance.randrange(8)
            outcomes.add(outcome(bytes(flipped), registration))
        reasons = {told.partition(":")[0] for told in outcomes}
        assert reasons <= {"asn1", "not_enveloped_data", "recipient", "cipher", "decrypt", "nonsense"}
        assert {"asn1", "recipient", "cipher", "decrypt"} <= reasons


_LEGACY_PROVIDER = ["-provider", "default", "-provider", "legacy"]


def openssl_encrypt(identity: Identity, folder: Path, *options: str, after: list[str] | None = None) -> bytes:
    """Let the judge encrypt."""
    pem = folder / "recipient.pem"
    pem.write_bytes(identity.pem())
    arguments = ["cms", "-encrypt", "-binary", "-outform", "DER", *options, "-recip", pem, *(after or [])]
    return oracles.run("openssl", *arguments, stdin=SECRET).stdout


def outcome(message: bytes, identity: Identity) -> str:
    """Return all that an attacker would be told: a random key makes nonsense of one content in 256."""
    try:
        decrypt(message, identity, ciphers=MODERN)
    except EnvelopeError as error:
        return f"{error.reason}: {error}" if error.reason == "decrypt" else error.reason
    return "nonsense"


def assert_refused(message: bytes, identity: Identity, reason: str, *, ciphers: frozenset[str] = MODERN) -> None:
    """Assert that an envelope is refused for this reason."""
    with pytest.raises(EnvelopeError) as refused:
        decrypt(message, identity, ciphers=ciphers)
    assert refused.value.reason == reason
