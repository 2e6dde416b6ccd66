"""What a SCEP server says about itself: its capabilities (RFC 8894 §3.5) and its certificates (§4.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certs.cms_content import SIGNED_DATA
from certs.errors import CmsError, FailInfo, ScepError
from certs.known_certificate import extension_of, know
from certs.signed_data import read_certificates
from certs.structures import Certificates, load, members

ONE_CERTIFICATE = "application/x-x509-ca-cert"
CERTIFICATES = "application/x-x509-ca-ra-cert"
"""The two content types of GetCACert. Clients compare them byte by byte: never add a charset."""

_LONGEST_LIST = 4096


@dataclass(frozen=True)
class Capabilities:
    """What a server can do, by the keywords of RFC 8894 §3.5.2, in lower case."""

    keywords: frozenset[str]

    @property
    def can_post(self) -> bool:
        """Whether a message may be the body of a POST."""
        return not self.keywords.isdisjoint({"postpkioperation", "scepstandard"})

    @property
    def can_renew(self) -> bool:
        """Whether there is RenewalReq."""
        return "renewal" in self.keywords

    @property
    def digest(self) -> str:
        """The digest to sign a request with."""
        # RFC 8894 §3.5.2: SCEPStandard implies SHA-256. A server that knows neither knows SHA-1 alone.
        return "sha256" if not self.keywords.isdisjoint({"sha-256", "sha-512", "scepstandard"}) else "sha1"

    @property
    def cipher(self) -> str:
        """The cipher to encrypt a request with: AES even where only DES is promised, for nothing weaker is written."""
        return "aes-128-cbc"


def parse_capabilities(text: str | bytes) -> Capabilities:
    """Read the answer to GetCACaps; keywords that nobody knows are kept, and a server without any knows nothing."""
    if isinstance(text, bytes):
        text = text[:_LONGEST_LIST].decode("ascii", "replace")
    return Capabilities(frozenset(line.strip().lower() for line in text[:_LONGEST_LIST].splitlines() if line.strip()))


def write_capabilities(*, sha1: bool = False, triple_des: bool = False) -> str:
    """Write our answer to GetCACaps: one keyword a line, in the spelling of the RFC.

    Args:
        sha1: old clients' digest is accepted.
        triple_des: old clients' cipher is accepted.

    """
    keywords = ["AES", "POSTPKIOperation", "Renewal", "SCEPStandard", "SHA-256", "SHA-512"]
    keywords += ["SHA-1"] if sha1 else []
    keywords += ["DES3"] if triple_des else []
    return "".join(f"{keyword}\n" for keyword in keywords)


def parse_ca_certificates(body: bytes, content_type: str) -> list[x509.Certificate]:
    """Read the answer to GetCACert: one certificate, certificates in a degenerate CMS, or several in a row.

    The content type says which; where it says nothing or something else, the bytes themselves do.

    Raises:
        ScepError: `ca_certificates`.

    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == CERTIFICATES or (kind != ONE_CERTIFICATE and _is_signed_data(body)):
            certificates = list(read_certificates(body))
        else:
            # Read as one: what follows each other here is wrapped once.
            in_a_row = load(Certificates, Certificates(contents=body).dump())
            certificates = [know(certificate).certificate for certificate in members(in_a_row)]
    except (CmsError, ValueError) as error:
        raise _refused(f"expected the authority's certificates, found something else: {error}") from error
    if not certificates:
        raise _refused("expected the authority's certificates, found none")
    return certificates


def write_ca_certificates(certificates: Sequence[x509.Certificate]) -> tuple[bytes, str]:
    """Write our answer to GetCACert, and its content type."""
    if len(certificates) == 1:
        return certificates[0].public_bytes(Encoding.DER), ONE_CERTIFICATE
    return pkcs7.serialize_certificates(list(certificates), Encoding.DER), CERTIFICATES


def choose_recipient(certificates: Iterable[x509.Certificate]) -> x509.Certificate:
    """Choose whom to encrypt a request to: the registration authority, or else the authority itself.

    Raises:
        ScepError: `ca_certificates`, if nobody has an RSA key.

    """
    able = [certificate for certificate in certificates if isinstance(certificate.public_key(), rsa.RSAPublicKey)]
    if not able:
        raise _refused("expected an authority with an RSA key, to encrypt the request to, found none")
    return max(able, key=lambda certificate: (_may_decrypt(certificate), not _is_authority(certificate)))


def _may_decrypt(certificate: x509.Certificate) -> bool:
    usage = extension_of(certificate, x509.KeyUsage)
    return usage is not None and usage.key_encipherment


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = extension_of(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _is_signed_data(body: bytes) -> bool:
    """Say whether the first thing inside is the type of a CMS message; in a certificate it is a SEQUENCE."""
    return core.ObjectIdentifier(SIGNED_DATA).dump() in body[:32]


def _refused(text: str) -> ScepError:
    return ScepError(FailInfo.BAD_MESSAGE_CHECK, "ca_certificates", text)
