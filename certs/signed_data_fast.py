"""The verdicts of `certs.signed_data.verify`, sooner, for the signature that comes with every poll.

The fast path only ever says yes. It recognises the form in which messages usually come (DER, one signer named by issuer
and serial number, a handful of attributes), takes it apart in Rust with `cryptography.hazmat.asn1`, and if everything
fits and the signature verifies, returns what the careful path would have returned. At anything else, be it unusual or
wrong, it has no opinion: the careful path judges, and its verdict and its reason stand. So the two cannot disagree
about a refusal; that they agree about the rest is held by a differential test.

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
    write_algorithm,
)
from certs.der import scan
from certs.errors import CmsError
from certs.identity import Identity
from certs.known_certificate import KnownCertificate, know
from certs.signature_algorithms import SHA2, check_signature
from certs.signed_data import SIGNATURE_BYTES, SignedContent, judge_attributes, sign
from certs.signed_data import verify as verify_carefully

if TYPE_CHECKING:
    from collections.abc import Callable

    from certs.signed_data_shape import ContentInfo, SignerInfo

decode: Callable[[bytes], ContentInfo] | None
try:
    from certs.signed_data_shape import decode, raw
except (ImportError, AttributeError, TypeError):  # pragma: no cover - another version of cryptography
    decode = None

MOST_CERTIFICATES = 4
"""A leaf and its chain; more is unusual. Bounds what the scan of the whole message would have bounded."""
MOST_ATTRIBUTES = 16
"""SCEP has eight of its own."""
_MOST_ELEMENTS = 64
_NESTING_IN_A_MESSAGE = 8
"""A value lies this deep in a message, of whose nesting `scan` allows 32 levels."""


def _with_and_without_null(identifiers: dict[str, str]) -> dict[bytes, str]:
    """Return what an AlgorithmIdentifier may be: NULL and absent parameters mean the same."""
    return {
        write_algorithm(identifier, null=null): name
        for identifier, name in identifiers.items()
        for null in (True, False)
    }


_DIGESTS = _with_and_without_null(DIGESTS)
_RSA_WITH = _with_and_without_null({**RSA_WITH, RSA_ENCRYPTION: "any"})
_ECDSA_WITH = _with_and_without_null(ECDSA_WITH)
_COMPARED = frozenset({CONTENT_TYPE, MESSAGE_DIGEST})
"""Attributes that hold only if their value is, byte by byte, the one expected: nothing is left to look over."""
_PKCS1 = padding.PKCS1v15()


def verify(
    message: bytes,
    content: bytes | None = None,
    *,
    digests: frozenset[str] = SHA2,
    max_bytes: int = SIGNATURE_BYTES,
    absent_is_empty: bool = False,
) -> SignedContent:
    """Verify a message of exactly one signer: arguments, result and errors are those of the careful `verify`."""
    if decode is not None and len(message) <= max_bytes:
        try:
            recognised = _recognise(decode(message), content, digests, absent_is_empty=absent_is_empty)
        except ValueError:  # every refusal on the way, CmsError included
            recognised = None
        if recognised is not None:
            return recognised
    return verify_carefully(message, content, digests=digests, max_bytes=max_bytes, absent_is_empty=absent_is_empty)


def sign_detached_fast(content: bytes, signer: Identity, *, when: datetime, digest: str = "sha256") -> bytes:
    """Sign as devices do in `Mdm-Signature`: detached, with nothing inside but the leaf certificate."""
    return sign(content, signer, when=when, detached=True, digest=digest, include_chain=False)


def _recognise(
    message: ContentInfo, content: bytes | None, digests: frozenset[str], *, absent_is_empty: bool = False
) -> SignedContent | None:
    """Return what a message says if it has the usual form and is right in every respect."""
    signed_data = message.content
    signers, announced = signed_data.signer_infos.as_list(), signed_data.digest_algorithms.as_list()
    if len(signers) != 1 or len(announced) != 1 or len(signed_data.certificates) > MOST_CERTIFICATES:
        return None
    certificates = [know(raw(certificate)) for certificate in signed_data.certificates]
    info, embedded = signers[0], signed_data.content_info.content
    identifier = raw(info.identifier)
    named = [known for known in certificates if known.issuer_and_serial_number == identifier]
    digest_algorithm = raw(info.digest_algorithm)
    digest = _DIGESTS.get(digest_algorithm)
    if content is None:
        content = b"" if embedded is None and absent_is_empty else embedded
    if (
        len(named) != 1
        or digest not in digests
        or digest is None
        or raw(announced[0]) != digest_algorithm
        or content is None
        or (embedded is not None and embedded != content)
        or message.content_type.dotted_string != SIGNED_DATA
        or signed_data.content_info.content_type.dotted_string != DATA
        or not _algorithm_fits(named[0], raw(info.signature_algorithm), digest)
    ):
        return None
    attributes = _attributes(info)
    signing_time = judge_attributes(attributes, hashlib.new(digest, content).digest())
    rsa_padding = _PKCS1 if isinstance(named[0].public_key, rsa.RSAPublicKey) else None
    check_signature(named[0], info.signature, raw(info.signed_attributes), digest, rsa_padding)
    return SignedContent(
        content=content,
        signer=named[0].certificate,
        certificates=tuple(known.certificate for known in certificates),
        attributes=attributes,
        digest=digest,
        signing_time=signing_time,
    )


def _attributes(info: SignerInfo) -> dict[str, tuple[bytes, ...]]:
    """Return the attributes, each of one value and different from the others.

    Raises:
        CmsError: they are not of that form, or are nothing that the careful path would read.

    """
    attributes = info.signed_attributes.as_list()
    if len(attributes) > MOST_ATTRIBUTES:
        raise CmsError("attributes", f"expected a handful of attributes, found {len(attributes)}")
    found: dict[str, tuple[bytes, ...]] = {}
    for attribute in attributes:
        identifier, values = attribute.type.dotted_string, attribute.values.as_list()
        if len(values) != 1 or identifier in found:
            raise CmsError("attributes", "expected different attributes of one value each, found others")
        value = raw(values[0])
        if identifier not in _COMPARED:
            scan(value, max_depth=32 - _NESTING_IN_A_MESSAGE, max_elements=_MOST_ELEMENTS)
        found[identifier] = (value,)
    return found


def _algorithm_fits(signer: KnownCertificate, algorithm: bytes, digest: str) -> bool:
    """Say whether key, signature algorithm and digest tell the same story."""
    if isinstance(signer.public_key, rsa.RSAPublicKey):
        return _RSA_WITH.get(algorithm) in {digest, "any"}
    return isinstance(signer.public_key, ec.EllipticCurvePublicKey) and _ECDSA_WITH.get(algorithm) == digest
