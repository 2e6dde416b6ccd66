"""CMS SignedData (RFC 5652 §5): made, and verified with all the care there is.

`verify` is the judge. It reads BER as well as DER, never takes "the first certificate", checks the signature over the
attribute bytes as they arrived (clients exist that sign unsorted sets), and gives every refusal a stable reason:

    asn1                   not a CMS message that we would read
    not_signed_data        a CMS message of another type
    content_type           something else than plain data is signed
    certificate            an unreadable certificate inside
    signers                not exactly one signer
    signer_certificate     the signer's certificate is not inside, or not the only one of its issuer and serial number
    digest                 a digest that is not allowed, or not announced
    signature_algorithm    an algorithm we do not know, or one that contradicts the digest or the key
    content_missing        detached, and nobody gave the content
    content_mismatch       the content inside is not the content given
    attributes             an attribute that must be there exactly once is not, or is malformed
    attributes_as_content  no signed attributes, and a content that could be somebody's signed attributes
    message_digest         the content is not what was signed
    signature              the signature is wrong

`certs.signed_data_fast.verify` answers the same, sooner. What neither asks: whether the certificate is trusted, in
time, or whose it is (`certs.trust`, and the caller).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from asn1crypto import core, parser
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.cms_content import CONTENT_TYPE, DATA, MESSAGE_DIGEST, SIGNING_TIME
from certs.der import is_one_element
from certs.errors import CmsError
from certs.identity import Identity
from certs.known_certificate import KnownCertificate, know
from certs.signature_algorithms import (
    LEGACY_DIGESTS,
    SHA2,
    allowed_digest,
    check_signature,
    digest_algorithm,
    padding_for,
    sign_bytes,
    signature_algorithm,
)
from certs.signed_data_structure import Signer, ToBeSigned, read_signed_data

try:
    from certs.signed_data_shape import write_signed_data
except (ImportError, AttributeError, TypeError):  # pragma: no cover - another version of cryptography
    from certs.signed_data_structure import write_signed_data

__all__ = [
    "LEGACY_DIGESTS",
    "PROFILE_BYTES",
    "SHA2",
    "SIGNATURE_BYTES",
    "SignedContent",
    "read_certificates",
    "sign",
    "verify",
]

SIGNATURE_BYTES = 65_536
"""How long a signature, a SCEP message or a device's machine information may be."""
PROFILE_BYTES = 8 * 1024 * 1024
"""How long a signed configuration profile may be."""

_UTC_TIME_ENDS = 2050
_SET = 0x31
_DATA_TYPE: bytes = core.ObjectIdentifier(DATA).dump()


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What a verified message says, and who says so."""

    content: bytes
    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]
    """All certificates in the message, the signer's included, in the order in which they came."""
    attributes: Mapping[str, tuple[bytes, ...]] = field(repr=False)
    """The signed attributes: dotted object identifier to the values in DER, those of repeated attributes joined."""
    digest: str
    signing_time: datetime | None


def sign(
    content: bytes | None,
    signer: Identity,
    *,
    when: datetime,
    detached: bool = False,
    digest: str = "sha256",
    attributes: Mapping[str, bytes] | None = None,
    include_chain: bool = True,
) -> bytes:
    """Sign bytes, with the signer's certificate inside.

    Args:
        content: what is signed; None signs nothing and carries nothing, as SCEP's refusals do.
        signer: who signs.
        when: the signing time, in UTC, to the second.
        detached: leave the content out.
        digest: `sha256`, `sha384` or `sha512`; `sha1` only to imitate old clients.
        attributes: further signed attributes, dotted object identifier to the value in DER.
        include_chain: put the signer's chain beside its certificate.

    """
    der = signer.der
    parts = ToBeSigned(
        content=None if detached else content,
        attributes={
            CONTENT_TYPE: _DATA_TYPE,
            SIGNING_TIME: write_time(when),
            MESSAGE_DIGEST: core.OctetString(hashlib.new(digest, content or b"").digest()).dump(),
            **(attributes or {}),
        },
        # The signer's own goes first: CMS wants no order here, and some readers take the first to be the signer's.
        certificates=(der, *(c.public_bytes(Encoding.DER) for c in signer.chain if include_chain)),
        issuer_and_serial_number=know(der).issuer_and_serial_number,
        digest_algorithm=digest_algorithm(digest),
        signature_algorithm=signature_algorithm(signer.key, digest),
    )
    return write_signed_data(parts, lambda to_be_signed: sign_bytes(signer.key, to_be_signed, digest))


