"""Keys that no authority should vouch for: too short, badly made, or breakable by known mathematics.

The set of tests is the one that public authorities run; the mathematics is public:
the Baseline Requirements §6.1.6 (exponent and small factors), Fermat's factorisation for primes that lie close
together (CVE-2022-26320), and the structure of keys made by the faulty library of CVE-2017-15361 ("ROCA").
"""

from __future__ import annotations

import math
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.keys import PUBLIC_EXPONENT, PublicKey

MINIMUM_RSA_BITS = 2048
MAXIMUM_RSA_BITS = 8192
"""Checking a signature costs time in the square of the key's length, and the length is the requester's choice."""
MAXIMUM_EXPONENT_BITS = 256
FERMAT_ROUNDS = 100
SMALL_FACTORS_BELOW = 752
CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_ROCA_PRIMES_UP_TO = 167
_SQUARES_MODULO_256 = frozenset(number * number % 256 for number in range(256))


def weakness(key: PublicKey, minimum_rsa_bits: int = MINIMUM_RSA_BITS) -> str | None:
    """Return why a key must not be used, as a token, or None if nothing is known against it."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if key.curve.name in CURVES else "key_curve"
    numbers = key.public_numbers()
    return rsa_weakness(numbers.n, numbers.e, minimum_rsa_bits)


def size_weakness(key: PublicKey, minimum_rsa_bits: int = MINIMUM_RSA_BITS) -> str | None:
    """Return why a key is too short, without the arithmetic that tells badly made keys."""
    if isinstance(key, rsa.RSAPublicKey):
        return "key_size" if not minimum_rsa_bits <= key.key_size <= MAXIMUM_RSA_BITS else None
    return None if key.curve.name in CURVES else "key_curve"


def rsa_weakness(modulus: int, exponent: int, minimum_bits: int = MINIMUM_RSA_BITS) -> str | None:
    """Return why an RSA key must not be used, as a token, or None if nothing is known against it."""
    if modulus < 0 or not minimum_bits <= modulus.bit_length() <= MAXIMUM_RSA_BITS:
        return "key_size"
    # e = 3 is not broken as such; with the padding mistakes of the field it has been, again and again.
    if exponent <= 3 or exponent % 2 == 0 or exponent.bit_length() > MAXIMUM_EXPONENT_BITS:
        return "key_exponent"
    if math.gcd(modulus, _product_of_primes(SMALL_FACTORS_BELOW)) != 1:
        return "key_modulus"
    if has_roca_structure(modulus):
        return "key_roca"
    if has_close_primes(modulus):
        return "key_fermat"
    return None


def has_close_primes(modulus: int, rounds: int = FERMAT_ROUNDS) -> bool:
    """Tell whether Fermat's method factors an odd modulus within so many rounds.

    It looks for an a from √n upwards for which a² - n is a square b²: then n = (a - b)(a + b).
    """
    root = math.isqrt(modulus)
    if root * root == modulus:
        return True
    a = root + 1
    remainder = a * a - modulus
    for _ in range(rounds):
        # A look at the last byte spares five roots of six.
        if remainder & 0xFF in _SQUARES_MODULO_256 and math.isqrt(remainder) ** 2 == remainder:
            return True
        remainder += 2 * a + 1
        a += 1
    return False


def has_roca_structure(modulus: int) -> bool:
    """Tell whether a modulus looks as if the faulty library had made it.

    That library chose its primes as k·M + (65537^a mod M), M being the product of the first primes. Modulo each of
    those, both primes, and so their product, are then powers of 65537; of the residues of some, that is a small part.
    An honest modulus is so by chance less than once in a hundred million times.
    """
    return all(modulus % prime in powers for prime, powers in _powers_of_the_generator())


@cache
def _powers_of_the_generator() -> tuple[tuple[int, frozenset[int]], ...]:
    """Return, for each small prime, the residues that are powers of 65537; the telling primes first."""
    table = []
    for prime in _primes_below(_ROCA_PRIMES_UP_TO + 1):
        powers = {1}
        residue = PUBLIC_EXPONENT % prime
        while residue not in powers:
            powers.add(residue)
            residue = residue * PUBLIC_EXPONENT % prime
        if len(powers) < prime - 1:
            table.append((prime, frozenset(powers)))
    return tuple(sorted(table, key=lambda row: len(row[1]) / row[0]))


@cache
def _product_of_primes(below: int) -> int:
    return math.prod(_primes_below(below))


def _primes_below(limit: int) -> list[int]:
    return [number for number in range(2, limit) if all(number % factor for factor in range(2, math.isqrt(number) + 1))]
