from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import scep
from certs.authority import Authority
from certs.errors import ScepError
from certs.identity import Identity
from certs.scep.discovery import CERTIFICATES, ONE_CERTIFICATE


@pytest.fixture
def der(authority: Authority) -> bytes:
    """Return the registration authority's certificate."""
    return authority.registration.der


class TestCapabilities:
    """GetCACaps."""

    def test_what_we_write_is_read(self) -> None:
        """Our own list says what we can do, one keyword a line."""
        text = scep.write_capabilities(sha1=True, triple_des=True)
        read = scep.parse_capabilities(text)
        assert (read.can_post, read.can_renew, read.digest, read.cipher) == (True, True, "sha256", "aes-128-cbc")
        assert {"sha-1", "des3"} <= read.keywords
        assert text.endswith("\n")

    def test_old_algorithms_are_promised_only_where_they_are_accepted(self) -> None:
        """Strict by default: neither SHA-1 nor DES is in the list."""
        assert scep.parse_capabilities(scep.write_capabilities()).keywords == {
            "aes",
            "postpkioperation",
            "renewal",
            "scepstandard",
            "sha-256",
            "sha-512",
        }

    @pytest.mark.parametrize(
        ("text", "can_post", "digest"),
        [
            ("", False, "sha1"),
            ("SHA-1\nDES3\n", False, "sha1"),
            ("POSTPKIOperation\r\nSHA-256\r\n", True, "sha256"),
            ("scepstandard", True, "sha256"),
            (b"  SCEPStandard  \n\n", True, "sha256"),
            (b"\xff\xfe\x00", False, "sha1"),
            ("SHA-256\n" * 100_000, False, "sha256"),
        ],
    )
    def test_other_servers_lists_are_read(self, text: str | bytes, digest: str, *, can_post: bool) -> None:
        """Line ends, case, blanks and noise do not matter; what is not promised is not used."""
        read = scep.parse_capabilities(text)
        assert (read.can_post, read.digest) == (can_post, digest)


class TestCertificates:
    """GetCACert."""

    def test_one_certificate_is_plain_der(self, authority: Authority, der: bytes) -> None:
        """One certificate goes out as it is, with the content type that says so, and comes back."""
        body, content_type = scep.write_ca_certificates([authority.registration.certificate])
        assert (body, content_type) == (der, ONE_CERTIFICATE)
        assert scep.parse_ca_certificates(body, content_type) == [authority.registration.certificate]

    def test_several_certificates_are_a_degenerate_message(self, authority: Authority) -> None:
        """Several go out as a CMS message that nobody signed, and all come back."""
        several = [authority.registration.certificate, *authority.ca_certificates]
        body, content_type = scep.write_ca_certificates(several)
        assert content_type == CERTIFICATES
        assert set(scep.parse_ca_certificates(body, content_type)) == set(several)

    @pytest.mark.parametrize("content_type", [ONE_CERTIFICATE, f"{ONE_CERTIFICATE}; charset=utf-8", "", "text/plain"])
    def test_certificates_in_a_row_are_read(self, authority: Authority, content_type: str) -> None:
        """Some servers send one certificate's DER after the other."""
        several = [authority.registration.certificate, *authority.ca_certificates]
        body = b"".join(certificate.public_bytes(Encoding.DER) for certificate in several)
        assert scep.parse_ca_certificates(body, content_type) == several

    def test_bytes_speak_where_the_content_type_does_not(self, authority: Authority) -> None:
        """A degenerate message is one without a content type too."""
        several = list(authority.ca_certificates)
        body, _ = scep.write_ca_certificates(several)
        assert set(scep.parse_ca_certificates(body, "application/octet-stream")) == set(several)

    @pytest.mark.parametrize("content_type", [ONE_CERTIFICATE, CERTIFICATES, "text/html"])
    @pytest.mark.parametrize("body", [b"", b"<html>", b"\x30\x00", b"\x30\x82", bytes(70_000), b"\x1f" * 64])
    def test_anything_else_is_refused(self, body: bytes, content_type: str) -> None:
        """What holds no certificates is refused, whatever it says it is."""
        with pytest.raises(ScepError) as refused:
            scep.parse_ca_certificates(body, content_type)
        assert refused.value.reason == "ca_certificates"

    def test_half_a_certificate_is_refused(self, der: bytes) -> None:
        """A body that was cut off is refused wherever the cut is."""
        for length in range(0, len(der), 97):
            with pytest.raises(ScepError):
                scep.parse_ca_certificates(der[:length], ONE_CERTIFICATE)


class TestRecipient:
    """Whom to encrypt to."""

    def test_the_registration_authority_is_preferred(self, authority: Authority, device_p256: Identity) -> None:
        """Among all certificates it is the one that is there for decrypting."""
        everyone = [*authority.ca_certificates, device_p256.certificate, authority.registration.certificate]
        assert scep.choose_recipient(everyone) == authority.registration.certificate
        assert scep.choose_recipient(everyone[::-1]) == authority.registration.certificate

    def test_an_authority_that_does_it_all_is_good_enough(self, device_rsa: Identity) -> None:
        """With a single RSA certificate there is no choice."""
        assert scep.choose_recipient([device_rsa.certificate]) == device_rsa.certificate

    def test_without_an_rsa_key_there_is_nobody(self, device_p256: Identity) -> None:
        """Elliptic curves cannot decrypt: an authority of only such is refused by name."""
        certificates: list[x509.Certificate] = [device_p256.certificate]
        with pytest.raises(ScepError, match="expected an authority with an RSA key"):
            scep.choose_recipient(certificates)
