from __future__ import annotations

import hashlib
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from certs.errors import CertsError
from certs.identity import (
    Identity,
    certificates_to_pem,
    fingerprint,
    identity_from_pem,
    identity_to_pem,
    load_certificate,
)
from certs.keys import private_key_pem
from rigs.certificate_zoo import CLIENT, certificate


def test_an_identity_is_read_as_it_was_written(device_rsa: Identity, device_p256: Identity) -> None:
    """Key, certificate and chain survive."""
    for identity in (device_rsa, device_p256):
        read = identity_from_pem(identity.pem())
        assert read == identity
        assert read.chain == identity.chain
        assert read.key.private_numbers() == identity.key.private_numbers()
        assert identity_to_pem(read) == identity.pem()


def test_an_identity_is_put_together_from_the_bytes_of_its_certificate(device_rsa: Identity) -> None:
    """The very bytes: they are not written anew when somebody asks for them."""
    der = bytes(bytearray(device_rsa.der))
    again = Identity.from_der(device_rsa.key, der)
    assert again.certificate == device_rsa.certificate
    assert again.der is der


def test_the_key_may_stand_behind_the_certificate(device_p256: Identity) -> None:
    """Other programs write PEM files in another order."""
    pem = certificates_to_pem([device_p256.certificate]) + private_key_pem(device_p256.key)
    assert identity_from_pem(pem).certificate == device_p256.certificate


def test_a_fingerprint_is_the_sha256_of_the_whole_certificate(device_rsa: Identity) -> None:
    """T-09: nothing shorter, and in one spelling."""
    expected = hashlib.sha256(device_rsa.der).hexdigest()
    assert fingerprint(device_rsa.certificate) == fingerprint(device_rsa.der) == device_rsa.fingerprint == expected


def test_certificates_of_one_name_and_number_have_two_fingerprints(
    authority: Authority, now: datetime, rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """T-09: the same issuer, serial number and subject with another key is another certificate."""
    one, other = (certificate(authority.issuing, now, CLIENT, key=key, serial=7) for key in rsa_keys[:2])
    assert (one.issuer, one.serial_number, one.subject) == (other.issuer, other.serial_number, other.subject)
    assert fingerprint(one) != fingerprint(other)


def test_a_key_of_another_certificate_is_refused(device_rsa: Identity, device_p256: Identity) -> None:
    """An identity whose halves do not belong together is none."""
    pem = private_key_pem(device_rsa.key) + certificates_to_pem([device_p256.certificate])
    with pytest.raises(CertsError, match="put the leaf first"):
        identity_from_pem(pem)


def test_an_identity_without_a_certificate_is_refused(device_rsa: Identity) -> None:
    """The key alone says nothing about who one is."""
    with pytest.raises(CertsError, match="expected a certificate in PEM"):
        identity_from_pem(private_key_pem(device_rsa.key))


def test_an_identity_never_shows_its_key(device_rsa: Identity) -> None:
    """T-19: what is logged or shown in a traceback has the name and the fingerprint."""
    assert repr(device_rsa) == f"Identity('CN=device-rsa,O=mdmsim TEST', {device_rsa.fingerprint[:16]})"


def test_a_certificate_from_outside_is_read_or_refused(device_p256: Identity) -> None:
    """Whatever bit is flipped, the one error of this room is all that escapes."""
    assert load_certificate(device_p256.der) == device_p256.certificate
    refused = 0
    for position in range(len(device_p256.der)):
        flipped = bytearray(device_p256.der)
        flipped[position] ^= 1 << position % 8
        try:
            load_certificate(bytes(flipped))
        except CertsError:
            refused += 1
    assert refused > 50
