"""A certificate together with its private key, and the one way in which certificates are compared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from certs.der import scan
from certs.errors import UNREADABLE_X509, CertsError
from certs.keys import PrivateKey, load_private_key, private_key_pem

_REMEMBERED = 4096


@dataclass(frozen=True)
class Identity:
    """A private key, the certificate for it, and the certificates between that one and the root.

    Two identities are equal when their certificates are: a certificate says which key it is for.
    """

    key: PrivateKey = field(compare=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def from_der(cls, key: PrivateKey, der: bytes) -> Identity:
        """Put an identity together from a certificate in DER; its bytes are kept, for writing them anew costs 20 µs."""
        identity = cls(key, x509.load_der_x509_certificate(der))
        identity.__dict__["der"] = der  # where the cached property would put it
        return identity

    @cached_property
    def der(self) -> bytes:
        """The certificate in DER; an authority puts its own into everything it signs."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate in DER, in hex."""
        return fingerprint(self.certificate)

    def pem(self) -> bytes:
        """Write the key, the certificate and the chain in PEM, as web servers want them."""
        return identity_to_pem(self)

    def __repr__(self) -> str:
        return f"Identity({self.certificate.subject.rfc4514_string()!r}, {self.fingerprint[:16]})"


def fingerprint(certificate: x509.Certificate | bytes) -> str:
    """Return the SHA-256 over the full DER, in lower-case hex: nothing shorter tells certificates apart."""
    return hashlib.sha256(certificate).hexdigest() if isinstance(certificate, bytes) else _fingerprint(certificate)


@lru_cache(maxsize=_REMEMBERED)
def _fingerprint(certificate: x509.Certificate) -> str:
    """Remember fingerprints: a device comes with the same certificate all day, and is asked for it several times."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def load_certificate(der: bytes) -> x509.Certificate:
    """Read a certificate that came from outside.

    Raises:
        CertsError: it is no certificate; of all exceptions that the parser knows, this is the only one.

    """
    scan(der)
    try:
        certificate = x509.load_der_x509_certificate(der)
    # What the parser only warns of, a serial number below zero for one, is an exception where warnings are errors.
    except (CryptographyDeprecationWarning, *UNREADABLE_X509) as error:
        raise CertsError(f"expected a certificate in DER, found something else: {error}") from error
    if certificate.serial_number <= 0:
        raise CertsError(f"expected a positive serial number (RFC 5280 §4.1.2.2), found {certificate.serial_number}")
    return certificate


def certificates_to_pem(certificates: tuple[x509.Certificate, ...] | list[x509.Certificate]) -> bytes:
    """Write certificates in PEM, one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def identity_to_pem(identity: Identity) -> bytes:
    """Write the key, the certificate and the chain in PEM, in this order."""
    return private_key_pem(identity.key) + certificates_to_pem([identity.certificate, *identity.chain])


def identity_from_pem(data: bytes) -> Identity:
    """Read what `identity_to_pem` wrote.

    Raises:
        CertsError: the key or the certificate is missing or unreadable, or they do not belong together.

    """
    key = load_private_key(data)
    try:
        certificate, *chain = x509.load_pem_x509_certificates(data)
        certified = certificate.public_key()
    except UNREADABLE_X509 as error:
        raise CertsError(f"expected a certificate in PEM after the private key, found none: {error}") from error
    if certified != key.public_key():
        raise CertsError(
            "expected the first certificate to be the one for the private key, "
            f"found that of {certificate.subject.rfc4514_string()}: put the leaf first"
        )
    return Identity(key, certificate, tuple(chain))