def verify(
    message: bytes,
    content: bytes | None = None,
    *,
    digests: frozenset[str] = SHA2,
    max_bytes: int = SIGNATURE_BYTES,
    absent_is_empty: bool = False,
) -> SignedContent:
    """Verify a message of exactly one signer.

    Args:
        message: the CMS message, BER or DER.
        content: what it must be a signature over, as received; None takes the content inside.
        digests: which digests are good enough.
        max_bytes: how long the message may be.
        absent_is_empty: a message without content signs nothing, rather than something that is missing.

    Raises:
        CmsError: with one of the reasons above.

    """
    signed = read_signed_data(message, max_bytes)
    if signed.content_type != DATA:
        raise CmsError("content_type", f"expected plain data to be signed, found {signed.content_type}")
    certificates = [know(der) for der in signed.certificates]
    if len(signed.signers) != 1:
        raise CmsError("signers", f"expected exactly one signer, found {len(signed.signers)}")
    info = signed.signers[0]
    signer = _find(info, certificates)
    digest = allowed_digest(info.digest, signed.announced, digests)
    rsa_padding = padding_for(info.algorithm, signer, digest)
    content = _content(signed.embedded, content, absent_is_empty=absent_is_empty)
    if info.signed_attributes is None:
        _refuse_attributes_as_content(content)
        to_be_signed, signing_time = content, None
    else:
        to_be_signed = info.signed_attributes
        signing_time = judge_attributes(info.attributes, hashlib.new(digest, content).digest())
    check_signature(signer, info.signature, to_be_signed, digest, rsa_padding)
    return SignedContent(
        content=content,
        signer=signer.certificate,
        certificates=tuple(known.certificate for known in certificates),
        attributes=info.attributes,
        digest=digest,
        signing_time=signing_time,
    )


def read_certificates(message: bytes, *, max_bytes: int = SIGNATURE_BYTES) -> tuple[x509.Certificate, ...]:
    """Return the certificates in a message, in their order; above all those of a degenerate one, which nobody signed.

    Raises:
        CmsError: `asn1`, `not_signed_data` or `certificate`.

    """
    signed = read_signed_data(message, max_bytes)
    return tuple(know(der).certificate for der in signed.certificates)


def write_time(moment: datetime) -> bytes:
    """Write a Time: a UTCTime until 2049, a GeneralizedTime from then on (RFC 5652 §11.3)."""
    utc = moment.astimezone(UTC).replace(microsecond=0)
    return bytes((core.UTCTime if utc.year < _UTC_TIME_ENDS else core.GeneralizedTime)(utc).dump())


def read_time(raw: bytes) -> datetime:
    """Read a Time in the one form each of its two types may have (RFC 5652 §11.3), which asn1crypto is too kind for.

    Raises:
        CmsError: `attributes`.

    """
    kind, _, tag, _, text, _ = parser.parse(raw, strict=True)
    try:
        if not text.endswith(b"Z") or not text[:-1].isdigit():
            raise ValueError("it is not all digits and a Z")
        if (kind, tag) == (0, core.UTCTime.tag) and len(text) == 13:
            # RFC 5280 §4.1.2.5.1: two digits from 50 on belong to the last century.
            text = (b"19" if text >= b"50" else b"20") + text
        elif (kind, tag) != (0, core.GeneralizedTime.tag) or len(text) != 15:
            raise ValueError("it has the wrong type or length")
        month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(4, 14, 2))
        return datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise CmsError("attributes", f"expected a signing time, found {raw.hex()}: {error}") from error


def _find(signer: Signer, certificates: list[KnownCertificate]) -> KnownCertificate:
    """Find the one certificate that the signer names; never simply the first (RFC 5652 §5.3)."""
    named = [known for known in certificates if signer.named.fits(known)]
    found = {known.certificate: known for known in named}
    if len(found) != 1:
        # Two different certificates of one issuer and serial number: whichever we took, the other might be meant.
        raise CmsError("signer_certificate", f"expected the signer's certificate in the message, found {len(found)}")
    return named[0]


def _content(embedded: bytes | None, given: bytes | None, *, absent_is_empty: bool) -> bytes:
    """Return what is signed. The content given always counts; one inside may only repeat it."""
    if given is None:
        if embedded is None and not absent_is_empty:
            raise CmsError("content_missing", "expected the content inside the message, found a detached signature")
        return embedded or b""
    if embedded is not None and embedded != given:
        raise CmsError("content_mismatch", "expected the content inside to be the one received, found another")
    return given


def _refuse_attributes_as_content(content: bytes) -> None:
    """Refuse what could be someone's signed attributes, presented as a content that has none.

    A signature over attributes is a signature over a DER SET. Take the attributes away, give that SET as the content,
    and the same signature verifies (RFC 5652 §11): so a content that is exactly a SET is never taken without them.
    """
    if is_one_element(content, _SET):
        raise CmsError("attributes_as_content", "expected content, found what may be the signed attributes of another")


def judge_attributes(attributes: Mapping[str, tuple[bytes, ...]], digest: bytes) -> datetime | None:
    """Check the attributes that RFC 5652 §11 defines, and return the signing time if there is one."""
    if _one(attributes, CONTENT_TYPE, "contentType") != _DATA_TYPE:
        raise CmsError("attributes", "expected the contentType attribute to say data, found something else")
    if _one(attributes, MESSAGE_DIGEST, "messageDigest") != core.OctetString(digest).dump():
        raise CmsError("message_digest", "expected a signature over the content received, found one over another")
    if SIGNING_TIME not in attributes:
        return None
    return read_time(_one(attributes, SIGNING_TIME, "signingTime"))


def _one(attributes: Mapping[str, tuple[bytes, ...]], identifier: str, name: str) -> bytes:
    values = attributes.get(identifier, ())
    if len(values) != 1:
        raise CmsError("attributes", f"expected the {name} attribute to have one value, found {len(values)}")
    return values[0]
