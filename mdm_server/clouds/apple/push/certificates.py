"""Push certificates: what lets a provider push, and for what.

Such a certificate names its topic as UID of its subject; one for several topics has them in an extension of Apple's.
MDM push certificates have one topic, `com.apple.mgmt.External.<uuid>`, which is also what enrolment profiles name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs import der
from certs.authority import Authority
from certs.errors import DerError
from certs.issuance import BACK_DATING, key_usage
from certs.keys import PublicKey
from mdm_server.wire.apns import Environment

MDM_TOPIC = "com.apple.mgmt.External."
LIFETIME = timedelta(days=365)
LONGEST_TOPIC = 255
_TOPIC = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")

# Extensions of Apple's: the first two say where the certificate is good, the third lists topics and what each is for.
_GOOD_AT = {
    Environment.DEVELOPMENT: x509.ObjectIdentifier("1.2.840.113635.100.6.3.1"),
    Environment.PRODUCTION: x509.ObjectIdentifier("1.2.840.113635.100.6.3.2"),
}
_TOPICS = x509.ObjectIdentifier("1.2.840.113635.100.6.3.6")
_DER_NULL = b"\x05\x00"


class _Uses(core.SequenceOf):  # type: ignore[misc]  # asn1crypto has no types
    _child_spec = core.UTF8String


class _Topics(core.SequenceOf):  # type: ignore[misc]
    """Topic, its uses, topic, its uses, and so on."""

    _child_spec = core.Any


def is_topic(text: str) -> bool:
    """Say whether this can be a topic: names with dots in between, as bundle identifiers are."""
    return len(text) <= LONGEST_TOPIC and _TOPIC.fullmatch(text) is not None


def new_topic(random: bytes) -> str:
    """Return the topic of a new MDM push certificate, from sixteen random bytes."""
    return MDM_TOPIC + str(UUID(bytes=random, version=4))


def push_certificate(
    authority: Authority,
    request: x509.CertificateSigningRequest | PublicKey,
    topic: str | Sequence[str],
    *,
    environment: Environment = Environment.PRODUCTION,
) -> x509.Certificate:
    """Issue a push certificate for a key, or for the key of a request, whose subject Apple ignores too.

    Raises:
        ValueError: a topic is none, or the request was not signed with its own key.

    """
    topics = [topic] if isinstance(topic, str) else list(topic)
    for each in topics:
        if not is_topic(each):
            raise ValueError(f"expected a topic such as {MDM_TOPIC}5f3a1c5e…, found {each[:100]!r}")
    if isinstance(request, x509.CertificateSigningRequest) and not request.is_signature_valid:
        raise ValueError("expected a request that is signed with the key it is for, found another signature")
    public_key = request.public_key() if isinstance(request, x509.CertificateSigningRequest) else request
    if not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ValueError(f"expected an RSA or an elliptic curve key, found {type(public_key).__name__}")
    names = [
        x509.NameAttribute(NameOID.USER_ID, topics[0]),
        x509.NameAttribute(NameOID.COMMON_NAME, f"APSP:{topics[0].removeprefix(MDM_TOPIC)}"[:64]),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mdmsim TEST"),
    ]
    issuer, now = authority.issuing, authority.clock()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(issuer.certificate.subject)
        .public_key(public_key)
        .serial_number(authority.new_serial())
        .not_valid_before(now - BACK_DATING)
        .not_valid_after(min(now + LIFETIME, issuer.certificate.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.UnrecognizedExtension(_GOOD_AT[environment], _DER_NULL), critical=False)
    )
    if len(topics) > 1:
        builder = builder.add_extension(x509.UnrecognizedExtension(_TOPICS, _write_topics(topics)), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def topics_of(certificate: x509.Certificate) -> frozenset[str]:
    """Return what may be pushed with a certificate; nothing with one that is no push certificate."""
    subject = {str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.USER_ID)}
    return frozenset(subject | set(_read_topics(_extension(certificate, _TOPICS))))


def environments_of(certificate: x509.Certificate) -> frozenset[Environment]:
    """Return where a push certificate is good."""
    return frozenset(place for place, oid in _GOOD_AT.items() if _extension(certificate, oid) is not None)


def _extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes | None:
    try:
        value = certificate.extensions.get_extension_for_oid(oid).value
    except (x509.ExtensionNotFound, ValueError):  # what cannot be read is not there
        return None
    return value.value if isinstance(value, x509.UnrecognizedExtension) else None


def _write_topics(topics: Iterable[str]) -> bytes:
    parts: list[core.Asn1Value] = []
    for topic in topics:
        parts += [core.UTF8String(topic), _Uses(["app"])]
    return cast("bytes", _Topics([core.Any(part) for part in parts]).dump())


def _read_topics(extension: bytes | None) -> list[str]:
    if extension is None:
        return []
    try:
        der.scan(extension)
        parts = [part.parsed for part in _Topics.load(extension, strict=True)]
        return [part.native for part in parts if isinstance(part, core.UTF8String)]
    except (DerError, ValueError, TypeError):
        return []
