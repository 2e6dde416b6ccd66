"""What signed and enveloped messages have in common: the wrapping, the algorithms, and the numbers for them."""

from __future__ import annotations

from dataclasses import dataclass

from certs.der import MAX_ELEMENTS, scan
from certs.elements import CONTEXT_0, NULL, OBJECT_IDENTIFIER, SEQUENCE, Element, Fields, dotted, read
from certs.errors import CmsError, DerError

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


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier (RFC 5280 §4.1.1.2): dotted, and the parameters as they were written."""

    identifier: str
    parameters: bytes

    @property
    def is_plain(self) -> bool:
        """Whether there are no parameters to speak of: absent and NULL mean the same (RFC 5754 §2)."""
        return self.parameters in {b"", NULL}


def read_algorithm(sequence: Element) -> Algorithm:
    """Read an AlgorithmIdentifier.

    Raises:
        ValueError: it is none.

    """
    fields = Fields(sequence)
    identifier = dotted(fields.take(OBJECT_IDENTIFIER).contents)
    parameters = fields.optional()
    fields.finish()
    if parameters and parameters.tag == NULL[0] and parameters.raw != NULL:
        raise ValueError("expected NULL parameters to be empty, found something in them")
    return Algorithm(identifier, parameters.raw if parameters else b"")


def unwrap(message: bytes, content_type: str, *, max_bytes: int, reason: str) -> Element:
    """Look over a ContentInfo (RFC 5652 §3), and return the SEQUENCE in it if it is of the wanted type.

    Raises:
        CmsError: `asn1` if it is nothing that we would read; `reason` if it holds something else.

    """
    try:
        # The longest honest message is a profile; OpenSSL writes such in pieces of a few KiB.
        scan(message, max_bytes=max_bytes, max_elements=MAX_ELEMENTS + max_bytes // 1024, allow_indefinite=True)
        fields = Fields(read(message))
        found = dotted(fields.take(OBJECT_IDENTIFIER).contents)
        content = fields.take(CONTEXT_0)
        fields.finish()
        if found == content_type:
            return content.only_child(SEQUENCE)
    except (DerError, ValueError) as error:
        raise CmsError("asn1", f"expected a CMS message: {error}") from error
    raise CmsError(reason, f"expected a CMS message of type {content_type}, found {found}")
