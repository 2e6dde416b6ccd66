"""Certificate requests (PKCS#10, RFC 2986): built by a device, checked by the authority before it signs anything.

Nothing of a request is copied into a certificate but its public key and, if the caller wants so, its subject: what a
certificate says comes from the caller's own record. What a request asks for beyond that record is refused, not dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import csr as pkcs10
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID

from certs.der import scan
from certs.errors import UNREADABLE_X509, DerError, FailInfo, RequestRefused
from certs.key_strength import MINIMUM_RSA_BITS, rsa_weakness, weakness
from certs.keys import PrivateKey, PublicKey, public_key_der
from certs.names import format_name

MAX_REQUEST_BYTES = 32_768

_DIGESTS: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
SHA2 = frozenset(_DIGESTS)


@dataclass(frozen=True)
class RequestPolicy:
    """What a request may be."""

    minimum_rsa_bits: int = MINIMUM_RSA_BITS
    """1024 where compatibility with old clients is asked for."""
    digests: frozenset[str] = SHA2
    """The digests that the request may be signed with."""
    subject: x509.Name | None = None
    """The subject that it must have, or None for any."""
    alternative_names: frozenset[x509.GeneralName] | None = None
    """The alternative names that it may ask for, or None for any: they are not copied in either case."""
    forbidden_keys: frozenset[str] = frozenset()
    """Keys that nobody else may have, the authorities' own for a start, as `key_fingerprint` writes them."""


@dataclass(frozen=True)
class CertificateRequest:
    """A request that was found in order."""

    der: bytes
    subject: x509.Name
    public_key: PublicKey
    challenge: str | None
    """The challengePassword (RFC 2985 §5.4.1)."""
    alternative_names: tuple[x509.GeneralName, ...]


def key_fingerprint(key: PrivateKey | PublicKey) -> str:
    """Return the SHA-256 over the SubjectPublicKeyInfo, in hex: it tells keys apart, in whatever certificate."""
    return hashlib.sha256(public_key_der(key)).hexdigest()


def check_request(der: bytes, policy: RequestPolicy) -> CertificateRequest:
    """Check a request before anything is signed: bytes, key, proof of possession, and what it asks for.

    Raises:
        RequestRefused: with the failInfo to answer and the reason.

    """
    try:
        scan(der, max_bytes=MAX_REQUEST_BYTES)
    except DerError as error:
        raise _bad_request("malformed", f"the request is no DER: {error}") from error
    request = _parse(der)
    key = _key(request, policy)
    digest = request.signature_hash_algorithm
    if digest is None or digest.name not in policy.digests:
        found = digest.name if digest else "none"
        raise _bad_algorithm("signature_digest", f"expected one of {sorted(policy.digests)}, found {found}")
    if not _is_signed_with(request, key, digest):
        raise _bad_request(
            "proof_of_possession", "expected the request signed with its own key, found a signature that does not hold"
        )
    if key_fingerprint(key) in policy.forbidden_keys:
        raise _bad_request("key_forbidden", "expected a key of the requester's own, found one that an authority uses")
    if policy.subject is not None and request.subject != policy.subject:
        raise _bad_request(
            "subject",
            f"expected the subject {format_name(policy.subject)!r}, found {format_name(request.subject)!r}",
        )
    names = _check_extensions(request, policy)
    return CertificateRequest(der, request.subject, key, _challenge(request), names)


def build_request(
    key: PrivateKey,
    subject: x509.Name,
    *,
    challenge: str | None = None,
    alternative_names: Sequence[x509.GeneralName] = (),
    digest: str = "sha256",
) -> bytes:
    """Build and sign a request, in DER."""
    builder = x509.CertificateSigningRequestBuilder(subject)
    if alternative_names:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative_names), critical=False)
    if challenge is not None:
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
    return builder.sign(key, _DIGESTS[digest]).public_bytes(Encoding.DER)


