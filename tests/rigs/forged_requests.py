"""Certificate requests with keys that nobody should have. Their signatures do not hold: the keys are refused before."""

from __future__ import annotations

import math
import random

from asn1crypto import csr as pkcs10
from asn1crypto import keys as asn1_keys
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.names import name_of
from certs.request import build_request

_SMALL_PRIMES = [number for number in range(2, 752) if all(number % factor for factor in range(2, number))]
_SMALL_PRODUCT = math.prod(_SMALL_PRIMES)


def with_key(public_key_info: asn1_keys.PublicKeyInfo) -> bytes:
    """Put a key into a request."""
    honest = build_request(ec.generate_private_key(ec.SECP256R1()), name_of("device"))
    request = pkcs10.CertificationRequest.load(honest)
    request["certification_request_info"]["subject_pk_info"] = public_key_info
    return bytes(request.dump(force=True))


def with_rsa_numbers(modulus: int, exponent: int = 65537) -> bytes:
    """Put an RSA key of these numbers into a request."""
    numbers = asn1_keys.RSAPublicKey({"modulus": modulus, "public_exponent": exponent})
    return with_key(asn1_keys.PublicKeyInfo.wrap(numbers, "rsa"))


def with_point(x: int, y: int) -> bytes:
    """Put a point that may not lie on P-256 into a request."""
    point = asn1_keys.ECPointBitString(b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big"))
    algorithm = {
        "algorithm": "ec",
        "parameters": asn1_keys.ECDomainParameters(name="named", value=asn1_keys.NamedCurve("secp256r1")),
    }
    return with_key(asn1_keys.PublicKeyInfo({"algorithm": algorithm, "public_key": point}))


def coprime_to_small_primes(chance: random.Random, bits: int) -> int:
    """Draw a number of so many bits, its square of twice as many, without small factors; it need not be prime."""
    while True:
        number = chance.getrandbits(bits) | 1 << (bits - 1) | 1
        if math.gcd(number, _SMALL_PRODUCT) == 1 and (number * number).bit_length() == 2 * bits:
            return number


def modulus_with_close_factors(bits: int = 2048) -> int:
    """Make a modulus whose two factors differ by a few thousand."""
    chance = random.Random(22320)
    factor = coprime_to_small_primes(chance, bits // 2)
    other = next(n for n in range(factor + 2, factor + 10_000, 2) if math.gcd(n, _SMALL_PRODUCT) == 1)
    return factor * other


def roca_modulus(bits: int = 2048) -> int:
    """Make a modulus with the structure of CVE-2017-15361: both factors are k·M + (65537^a mod M)."""
    chance = random.Random(15361)
    primorial = math.prod(prime for prime in _SMALL_PRIMES if prime <= 167)

    # From three quarters of the range upwards, so that the product of two has all its bits.
    smallest, largest = (3 << (bits // 2 - 2)) // primorial + 1, (1 << (bits // 2)) // primorial

    def factor() -> int:
        while True:
            number = chance.randrange(smallest, largest) * primorial + pow(65537, chance.getrandbits(200), primorial)
            if math.gcd(number, _SMALL_PRODUCT) == 1:
                return number

    return factor() * factor()


def modulus_with_factor(factor: int, bits: int = 2048) -> int:
    """Make a modulus that has a small factor."""
    chance = random.Random(factor)
    while True:
        other = chance.randrange(1 << (bits - 1), 1 << bits) // factor | 1
        if math.gcd(other, _SMALL_PRODUCT) == 1 and (factor * other).bit_length() == bits:
            return factor * other


def honest_modulus(key: rsa.RSAPrivateKey) -> int:
    """Return the modulus of a real key."""
    return key.public_key().public_numbers().n
