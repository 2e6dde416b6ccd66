"""Certificates and requests that are well signed and make no sense: what parsers trip over behind a valid signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from asn1crypto import core, csr, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certs.cms_content import DATA, SIGNED_DATA
from certs.identity import Identity
from certs.keys import PrivateKey, public_key_der
from certs.signature_algorithms import digest_algorithm
from rigs.elements import CONTEXT_0, OCTET_STRING, SEQUENCE, SET, element, integer, object_identifier, read
from rigs.forged_cms import content_type_attribute, message_digest_attribute

Change = Callable[[list[bytes]], list[bytes]]
"""What is done to the encoded fields of the part that gets signed."""

_ALTERNATIVE_NAMES = "2.5.29.17"
_EXTENDED_KEY_USAGE = "2.5.29.37"
_X400_ADDRESS = b"\x30\x02\xa3\x00"


def _extension(identifier: str, value: bytes) -> bytes:
    return element(SEQUENCE, object_identifier(identifier), element(OCTET_STRING, value))


def _name(text: bytes, tag: int = 0x0C) -> bytes:
    return element(SEQUENCE, element(SET, element(SEQUENCE, object_identifier("2.5.4.3"), element(tag, text))))


EXTENSIONS: Mapping[str, list[bytes]] = {
    "an extension twice": [_extension("1.2.3.4", b"\x05\x00")] * 2,
    "an alternative name of no supported kind": [_extension(_ALTERNATIVE_NAMES, _X400_ADDRESS)],
    "an empty list of alternative names": [_extension(_ALTERNATIVE_NAMES, b"\x30\x00")],
    "an empty list of purposes": [_extension(_EXTENDED_KEY_USAGE, b"\x30\x00")],
    "an extension that is no DER": [_extension(_EXTENDED_KEY_USAGE, b"\x30\x80\xff")],
    "an address that is none": [_extension(_ALTERNATIVE_NAMES, b"\x30\x05\x87\x03\x01\x02\x03")],
    "a host name outside ASCII": [_extension(_ALTERNATIVE_NAMES, b"\x30\x04\x82\x02\xc3\xa9")],
    "three hundred extensions": [_extension(f"1.2.3.{number}", b"\x05\x00") for number in range(300)],
}
"""The fields of `Extensions` that no honest authority writes."""
NAMES: Mapping[str, bytes] = {
    "a NUL in the name": _name(b"zoo\0admin"),
    "bad UTF-8 in the name": _name(b"\xff\xfe\xfd"),
    "a name of no known string type": _name(b"zoo", 0x1F),
    "a name of nothing": _name(b""),
    "a name that is a number": _name(b"\x01", 0x02),
    "a very long name": _name(b"z" * 4000),
}


def certificates(issuer: Identity, key: PrivateKey) -> dict[str, bytes]:
    """Return strange certificates for a key, each signed by `issuer`."""
    strange: dict[str, bytes] = {
        "a version nobody knows": _certificate(issuer, key, version=7),
        "a negative serial number": _certificate(issuer, key, serial=b"\xff"),
        "a serial number of zero": _certificate(issuer, key, serial=b"\x00"),
        "a serial number of 4 KiB": _certificate(issuer, key, serial=b"\x7f" * 4096),
        "a month thirteen": _certificate(issuer, key, not_after=b"291301000000Z"),
        "an end before the beginning": _certificate(issuer, key, not_after=b"010101000000Z"),
        "a key of no known kind": _certificate(issuer, key, key_info=_strange_key()),
    }
    strange |= {name: _certificate(issuer, key, extensions=each) for name, each in EXTENSIONS.items()}
    return strange | {name: _certificate(issuer, key, subject=each) for name, each in NAMES.items()}


def requests(honest: bytes, key: PrivateKey) -> dict[str, bytes]:
    """Return strange requests made of an honest one, each signed with its own key."""
    strange = {
        "a version nobody knows": _request(honest, key, lambda fields: [integer(7), *fields[1:]]),
        "no attributes": _request(honest, key, lambda fields: fields[:3]),
        "an attribute without a value": _request(honest, key, _with_attributes(_attribute("1.2.840.113549.1.9.7"))),
        "two challenges": _request(
            honest, key, _with_attributes(_attribute("1.2.840.113549.1.9.7", b"\x0c\x01a", b"\x0c\x01b"))
        ),
        "a challenge that is a number": _request(
            honest, key, _with_attributes(_attribute("1.2.840.113549.1.9.7", integer(5)))
        ),
        "a key of no known kind": _request(honest, key, lambda fields: [*fields[:2], _strange_key(), *fields[3:]]),
    }
    for name, extensions in EXTENSIONS.items():
        asked = _attribute("1.2.840.113549.1.9.14", element(SEQUENCE, *extensions))
        strange[name] = _request(honest, key, _with_attributes(asked))
    for name, subject in NAMES.items():
        strange[name] = _request(honest, key, _with_subject(subject))
    return strange


def _strange_key() -> bytes:
    return element(SEQUENCE, element(SEQUENCE, object_identifier("1.2.3.4.5")), element(0x03, b"\0key"))


def _attribute(identifier: str, *values: bytes) -> bytes:
    return element(SEQUENCE, object_identifier(identifier), element(SET, *values))


def _with_subject(subject: bytes) -> Change:
    return lambda fields: [fields[0], subject, *fields[2:]]


def _with_attributes(*attributes: bytes) -> Change:
    """Put attributes beside those that are there."""

    def change(fields: list[bytes]) -> list[bytes]:
        present = [child.raw for child in read(fields[3]).children()]
        named = {read(each).children()[0].raw for each in attributes}
        kept = [each for each in present if read(each).children()[0].raw not in named]
        return [*fields[:3], element(CONTEXT_0, *kept, *attributes)]

    return change


def _certificate(
    issuer: Identity,
    key: PrivateKey,
    *,
    version: int = 2,
    serial: bytes = b"\x12\x34",
    subject: bytes = _name(b"zoo"),
    not_after: bytes | None = None,
    key_info: bytes | None = None,
    extensions: list[bytes] | None = None,
) -> bytes:
    now = datetime.now(UTC)
    ends = not_after or _time(now + timedelta(days=30))
    algorithm, sign = _signer(issuer.key)
    fields = [
        element(CONTEXT_0, integer(version)),
        element(0x02, serial),
        algorithm,
        x509.Certificate.load(issuer.der).subject.dump(),
        element(SEQUENCE, element(0x17, _time(now - timedelta(days=1))), element(0x17, ends)),
        subject,
        key_info or _key_info(key),
    ]
    if extensions is not None:
        fields.append(element(0xA3, element(SEQUENCE, *extensions)))
    signed = element(SEQUENCE, *fields)
    return element(SEQUENCE, signed, algorithm, element(0x03, b"\0" + sign(signed)))


def _request(honest: bytes, key: PrivateKey, change: Change) -> bytes:
    info = csr.CertificationRequest.load(honest)["certification_request_info"].dump()
    signed = element(SEQUENCE, *change([child.raw for child in read(info).children()]))
    algorithm, sign = _signer(key)
    return element(SEQUENCE, signed, algorithm, element(0x03, b"\0" + sign(signed)))


def _signer(key: PrivateKey) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return how a key names its signatures, and what makes them."""
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm = element(SEQUENCE, object_identifier("1.2.840.113549.1.1.11"), core.Null().dump())
        return algorithm, lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    algorithm = element(SEQUENCE, object_identifier("1.2.840.10045.4.3.2"))
    return algorithm, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256()))


