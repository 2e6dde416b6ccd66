"""What a certificate says, by what it is for: extensions, key usage, validity. One function signs them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.identity import Identity
from certs.keys import PrivateKey, PublicKey


class Usage(StrEnum):
    """What an issued certificate is for."""

    DEVICE = "device"
    SERVER = "server"
    PROFILE_SIGNING = "profile-signing"
    REGISTRATION = "registration"


BACK_DATING = timedelta(minutes=10)
"""Go's pkcs7 compares the signing time with the certificate's validity, so a client whose clock is a second behind ours
must find a certificate that is valid already. Ten minutes is what the SCEP servers in the field use."""

LIFETIMES = {
    Usage.DEVICE: timedelta(days=365),
    # Apple refuses server certificates of more than 825 days, from private authorities too:
    # https://support.apple.com/en-us/103769
    Usage.SERVER: timedelta(days=397),
    Usage.PROFILE_SIGNING: timedelta(days=1095),
    Usage.REGISTRATION: timedelta(days=1095),
}

_EXTENDED = {
    Usage.DEVICE: [ExtendedKeyUsageOID.CLIENT_AUTH],
    Usage.SERVER: [ExtendedKeyUsageOID.SERVER_AUTH],
    # Devices ask for no particular purpose; these two let every verifier of signed documents agree.
    Usage.PROFILE_SIGNING: [ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION],
    Usage.REGISTRATION: [],
}


@dataclass(frozen=True)
class Wanted:
    """The facts of a certificate that are the same for every kind."""

    subject: x509.Name
    public_key: PublicKey
    serial: int
    not_before: datetime
    not_after: datetime


def key_usage(*, signs: bool = True, deciphers: bool = False, certifies: bool = False) -> x509.KeyUsage:
    """Build the key usage extension (RFC 5280 §4.2.1.3) from the three questions that matter here."""
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=deciphers,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def sign_leaf(
    wanted: Wanted, issuer: Identity, usage: Usage, alternative_names: Sequence[x509.GeneralName] = ()
) -> x509.Certificate:
    """Sign a certificate for an end entity."""
    # RFC 5480 §3: an elliptic-curve key cannot encipher keys, and its certificate must not say that it does.
    deciphers = isinstance(wanted.public_key, rsa.RSAPublicKey) and usage is not Usage.PROFILE_SIGNING
    builder = _builder(wanted, issuer.certificate.subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(deciphers=deciphers), critical=True)
    builder = builder.add_extension(_authority_key_identifier(issuer.certificate), critical=False)
    if _EXTENDED[usage]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(_EXTENDED[usage]), critical=False)
    if alternative_names:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative_names), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def sign_authority(
    wanted: Wanted, key: PrivateKey, issuer: x509.Certificate | None, *, path_length: int, registers: bool = False
) -> x509.Certificate:
    """Sign a certificate for an authority, with the issuer's key; without an issuer it signs itself.

    Args:
        wanted: subject, key, serial number and validity.
        key: the key that signs.
        issuer: the certificate of that key, or None for a root.
        path_length: how many authorities may stand below this one (RFC 5280 §4.2.1.9).
        registers: it also signs and opens messages itself, as SCEP's registration authority does.

    """
    builder = _builder(wanted, issuer.subject if issuer else wanted.subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    usage = key_usage(signs=registers, deciphers=registers, certifies=True)
    builder = builder.add_extension(usage, critical=True)
    if issuer is not None:
        builder = builder.add_extension(_authority_key_identifier(issuer), critical=False)
    return builder.sign(key, hashes.SHA256())


def _builder(wanted: Wanted, issuer: x509.Name) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=wanted.subject,
        public_key=wanted.public_key,
        serial_number=wanted.serial,
        not_valid_before=wanted.not_before,
        not_valid_after=wanted.not_after,
        extensions=[
            x509.Extension(
                x509.SubjectKeyIdentifier.oid, False, x509.SubjectKeyIdentifier.from_public_key(wanted.public_key)
            )
        ],
    )


def _authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
