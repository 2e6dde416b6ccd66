"""A SignedData (RFC 5652 §5.1) as plain facts: read from BER or DER, everything kept as it was written; and written.

`certs.signed_data_shape` writes the same bytes, sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from asn1crypto import core

from certs.cms_content import DATA, SIGNED_DATA, Algorithm, Named, read_algorithm, read_named, unwrap
from certs.errors import CmsError
from certs.structures import (
    FAULTS,
    AlgorithmIdentifier,
    Attribute,
    Attributes,
    ContentInfo,
    IssuerAndSerialNumber,
    SignedData,
    SignerInfo,
    contents_of,
    dotted,
    members,
    octets,
)


@dataclass(frozen=True, slots=True)
class Signer:
    """A SignerInfo (RFC 5652 §5.3) as it was written."""

    named: Named
    digest: Algorithm
    signed_attributes: bytes | None
    """The SET OF that is signed, whatever tag the message carries it under (RFC 5652 §5.4)."""
    attributes: Mapping[str, tuple[bytes, ...]]
    algorithm: Algorithm
    signature: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A SignedData (RFC 5652 §5.1) as it was written."""

    content_type: str
    embedded: bytes | None
    announced: frozenset[str]
    certificates: tuple[bytes, ...]
    signers: tuple[Signer, ...]


@dataclass(frozen=True, slots=True)
class ToBeSigned:
    """What goes into a SignedData of one signer, everything in DER but the content."""

    content: bytes | None
    attributes: Mapping[str, bytes]
    certificates: tuple[bytes, ...]
    """In the order in which they are to stand."""
    issuer_and_serial_number: bytes
    digest_algorithm: bytes
    signature_algorithm: bytes


def read_signed_data(message: bytes, max_bytes: int) -> Signed:
    """Take a message apart, without asking whether any of it is true.

    Raises:
        CmsError: `asn1` or `not_signed_data`.

    """
    signed_data = unwrap(message, SIGNED_DATA, SignedData, max_bytes=max_bytes, reason="not_signed_data")
    try:
        content_info, certificates = signed_data["encap_content_info"], signed_data["certificates"]
        content = content_info["content"]
        return Signed(
            content_type=dotted(content_info["content_type"].contents),
            embedded=None if contents_of(content) is None else octets(content["value"]),
            announced=frozenset(read_algorithm(algorithm).identifier for algorithm in signed_data["digest_algorithms"]),
            certificates=() if contents_of(certificates) is None else members(certificates),
            signers=tuple(_read_signer(signer) for signer in signed_data["signer_infos"]),
        )
    except FAULTS as error:
        raise CmsError("asn1", f"expected a CMS SignedData: {error}") from error


def _read_signer(info: SignerInfo) -> Signer:
    signed_attributes = contents_of(info["signed_attrs"])
    return Signer(
        named=read_named(info),
        digest=read_algorithm(info["digest_algorithm"]),
        # As they were written and in the order in which they came, which is not always the one that DER wants.
        signed_attributes=None if signed_attributes is None else Attributes(contents=signed_attributes).dump(),
        attributes=_read_attributes(info["signed_attrs"]),
        algorithm=read_algorithm(info["signature_algorithm"]),
        signature=octets(info["signature"]),
    )


def _read_attributes(read: Attributes) -> dict[str, tuple[bytes, ...]]:
    attributes: dict[str, tuple[bytes, ...]] = {}
    for attribute in read:
        identifier = dotted(attribute["type"].contents)
        attributes[identifier] = attributes.get(identifier, ()) + members(attribute["values"])
    return attributes


def write_signed_data(parts: ToBeSigned, sign: Callable[[bytes], bytes]) -> bytes:
    """Write a message; `sign` is given the attributes, as the SET OF that is signed, and returns the signature."""
    attributes = Attributes(
        [
            Attribute({"type": identifier, "values": [core.Asn1Value.load(value)]})
            for identifier, value in parts.attributes.items()
        ]
    )
    digest_algorithm = AlgorithmIdentifier.load(parts.digest_algorithm)
    signer_info = {
        "version": 1,
        "issuer_and_serial_number": IssuerAndSerialNumber.load(parts.issuer_and_serial_number),
        "digest_algorithm": digest_algorithm,
        "signed_attrs": attributes,
        "signature_algorithm": AlgorithmIdentifier.load(parts.signature_algorithm),
        "signature": core.OctetString(sign(attributes.dump())),
    }
    content = {} if parts.content is None else {"content": {"value": core.OctetString(parts.content)}}
    signed_data = SignedData(
        {
            "version": 1,
            "digest_algorithms": [digest_algorithm],
            "encap_content_info": {"content_type": DATA, **content},
            "certificates": [core.Sequence.load(certificate) for certificate in parts.certificates],
            "signer_infos": [signer_info],
        }
    )
    return bytes(ContentInfo({"content_type": SIGNED_DATA, "content": {"value": signed_data}}).dump())
