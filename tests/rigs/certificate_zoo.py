"""Certificates that no server may accept as a device's, each with the reason why (T-05)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.authority import Authority
from certs.identity import Identity
from certs.issuance import Usage, key_usage
from certs.names import name_of

CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
NO_AUTHORITY = x509.BasicConstraints(ca=False, path_length=None)


@dataclass(frozen=True)
class Animal:
    """One certificate of the zoo: what it is shown with, and the reasons for which it may be refused."""

    certificate: x509.Certificate
    reasons: frozenset[str]
    key: Any
    intermediates: tuple[x509.Certificate, ...] = ()

    @property
    def identity(self) -> Identity:
        """The certificate with its key, for whoever tries to get in with it."""
        return Identity(self.key, self.certificate, self.intermediates)


def certificate(
    issuer: Identity,
    at: datetime,
    *extensions: x509.ExtensionType,
    key: Any = None,
    days: tuple[int, int] = (-1, 100),
    serial: int = 4711,
    critical: bool = False,
    subject: str = "zoo",
) -> x509.Certificate:
    """Sign a certificate that says exactly what it is told to say."""
    public_key = (key or ec.generate_private_key(ec.SECP256R1())).public_key()
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject,
        subject_name=name_of(subject),
        public_key=public_key,
        serial_number=serial,
        not_valid_before=at + timedelta(days=days[0]),
        not_valid_after=at + timedelta(days=days[1]),
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.key, hashes.SHA256())


def _sub_authority(
    issuer: Identity, at: datetime, *extensions: x509.ExtensionType, days: tuple[int, int] = (-2, 200)
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    return Identity(key, certificate(issuer, at, *extensions, key=key, days=days, subject="zoo authority"))


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _impostor(authority: Authority) -> Identity:
    """Return an identity that carries the issuing authority's name, but another key."""
    return Identity(ec.generate_private_key(ec.SECP256R1()), authority.issuing.certificate)


def _flipped(authority: Authority, at: datetime) -> Identity:
    key = _key()
    der = bytearray(certificate(authority.issuing, at, CLIENT, key=key).public_bytes(Encoding.DER))
    der[-1] ^= 1
    return Identity(key, x509.load_der_x509_certificate(bytes(der)))


def _self_signed(at: datetime) -> Identity:
    key = _key()
    name = name_of("zoo")
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, at, at + timedelta(days=1))
    return Identity(key, builder.add_extension(CLIENT, critical=False).sign(key, hashes.SHA256()))


def _below(authority: Identity, at: datetime, *reasons: str) -> Animal:
    key = _key()
    leaf = certificate(authority, at, CLIENT, key=key)
    return Animal(leaf, frozenset(reasons), key, (authority.certificate,))


def _leaf(
    authority: Authority, at: datetime, reasons: Sequence[str], *extensions: x509.ExtensionType, **facts: Any
) -> Animal:
    key = facts.setdefault("key", _key())
    return Animal(certificate(authority.issuing, at, *extensions, **facts), frozenset(reasons), key)


def _signed_by_an_impostor(authority: Authority, at: datetime) -> Identity:
    key = _key()
    return Identity(key, certificate(_impostor(authority), at, CLIENT, key=key))


def _as_it_is(identity: Identity, reason: str) -> Animal:
    return Animal(identity.certificate, frozenset({reason}), identity.key)


Keeper = Callable[[Authority, datetime], Animal]

ZOO: dict[str, Keeper] = {
    "self-signed": lambda _, at: _as_it_is(_self_signed(at), "untrusted"),
    "of another authority": lambda a, at: _as_it_is(
        Authority.create(clock=lambda: at, random_bytes=a.random_bytes).issue_identity(name_of("zoo")),
        "untrusted",
    ),
    "signed by an impostor": lambda a, at: _as_it_is(_signed_by_an_impostor(a, at), "untrusted"),
    "with a flipped bit": lambda a, at: _as_it_is(_flipped(a, at), "untrusted"),
    "expired": lambda a, at: _leaf(a, at, ["expired"], CLIENT, days=(-50, -1)),
    "not yet valid": lambda a, at: _leaf(a, at, ["not_yet_valid"], CLIENT, days=(1, 50)),
    "authority as a leaf": lambda a, at: _leaf(
        a, at, ["authority_leaf"], CLIENT, x509.BasicConstraints(ca=True, path_length=None)
    ),
    "the issuing authority": lambda a, _: _as_it_is(a.issuing, "authority_leaf"),
    "the root": lambda a, _: _as_it_is(a.root, "authority_leaf"),
    "for servers only": lambda a, at: _leaf(
        a, at, ["purpose"], x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    ),
    "for mail only": lambda a, at: _leaf(
        a, at, ["purpose"], x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    ),
    "for no purpose": lambda a, at: _leaf(a, at, ["purpose"]),
    "with an empty purpose": lambda a, at: _leaf(
        a, at, ["purpose", "untrusted"], x509.UnrecognizedExtension(x509.ExtendedKeyUsage.oid, b"\x30\x00")
    ),
    "that may not sign": lambda a, at: _leaf(a, at, ["purpose"], CLIENT, key_usage(signs=False, deciphers=True)),
    "with a short RSA key": lambda a, at: _leaf(a, at, ["weak_key"], CLIENT, key=rsa.generate_private_key(65537, 1024)),
    "on a small curve": lambda a, at: _leaf(
        a, at, ["weak_key", "untrusted"], CLIENT, key=ec.generate_private_key(ec.SECP224R1())
    ),
    "on a foreign curve": lambda a, at: _leaf(
        a, at, ["weak_key", "untrusted"], CLIENT, key=ec.generate_private_key(ec.SECP256K1())
    ),
    "with an Ed25519 key": lambda a, at: _leaf(
        a, at, ["weak_key", "untrusted"], CLIENT, key=ed25519.Ed25519PrivateKey.generate()
    ),
    "with an unknown critical extension": lambda a, at: _leaf(
        a,
        at,
        ["untrusted"],
        CLIENT,
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
        critical=True,
    ),
    "with a malformed extension": lambda a, at: _leaf(
        a, at, ["untrusted"], CLIENT, x509.UnrecognizedExtension(x509.KeyUsage.oid, b"\x03\x82\xff\xff")
    ),
    "signed by a device": lambda a, at: _below(a.issue_identity(name_of("zoo"), usage=Usage.DEVICE), at, "untrusted"),
    "below one authority too many": lambda a, at: _below(
        _sub_authority(a.issuing, at, x509.BasicConstraints(ca=True, path_length=None), key_usage(certifies=True)),
        at,
        "untrusted",
    ),
    "below an authority that may not certify": lambda a, at: _below(
        _sub_authority(a.root, at, x509.BasicConstraints(ca=True, path_length=None), key_usage()), at, "untrusted"
    ),
    "below an expired authority": lambda a, at: _below(
        _sub_authority(
            a.root, at, x509.BasicConstraints(ca=True, path_length=0), key_usage(certifies=True), days=(-50, -0)
        ),
        at + timedelta(hours=1),
        "expired",
        "untrusted",
    ),
}
