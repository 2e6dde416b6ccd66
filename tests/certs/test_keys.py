from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from certs.errors import CertsError
from certs.keys import (
    KeyKind,
    PrivateKey,
    generate_key,
    load_private_key,
    private_key_der,
    private_key_pem,
    public_key_der,
)
from rigs import oracles
from rigs.pace import at_most


@pytest.mark.parametrize(("kind", "bits"), [(KeyKind.RSA_2048, 2048), (KeyKind.P_256, 256)])
def test_a_key_is_of_the_kind_that_was_asked_for(kind: KeyKind, bits: int) -> None:
    """RSA keys have the usual exponent; elliptic-curve keys are on the usual curve."""
    key = generate_key(kind)
    assert key.key_size == bits
    if isinstance(key, rsa.RSAPrivateKey):
        assert key.public_key().public_numbers().e == 65537


def test_a_long_rsa_key_is_asked_for_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA-4096 takes a second to make, so only the request for it is looked at."""
    asked = []
    monkeypatch.setattr(rsa, "generate_private_key", lambda **facts: asked.append(facts))
    generate_key(KeyKind.RSA_4096)
    assert asked == [{"public_exponent": 65537, "key_size": 4096}]


@pytest.mark.parametrize("write", [private_key_der, private_key_pem])
def test_a_key_is_read_as_it_was_written(
    write: Callable[[PrivateKey], bytes], rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    """PEM and DER, RSA and elliptic curve."""
    for key in (rsa_keys[0], generate_key(KeyKind.P_256)):
        assert load_private_key(write(key)).private_numbers() == key.private_numbers()


def test_openssl_reads_our_keys(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """The public key that OpenSSL derives is the one that we write."""
    for key in (rsa_keys[0], generate_key(KeyKind.P_256)):
        done = oracles.run(
            "openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER", stdin=private_key_der(key)
        )
        assert done.stdout == public_key_der(key) == public_key_der(key.public_key())


def test_reading_a_key_does_not_cost_what_validating_it_would(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Twenty keys are read in less time than OpenSSL needs to validate one."""
    der = private_key_der(rsa_keys[0])
    with at_most(0.040, "reading twenty keys"):
        for _ in range(20):
            load_private_key(der)


def test_what_is_no_usable_key_is_refused(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """Nothing, noise, a public key, an encrypted key, and a key of another kind."""
    encrypted = rsa_keys[0].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for data in (b"", b"noise", b"-----BEGIN PRIVATE KEY-----\n", public_key_der(rsa_keys[0]), encrypted):
        with pytest.raises(CertsError, match="expected an unencrypted private key"):
            load_private_key(data)
    with pytest.raises(CertsError, match=r"expected an RSA or an elliptic-curve key, found .*Ed25519"):
        load_private_key(other)


def test_the_other_curves_are_read_too() -> None:
    """What a key may be used for is decided elsewhere."""
    key = ec.generate_private_key(ec.SECP384R1())
    assert load_private_key(private_key_der(key)).key_size == 384
