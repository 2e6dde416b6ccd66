from __future__ import annotations

from collections.abc import Callable

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509

from certs.authority import Authority
from certs.errors import CmsError
from certs.identity import Identity
from certs.known_certificate import extension_of, know, subject_key_identifier
from rigs.elements import SEQUENCE, element, integer


def test_a_certificate_is_read_once(device_rsa: Identity) -> None:
    """The same bytes give the same object, so that a device's next poll need not parse its certificate again."""
    assert know(device_rsa.der) is know(bytes(bytearray(device_rsa.der)))
    assert know(device_rsa.der).certificate == device_rsa.certificate


def test_issuer_and_serial_number_are_taken_as_written(device_rsa: Identity, device_p256: Identity) -> None:
    """They are the bytes in the certificate, as a second library reads them."""
    for device in (device_rsa, device_p256):
        read = asn1_x509.Certificate.load(device.der)
        expected = element(SEQUENCE, read.issuer.dump(), read["tbs_certificate"]["serial_number"].dump())
        assert know(device.der).issuer_and_serial_number == expected


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda der: b"", id="nothing"),
        pytest.param(lambda der: der[:-1], id="cut off"),
        pytest.param(lambda der: der + b"\0", id="one byte more"),
        pytest.param(lambda der: element(SEQUENCE), id="empty"),
        pytest.param(lambda der: element(SEQUENCE, element(SEQUENCE)), id="empty inside"),
        pytest.param(lambda der: element(SEQUENCE, integer(1)), id="no certificate"),
        pytest.param(lambda der: der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x0a", 1), id="version 11"),
        pytest.param(lambda der: der.replace(b"\xa0\x03\x02\x01\x02\x02", b"\xa0\x03\x02\x01\x02\x04", 1), id="serial"),
    ],
)
def test_what_is_no_certificate_is_refused(device_rsa: Identity, spoil: Callable[[bytes], bytes]) -> None:
    """There is one reason for all of them, and no other kind of exception."""
    with pytest.raises(CmsError) as refused:
        know(spoil(device_rsa.der))
    assert refused.value.reason == "certificate"


@pytest.mark.parametrize("serial", [b"\x00", b"\x80", b"\xff\xff"])
def test_a_serial_number_is_positive(device_rsa: Identity, serial: bytes) -> None:
    """Zero and negative serial numbers are refused before a parser warns about them (RFC 5280 §4.1.2.2)."""
    read = asn1_x509.Certificate.load(device_rsa.der)
    to_be_signed = read["tbs_certificate"]
    to_be_signed["serial_number"] = int.from_bytes(serial, "big", signed=True)
    with pytest.raises(CmsError, match="positive serial number"):
        know(read.dump(force=True))


def test_extensions_are_there_or_not(authority: Authority, device_rsa: Identity) -> None:
    """An extension that a certificate has not is None rather than an exception."""
    assert extension_of(authority.root.certificate, x509.NameConstraints) is None
    stated = authority.root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert subject_key_identifier(authority.root.certificate) == stated.digest
