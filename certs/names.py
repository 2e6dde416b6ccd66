"""Distinguished names, between the three spellings in which they travel.

- Apple's `Subject` of a SCEP payload: `[[["O", "Example"]], [["CN", "device"]]]`, a list of relative names, each a list
  of pairs, types either by their short name or as a dotted object identifier.
  https://developer.apple.com/documentation/devicemanagement/scep/payloadcontent-data.dictionary
- RFC 4514 text: `CN=device,O=Example`, written from the last relative name to the first.
- `x509.Name`, what certificates hold.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextlib import suppress

from cryptography import x509
from cryptography.x509.oid import NameOID

from certs.errors import CertsError

_SHORT_NAMES = {
    "CN": NameOID.COMMON_NAME,
    "C": NameOID.COUNTRY_NAME,
    "L": NameOID.LOCALITY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
}
_NAMES_OF = {oid: short for short, oid in _SHORT_NAMES.items()}

_LONGEST_SERIAL_NUMBER = 64

Subject = list[list[list[str]]]


def name_of(common_name: str, organization: str | None = None) -> x509.Name:
    """Build the name that has a common name and, if given, an organization."""
    organizations = [[("O", organization)]] if organization is not None else []
    return name_from_subject([*organizations, [("CN", common_name)]])


def hardware_name(udid: str, serial_number: str) -> x509.Name:
    """Build the name of one piece of hardware: its UDID is the common name, its serial number is X.520's own (§6.2.9).

    Raises:
        CertsError: one of them is empty, or longer than X.520 allows.

    """
    if not 1 <= len(serial_number) <= _LONGEST_SERIAL_NUMBER:
        found = len(serial_number)
        raise CertsError(f"expected a serial number of 1 to {_LONGEST_SERIAL_NUMBER} characters, found {found}")
    return name_from_subject([[[NameOID.SERIAL_NUMBER.dotted_string, serial_number]], [["CN", udid]]])


def hardware_of(name: x509.Name) -> tuple[str, str] | None:
    """Return the UDID and the serial number that a name gives a piece of hardware; None unless it has one of each."""
    udids = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    serial_numbers = name.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    if len(udids) != 1 or len(serial_numbers) != 1:
        return None
    return str(udids[0].value), str(serial_numbers[0].value)


def name_from_subject(subject: Sequence[Sequence[Sequence[str]]]) -> x509.Name:
    """Read Apple's array of relative names.

    Raises:
        CertsError: it has another shape, an unknown attribute type, or a value that X.520 does not allow.

    """
    return x509.Name([_relative_name(relative) for relative in _as_list(subject, "a list of relative names")])


def subject_from_name(name: x509.Name) -> Subject:
    """Write Apple's array of relative names."""
    return [
        [[_NAMES_OF.get(attribute.oid, attribute.oid.dotted_string), str(attribute.value)] for attribute in relative]
        for relative in name.rdns
    ]


def parse_name(text: str) -> x509.Name:
    """Read RFC 4514 text such as `CN=device,O=Example`.

    Raises:
        CertsError: it is empty or no such text.

    """
    try:
        name = x509.Name.from_rfc4514_string(text)
    except (ValueError, IndexError) as error:
        raise CertsError(f"expected a name such as CN=device,O=Example, found {text!r}") from error
    if not list(name):
        raise CertsError("expected a name such as CN=device,O=Example, found an empty one")
    return name


def format_name(name: x509.Name) -> str:
    """Write RFC 4514 text."""
    return name.rfc4514_string()


def common_name(name: x509.Name) -> str | None:
    """Return the most specific common name, if there is one."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[-1].value) if found else None


def general_name(host: str) -> x509.GeneralName:
    """Build the alternative name of a host: an address if it is one, a DNS name otherwise.

    Raises:
        CertsError: it is neither.

    """
    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(host))
    try:
        return x509.DNSName(host)
    except ValueError as error:
        raise CertsError(f"expected a host name in ASCII or an address, found {host!r}: {error}") from error


def _relative_name(relative: object) -> x509.RelativeDistinguishedName:
    pairs = _as_list(relative, "a list of [type, value] pairs")
    try:
        return x509.RelativeDistinguishedName([_attribute(pair) for pair in pairs])
    except ValueError as error:
        raise CertsError(f"expected a relative name such as [['CN', 'device']], found {relative!r}: {error}") from error


def _attribute(pair: object) -> x509.NameAttribute[str]:
    match _as_list(pair, "a [type, value] pair"):
        case [str(kind), str(value)]:
            oid = _SHORT_NAMES.get(kind) or x509.ObjectIdentifier(kind)
            return x509.NameAttribute(oid, value)
    raise ValueError("a pair is two strings")


def _as_list(value: object, expected: str) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    raise CertsError(f"expected {expected}, found {value!r}")
