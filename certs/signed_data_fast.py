"""The verdicts of `certs.signed_data.verify`, sooner, for the signature that comes with every poll.

The fast path only ever says yes. It recognises the one form in which devices sign (DER, one signer named by issuer and
serial number, no attributes but the three of RFC 5652 §11), takes it apart in Rust with `cryptography.hazmat.asn1`, and
if everything fits and the signature verifies, returns what the careful path would have returned. At anything else, be
it unusual or wrong, it has no opinion: the careful path judges, and its verdict and its reason stand. So the two cannot
disagree about a refusal; that they agree about the rest is held by a differential test.

cryptography calls that module's interface unstable: where it is missing or has changed, the careful path does it all.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certs.cms_content import (
    CONTENT_TYPE,
    DATA,
    DIGESTS,
    ECDSA_WITH,
    MESSAGE_DIGEST,
    RSA_ENCRYPTION,
    RSA_WITH,
    SIGNED_DATA,
    SIGNING_TIME,
)
from certs.elements import NULL, OCTET_STRING, SEQUENCE, SET, UTC_TIME, element, object_identifier
from certs.identity import Identity
from certs.known_certificate import KnownCertificate, know
from certs.signature_algorithms import SHA2, check_signature
from certs.signed_data import SIGNATURE_BYTES, SignedContent, read_time, sign
from certs.signed_data import verify as verify_carefully

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat import asn1

    from certs.signed_data_shape import ContentInfo

decode: Callable[[bytes], ContentInfo] | None
try:
    from certs.signed_data_shape import decode
except (ImportError, AttributeError, TypeError):  # pragma: no cover - another version of cryptography
    decode = None

MOST_CERTIFICATES = 4
"""A leaf and its chain; more is unusual. Bounds what the scan of the whole message would have bounded."""


def _with_and_without_null(identifiers: dict[str, str]) -> dict[bytes, str]:
    """Return what the contents of an AlgorithmIdentifier may be: NULL and absent parameters mean the same."""
    return {
        object_identifier(identifier) + parameters: name
        for identifier, name in identifiers.items()
        for parameters in (b"", NULL)
    }


_DIGESTS = _with_and_without_null(DIGESTS)
_RSA_WITH = _with_and_without_null({**RSA_WITH, RSA_ENCRYPTION: "any"})
_ECDSA_WITH = _with_and_without_null(ECDSA_WITH)
_IS_DATA = object_identifier(DATA)
_CONTENT_TYPE_IS_DATA = object_identifier(CONTENT_TYPE) + element(SET, _IS_DATA)
_MESSAGE_DIGEST = object_identifier(MESSAGE_DIGEST)
# A SET of 15 bytes with a UTCTime of 13.
_SIGNING_TIME = object_identifier(SIGNING_TIME) + bytes((SET, 15, UTC_TIME, 13))
_PKCS1 = padding.PKCS1v15()


def verify(
    message: bytes,
    content: bytes | None = None,
    *,
    digests: frozenset[str] = SHA2,
    max_bytes: int = SIGNATURE_BYTES,
) -> SignedContent:
    """Verify a message of exactly one signer: arguments, result and errors are those of the careful `verify`."""
    if decode is not None and len(message) <= max_bytes:
        try:
            recognised = _recognise(decode(message), content, digests)
        except ValueError:  # every refusal on the way, CmsError included
            recognised = None
        if recognised is not None:
            return recognised
    return verify_carefully(message, content, digests=digests, max_bytes=max_bytes)


def sign_detached_fast(content: bytes, signer: Identity, *, when: datetime, digest: str = "sha256") -> bytes:
    """Sign as devices do in `Mdm-Signature`: detached, with nothing inside but the leaf certificate."""
    return sign(content, signer, when=when, detached=True, digest=digest, include_chain=False)


def _recognise(message: ContentInfo, content: bytes | None, digests: frozenset[str]) -> SignedContent | None:
    """Return what a message says if it has the usual form and is right in every respect."""
    signed_data = message.content
    signers, announced = signed_data.signer_infos.as_list(), signed_data.digest_algorithms.as_list()
    certificates = [know(_raw(certificate)) for certificate in signed_data.certificates.as_list()]
    if len(signers) != 1 or len(announced) != 1 or len(certificates) > MOST_CERTIFICATES:
        return None
    info, embedded = signers[0], signed_data.content_info.content
    identifier = _raw(info.identifier)
    named = [known for known in certificates if known.issuer_and_serial_number == identifier]
    digest_algorithm = _raw(info.digest_algorithm)
    digest = _DIGESTS.get(bytes(info.digest_algorithm.data))
    if content is None:
        content = embedded
    if (
        len(named) != 1
        or digest not in digests
        or digest is None
        or digest_algorithm[0] != SEQUENCE
        or _raw(announced[0]) != digest_algorithm
        or content is None
        or (embedded is not None and embedded != content)
        or message.content_type.dotted_string != SIGNED_DATA
        or signed_data.content_info.content_type.dotted_string != DATA
    ):
        return None
    raw_attributes = [_raw(attribute) for attribute in info.signed_attributes.as_list()]
    attributes = _attributes(raw_attributes, hashlib.new(digest, content).digest())
    if attributes is None or not _algorithm_fits(named[0], _raw(info.signature_algorithm), digest):
        return None
    rsa_padding = _PKCS1 if isinstance(named[0].public_key, rsa.RSAPublicKey) else None
    # In DER the received order is the sorted one, so joining the parts again gives the bytes as they were received.
    check_signature(named[0], info.signature, element(SET, *raw_attributes), digest, rsa_padding)
    signing_time = attributes.get(SIGNING_TIME)
    return SignedContent(
        content=content,
        signer=named[0].certificate,
        certificates=tuple(known.certificate for known in certificates),
        attributes=attributes,
        digest=digest,
        signing_time=read_time(signing_time[0]) if signing_time else None,
    )


def _raw(unread: asn1.TLV) -> bytes:
    """Return an unread element as it was written: DER leaves no choice about its length."""
    return element(unread.tag_bytes[0], bytes(unread.data))


def _attributes(raw_attributes: list[bytes], digest: bytes) -> dict[str, tuple[bytes, ...]] | None:
    """Return the attributes, if they are contentType, the right messageDigest, at most signingTime, and no more."""
    value = element(OCTET_STRING, digest)
    right_digest = element(SEQUENCE, _MESSAGE_DIGEST, element(SET, value))
    found: dict[str, tuple[bytes, ...]] = {}
    for attribute in raw_attributes:
        if attribute == right_digest:
            found[MESSAGE_DIGEST] = (value,)
        elif attribute[2:] == _CONTENT_TYPE_IS_DATA and attribute[0] == SEQUENCE:
            found[CONTENT_TYPE] = (_IS_DATA,)
        elif attribute[2:-13] == _SIGNING_TIME and attribute[0] == SEQUENCE:
            found[SIGNING_TIME] = (attribute[-15:],)
        else:
            return None
    complete = MESSAGE_DIGEST in found and CONTENT_TYPE in found and len(found) == len(raw_attributes)
    return found if complete else None


def _algorithm_fits(signer: KnownCertificate, algorithm: bytes, digest: str) -> bool:
    """Say whether key, signature algorithm and digest tell the same story."""
    if algorithm[0] != SEQUENCE:
        return False
    if isinstance(signer.public_key, rsa.RSAPublicKey):
        return _RSA_WITH.get(algorithm[2:]) in {digest, "any"}
    return isinstance(signer.public_key, ec.EllipticCurvePublicKey) and _ECDSA_WITH.get(algorithm[2:]) == digest