def _is_signed_with(request: x509.CertificateSigningRequest, key: PublicKey, digest: hashes.HashAlgorithm) -> bool:
    """Check the proof of possession."""
    if not isinstance(digest, hashes.SHA1) or not isinstance(key, rsa.RSAPublicKey):
        return request.is_signature_valid
    # The comfortable way never takes SHA-1; this one is reached only where the policy does.
    try:
        key.verify(request.signature, request.tbs_certrequest_bytes, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def _parse(der: bytes) -> x509.CertificateSigningRequest:
    """Parse the request, with the parts that are otherwise parsed when they are looked at."""
    try:
        request = x509.load_der_x509_csr(der)
        _ = request.subject, request.extensions, request.attributes, request.signature_hash_algorithm
    except UnsupportedAlgorithm as error:
        raise _bad_algorithm("signature_digest", f"expected a known signature algorithm, found: {error}") from error
    except UNREADABLE_X509 as error:
        raise _bad_request("malformed", f"expected a PKCS#10 request, found something else: {error}") from error
    return request


def _key(request: x509.CertificateSigningRequest, policy: RequestPolicy) -> PublicKey:
    """Read the request's key, and refuse a weak one."""
    try:
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        # OpenSSL does not even take the worst keys; say which weakness that was, if it was one.
        weak = _rsa_weakness_of(request, policy) or "key_malformed"
        raise _bad_algorithm(weak, f"expected a sound public key, found {weak}: {error}") from error
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise _bad_algorithm("key_type", f"expected an RSA or an elliptic-curve key, found {type(key).__name__}")
    found = weakness(key, policy.minimum_rsa_bits)
    if found is not None:
        raise _bad_algorithm(found, f"expected a key without known weakness, found {found}")
    return key


def _rsa_weakness_of(request: x509.CertificateSigningRequest, policy: RequestPolicy) -> str | None:
    try:
        key = pkcs10.CertificationRequestInfo.load(request.tbs_certrequest_bytes)["subject_pk_info"]
        if key["algorithm"]["algorithm"].native != "rsa":
            return None
        numbers = key["public_key"].parsed
        return rsa_weakness(int(numbers["modulus"]), int(numbers["public_exponent"]), policy.minimum_rsa_bits)
    except (ValueError, TypeError, LookupError):  # asn1crypto looks unknown algorithms up in tables
        return None


def _check_extensions(request: x509.CertificateSigningRequest, policy: RequestPolicy) -> tuple[x509.GeneralName, ...]:
    """Refuse a request for more than a device's certificate; return the alternative names that it asks for."""
    names: tuple[x509.GeneralName, ...] = ()
    for extension in request.extensions:
        match extension.value:
            case x509.BasicConstraints(ca=True):
                raise _bad_request("authority_requested", "expected a request for a leaf, found one for an authority")
            case x509.KeyUsage(key_cert_sign=True) | x509.KeyUsage(crl_sign=True):
                raise _bad_request("authority_requested", "expected a request for a leaf, found one that would certify")
            case x509.ExtendedKeyUsage() as usages if set(usages) - {ExtendedKeyUsageOID.CLIENT_AUTH}:
                raise _bad_request("extended_key_usage", "expected no purpose but clientAuth, found another")
            case x509.SubjectAlternativeName() as asked:
                names = tuple(asked)
    if policy.alternative_names is not None and set(names) - policy.alternative_names:
        raise _bad_request("alternative_names", "expected the alternative names on record, found others")
    return names


def _challenge(request: x509.CertificateSigningRequest) -> str | None:
    try:
        attribute = request.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD)
    except x509.AttributeNotFound:
        return None
    except ValueError as error:
        raise _bad_request("malformed", f"expected attributes with one value each, found others: {error}") from error
    try:
        return attribute.value.decode()
    except UnicodeDecodeError as error:
        raise _bad_request("malformed", "expected a challengePassword in text, found other bytes") from error


def _bad_request(reason: str, text: str) -> RequestRefused:
    return RequestRefused(FailInfo.BAD_REQUEST, reason, text)


def _bad_algorithm(reason: str, text: str) -> RequestRefused:
    return RequestRefused(FailInfo.BAD_ALG, reason, text)
