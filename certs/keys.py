"""Private and public keys: made, written and read.

RSA keys are loaded without OpenSSL's validation. It costs 50 ms a key, twice what a whole enrolment costs, and what it
would find (a key file altered on our own disk) is found anyway by the first signature that does not verify.
"""

from __future__ import annotations

from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certs.errors import CertsError

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

PUBLIC_EXPONENT = 65537


class KeyKind(StrEnum):
    """The kinds of key that we make."""

    RSA_2048 = "rsa-2048"
    RSA_4096 = "rsa-4096"
    P_256 = "p-256"


def generate_key(kind: KeyKind) -> PrivateKey:
    """Make a key: some 60 ms for RSA-2048, 0.03 ms for P-256. Releases the GIL."""
    match kind:
        case KeyKind.P_256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyKind.RSA_2048:
            return generate_rsa_key(2048)
        case KeyKind.RSA_4096:
            return generate_rsa_key(4096)


def generate_rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Make an RSA key of so many bits."""
    return rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=bits)


def private_key_der(key: PrivateKey) -> bytes:
    """Write a private key as unencrypted PKCS#8 (RFC 5958)."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def private_key_pem(key: PrivateKey) -> bytes:
    """Write a private key as unencrypted PKCS#8 in PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_key_der(key: PrivateKey | PublicKey) -> bytes:
    """Write the public key as SubjectPublicKeyInfo (RFC 5280 §4.1.2.7)."""
    public = key.public_key() if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else key
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_private_key(data: bytes) -> PrivateKey:
    """Read an unencrypted private key, PEM or DER.

    Raises:
        CertsError: it is no private key, is encrypted, or is neither RSA nor on an elliptic curve.

    """
    load = serialization.load_pem_private_key if b"-----BEGIN " in data else serialization.load_der_private_key
    try:
        key = load(data, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertsError(f"expected an unencrypted private key in PKCS#8, found something else: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CertsError(f"expected an RSA or an elliptic-curve key, found {type(key).__name__}")
    return key
