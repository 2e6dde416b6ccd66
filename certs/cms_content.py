"""What signed and enveloped messages have in common: the wrapping, the algorithms, who is meant, and the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import core

from certs.der import MAX_ELEMENTS
from certs.errors import CmsError
from certs.known_certificate import KnownCertificate, subject_key_identifier
from certs.structures import (
    AlgorithmIdentifier,
    ContentInfo,
    KeyTransRecipientInfo,
    SignerInfo,
    Structure,
    contents_of,
    dotted,
    load,
    members,
    read,
)

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
ENVELOPED_DATA = "1.2.840.113549.1.7.3"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"

DIGESTS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSASSA_PSS = "1.2.840.113549.1.1.10"
RSAES_OAEP = "1.2.840.113549.1.1.7"
RSA_WITH = {
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
ECDSA_WITH = {
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}


NULL = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier (RFC 5280 §4.1.1.2): dotted, and the parameters in DER."""

    identifier: str
    parameters: bytes

    @property
    def is_plain(self) -> bool:
        """Whether there are no parameters to speak of: absent and NULL mean the same (RFC 5754 §2)."""
        return self.parameters in {b"", NULL}


@dataclass(frozen=True, slots=True)
class Named:
    """How a signer or a recipient is named: by one of two things (RFC 5652 §5.3, §6.2.1)."""

    issuer_and_serial_number: bytes | None
    subject_key_identifier: bytes | None = None

    def fits(self, known: KnownCertificate) -> bool:
        """Say whether this certificate is meant."""
        if self.subject_key_identifier is None:
            return self.issuer_and_serial_number == known.issuer_and_serial_number
        return self.subject_key_identifier == subject_key_identifier(known.certificate)


def read_named(info: SignerInfo | KeyTransRecipientInfo) -> Named:
    """Read who is named; raises a ValueError if it is not done in exactly one way."""
    by_name, by_key = info["issuer_and_serial_number"].dump(), contents_of(info["subject_key_identifier"])
    if bool(by_name) == (by_key is not None):
        raise ValueError("expected one way to name a certificate, found two or none")
    return Named(bytes(by_name) or None, by_key)


def read_algorithm(found: AlgorithmIdentifier) -> Algorithm:
    """Take an AlgorithmIdentifier apart; raises a ValueError if its NULL parameters have contents."""
    parameters = bytes(found["parameters"].dump())
    if parameters[:1] == NULL[:1] and parameters != NULL:
        raise ValueError("expected NULL parameters to be empty, found something in them")
    return Algorithm(dotted(found["algorithm"].contents), parameters)


@lru_cache(maxsize=32)
def write_algorithm(identifier: str, *, null: bool) -> bytes:
    """Write an AlgorithmIdentifier with NULL for parameters, or with none."""
    fields = {"algorithm": identifier, "parameters": core.Null()} if null else {"algorithm": identifier}
    return bytes(AlgorithmIdentifier(fields).dump())


def unwrap(message: bytes, content_type: str, kind: type[Structure], *, max_bytes: int, reason: str) -> Structure:
    """Look over a ContentInfo (RFC 5652 §3), and return what is in it if it is of the wanted type.

    Raises:
        CmsError: `asn1` if it is nothing that we would read; `reason` if it holds something else.

    """
    # The longest honest message is a profile; OpenSSL writes such in pieces of a few KiB.
    max_elements = MAX_ELEMENTS + max_bytes // 1024
    try:
        wrapped = load(ContentInfo, message, max_bytes=max_bytes, max_elements=max_elements, allow_indefinite=True)
        found = dotted(wrapped["content_type"].contents)
        if found == content_type:
            return read(kind, members(wrapped["content"])[0])
    except ValueError as error:
        raise CmsError("asn1", f"expected a CMS message: {error}") from error
    raise CmsError(reason, f"expected a CMS message of type {content_type}, found {found}")
