"""Certificates as they arrive inside messages: read once, remembered by their bytes.

A device sends the same certificate with every poll. What is remembered are facts that follow from the bytes alone;
whether the certificate is trusted, in time or bound to anyone is asked elsewhere and every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from certs.der import scan
from certs.errors import UNREADABLE_X509, CmsError
from certs.structures import FAULTS, Certificate, IssuerAndSerialNumber

Extension = TypeVar("Extension", bound=x509.ExtensionType)

_NESTING_IN_A_MESSAGE = 5
"""A certificate in a SignedData lies this deep (ContentInfo, [0], SignedData, [0], certificate); the limit on nesting
is that of the whole message, so that a certificate judged alone is judged as it is inside one."""
_MOST_ELEMENTS = 1024
"""A certificate has about a hundred."""
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """A certificate, its public key, and what a message names it by (RFC 5652 §5.3)."""

    certificate: x509.Certificate
    public_key: CertificatePublicKeyTypes
    issuer_and_serial_number: bytes


@lru_cache(maxsize=_REMEMBERED)
def know(der: bytes) -> KnownCertificate:
    """Read a certificate.

    Raises:
        CmsError: `certificate`, if it is none, or one with a key or a serial number that nobody should have.

    """
    try:
        scan(der, max_depth=32 - _NESTING_IN_A_MESSAGE, max_elements=_MOST_ELEMENTS)
        issuer_and_serial_number = _issuer_and_serial_number(der)
        certificate = x509.load_der_x509_certificate(der)
        return KnownCertificate(certificate, certificate.public_key(), issuer_and_serial_number)
    except (*FAULTS, *UNREADABLE_X509) as error:
        raise CmsError("certificate", f"expected readable certificates in the CMS message: {error}") from error


def subject_key_identifier(certificate: x509.Certificate) -> bytes | None:
    """Return the key identifier by which a message may name the certificate; None if it states none."""
    stated = extension_of(certificate, x509.SubjectKeyIdentifier)
    return None if stated is None else stated.digest


def extension_of(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    """Return an extension of a foreign certificate; None if it is absent, or if its extensions make no sense."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, *UNREADABLE_X509):
        return None


def _issuer_and_serial_number(der: bytes) -> bytes:
    """Take issuer and serial number out as they are written: names are compared byte by byte, never re-encoded."""
    to_be_signed = Certificate.load(der, strict=True)["tbs_certificate"]
    issuer, serial_number = to_be_signed["issuer"], to_be_signed["serial_number"]
    if serial_number.native <= 0:
        # RFC 5280 §4.1.2.2 wants it positive, and cryptography is about to refuse others too.
        raise ValueError("expected a positive serial number")
    return bytes(IssuerAndSerialNumber(contents=issuer.dump() + serial_number.dump()).dump())