def _key_info(key: PrivateKey) -> bytes:
    return public_key_der(key.public_key())


def _time(moment: datetime) -> bytes:
    return moment.strftime("%y%m%d%H%M%SZ").encode()


def signed_by(certificate: bytes, key: PrivateKey, content: bytes, *, embedded: bool = True) -> bytes:
    """Return a SignedData over a content, whose signer is a certificate that need not be readable."""
    algorithm, sign = _signer(key)
    fields = [child.raw for child in read(certificate).children()[0].children()]
    who = element(SEQUENCE, fields[3], fields[1])
    said = sorted([content_type_attribute(), message_digest_attribute(content)])
    digest = digest_algorithm("sha256")
    signature = element(OCTET_STRING, sign(element(SET, *said)))
    info = element(SEQUENCE, integer(1), who, digest, element(CONTEXT_0, *said), algorithm, signature)
    inside = element(CONTEXT_0, element(OCTET_STRING, content)) if embedded else b""
    data = element(SEQUENCE, object_identifier(DATA), inside)
    signers = element(CONTEXT_0, certificate), element(SET, info)
    signed_data = element(SEQUENCE, integer(1), element(SET, digest), data, *signers)
    return element(SEQUENCE, object_identifier(SIGNED_DATA), element(CONTEXT_0, signed_data))
