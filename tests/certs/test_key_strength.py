from __future__ import annotations

import math
import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.key_strength import has_close_primes, has_roca_structure, rsa_weakness, size_weakness, weakness
from rigs.forged_requests import (
    coprime_to_small_primes,
    honest_modulus,
    modulus_with_close_factors,
    modulus_with_factor,
    roca_modulus,
)


def test_nothing_is_known_against_honest_keys(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """RSA-2048 as OpenSSL makes it, and the three curves."""
    for key in rsa_keys:
        assert weakness(key.public_key()) is None
    for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        assert weakness(ec.generate_private_key(curve).public_key()) is None


@pytest.mark.parametrize(
    ("bits", "minimum", "verdict"),
    [(1024, 2048, "key_size"), (2047, 2048, "key_size"), (8193, 2048, "key_size"), (1024, 1024, None)],
)
def test_a_key_has_to_be_long_but_not_endless(bits: int, minimum: int, verdict: str | None) -> None:
    """1024 bits only where they were asked for, and never so many that checking a signature is an attack."""
    assert rsa_weakness(coprime_to_small_primes(random.Random(bits), bits), 65537, minimum) == verdict


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 65536, 1 << 256 | 1])
def test_an_exponent_is_odd_and_larger_than_three(exponent: int, rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """And shorter than 256 bits (Baseline Requirements §6.1.6)."""
    assert rsa_weakness(honest_modulus(rsa_keys[0]), exponent) == "key_exponent"


@pytest.mark.parametrize("factor", [2, 3, 167, 751])
def test_a_modulus_has_no_small_factor(factor: int) -> None:
    """An even modulus is one of them."""
    assert rsa_weakness(modulus_with_factor(factor), 65537) == "key_modulus"


def test_close_primes_are_found() -> None:
    """Fermat's method factors such a modulus in no time, and a square at once."""
    assert rsa_weakness(modulus_with_close_factors(), 65537) == "key_fermat"
    assert rsa_weakness(coprime_to_small_primes(random.Random(1), 1024) ** 2, 65537) == "key_fermat"


def test_fermats_method_does_what_its_definition_says() -> None:
    """The quick look at the last byte changes no verdict."""
    rounds = 5
    for modulus in range(9, 5001, 2):
        root = math.isqrt(modulus - 1) + 1
        expected = any(math.isqrt(a * a - modulus) ** 2 == a * a - modulus for a in range(root, root + rounds))
        assert has_close_primes(modulus, rounds) == expected, modulus


def test_the_faulty_librarys_moduli_are_found(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """CVE-2017-15361: known by the structure of its primes, of whatever length; honest moduli do not have it."""
    for bits in (1024, 2048):
        assert has_roca_structure(roca_modulus(bits))
    assert rsa_weakness(roca_modulus(), 65537) == "key_roca"
    chance = random.Random(7)
    honest = [coprime_to_small_primes(chance, 2048) for _ in range(200)] + [honest_modulus(key) for key in rsa_keys]
    assert not any(has_roca_structure(modulus) for modulus in honest)


@pytest.mark.parametrize("curve", [ec.SECP224R1(), ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_other_curves_are_not_taken(curve: ec.EllipticCurve) -> None:
    """Devices use the NIST curves, so everything else is a mistake."""
    key = ec.generate_private_key(curve).public_key()
    assert weakness(key) == size_weakness(key) == "key_curve"


def test_the_quick_test_looks_at_the_length_only(rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    """It is for certificates whose key an authority has looked at before."""
    assert size_weakness(rsa_keys[0].public_key()) is None
    assert size_weakness(rsa_keys[0].public_key(), 4096) == "key_size"
