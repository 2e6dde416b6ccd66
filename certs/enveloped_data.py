"""CMS EnvelopedData (RFC 5652 §6): written with AES, read with whatever old clients still send.

Opening an envelope must not become an oracle. Everything that can be seen without the private key has its own reason:

    asn1          not a CMS message that we would read
    not_enveloped_data
                  a CMS message of another type
    recipient     not meant for this certificate, or for none that RSA key transport can reach
    cipher        an algorithm that is not allowed

and everything that depends on it has one, `decrypt`, with one text. Where RSA gives no usable key, the content is
decrypted with a random one, as if the message had carried that (implicit rejection): what follows is the same work, and
fails the same way. A caller must likewise answer alike to a content that does not decrypt and to one that is nonsense.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asn1crypto import algos, core
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certs.cms_content import RSA_ENCRYPTION, RSAES_OAEP, Algorithm
from certs.enveloped_data_structure import Envelope, Recipient, read_envelope
from certs.errors import CmsError, EnvelopeError
from certs.identity import Identity
from certs.known_certificate import know
from certs.signature_algorithms import HASHES
from certs.structures import FAULTS

recognise: Callable[[bytes], Envelope | None] | None
try:
    from certs.enveloped_data_shape import recognise
except (ImportError, AttributeError, TypeError):  # pragma: no cover - another version of cryptography
    recognise = None

MODERN: frozenset[str] = frozenset({"aes-128-cbc", "aes-192-cbc", "aes-256-cbc"})
"""The ciphers that are read unless the caller says otherwise."""
LEGACY: frozenset[str] = MODERN | {"3des", "des"}
"""What clients built on Go's pkcs7 need: it encrypts with single DES by default, whatever the server advertises."""

WRITTEN: frozenset[str] = frozenset({"aes-128-cbc", "aes-256-cbc"})
"""The ciphers that are written."""

ENVELOPE_BYTES = 65_536

_CIPHERS = {
    "2.16.840.1.101.3.4.1.2": "aes-128-cbc",
    "2.16.840.1.101.3.4.1.22": "aes-192-cbc",
    "2.16.840.1.101.3.4.1.42": "aes-256-cbc",
    "1.2.840.113549.3.7": "3des",
    "1.3.14.3.2.7": "des",
}
_KEY_BYTES = {"aes-128-cbc": 16, "aes-192-cbc": 24, "aes-256-cbc": 32, "3des": 24, "des": 8}
_BUILT_WITH: dict[str, type[algorithms.AES128 | algorithms.AES256]] = {
    "aes-128-cbc": algorithms.AES128,
    "aes-256-cbc": algorithms.AES256,
}


def encrypt(content: bytes, recipients: Sequence[x509.Certificate], *, cipher: str = "aes-128-cbc") -> bytes:
    """Encrypt bytes to the holders of RSA keys.

    Args:
        content: the bytes.
        recipients: their certificates.
        cipher: `aes-128-cbc` or `aes-256-cbc`. Nothing weaker is written for anybody.

    Raises:
        EnvelopeError: `recipient`, if one of them has another kind of key; `cipher`, if it is none of those.

    """
    if cipher not in WRITTEN:
        raise EnvelopeError("cipher", f"expected one of the ciphers {', '.join(sorted(WRITTEN))}, found {cipher}")
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).set_content_encryption_algorithm(_BUILT_WITH[cipher])
    for recipient in recipients:
        if not isinstance(recipient.public_key(), rsa.RSAPublicKey):
            raise EnvelopeError("recipient", "expected a recipient with an RSA key, found one that cannot decrypt")
        builder = builder.add_recipient(recipient)
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def cipher_of(message: bytes, *, max_bytes: int = ENVELOPE_BYTES) -> str:
    """Return the name of the cipher of a message (its dotted identifier, if we have no name for it).

    Raises:
        EnvelopeError: `asn1` or `not_enveloped_data`.

    """
    identifier = _read(message, max_bytes).cipher.identifier
    return _CIPHERS.get(identifier, identifier)


def decrypt(
    message: bytes, identity: Identity, *, ciphers: frozenset[str] = MODERN, max_bytes: int = ENVELOPE_BYTES
) -> bytes:
    """Open an envelope.

    Args:
        message: the CMS message, BER or DER.
        identity: whose envelope it should be.
        ciphers: which ciphers are good enough.
        max_bytes: how long the message may be.

    Raises:
        EnvelopeError: with one of the reasons above.

    """
    envelope = _read(message, max_bytes)
    cipher = _CIPHERS.get(envelope.cipher.identifier, envelope.cipher.identifier)
    if cipher not in ciphers or cipher not in _KEY_BYTES:
        raise EnvelopeError("cipher", f"expected one of the ciphers {', '.join(sorted(ciphers))}, found {cipher}")
    initialization_vector = _initialization_vector(envelope.cipher, 8 if cipher in {"des", "3des"} else 16)
    recipient = _find(envelope.recipients, identity)
    if not isinstance(identity.key, rsa.RSAPrivateKey):
        raise EnvelopeError("recipient", "expected an RSA key to decrypt with, found one on an elliptic curve")
    key = _content_key(recipient, identity.key, _KEY_BYTES[cipher])
    algorithm = _block_cipher(cipher, key)
    try:
        decryptor = Cipher(algorithm, modes.CBC(initialization_vector)).decryptor()
        padded = decryptor.update(envelope.encrypted_content) + decryptor.finalize()
        unpadder = padding.PKCS7(algorithm.block_size).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise EnvelopeError("decrypt", "expected an envelope that this key opens, found one that it does not") from None


def _read(message: bytes, max_bytes: int) -> Envelope:
    try:
        if recognise is not None and len(message) <= max_bytes and (usual := recognise(message)) is not None:
            return usual
        return read_envelope(message, max_bytes)
    except CmsError as error:
        raise EnvelopeError(error.reason, str(error)) from error


def _find(recipients: tuple[Recipient, ...], identity: Identity) -> Recipient:
    known = know(identity.der)
    for recipient in recipients:
        if recipient.named.fits(known):
            return recipient
    raise EnvelopeError("recipient", "expected an envelope for this certificate, found one for others")


def _initialization_vector(cipher: Algorithm, size: int) -> bytes:
    """Return the parameters of a CBC cipher: an OCTET STRING of one block (RFC 3565 §4.1, RFC 3370 §5.1)."""
    try:
        vector = bytes(core.OctetString.load(cipher.parameters, strict=True).contents)
    except FAULTS as error:
        raise EnvelopeError("asn1", f"expected an initialization vector: {error}") from error
    if len(vector) != size:
        raise EnvelopeError("asn1", f"expected an initialization vector of {size} bytes, found {len(vector)}")
    return vector


def _content_key(recipient: Recipient, key: rsa.RSAPrivateKey, size: int) -> bytes:
    """Return the content-encryption key, or one of the same size that nobody knows."""
    key_padding = _key_padding(recipient.algorithm)
    # Drawn in any case, so that a failure takes no longer than a success (RFC 3218 §2.3.2).
    substitute = AESGCM.generate_key(256)[:size]
    try:
        found = key.decrypt(recipient.encrypted_key, key_padding)
    except ValueError:
        return substitute
    return found if len(found) == size else substitute


def _key_padding(algorithm: Algorithm) -> rsa_padding.AsymmetricPadding:
    """Return the padding of the key transport: PKCS #1 v1.5, or OAEP (RFC 3560 §3)."""
    if algorithm.identifier == RSA_ENCRYPTION and algorithm.is_plain:
        return rsa_padding.PKCS1v15()
    if algorithm.identifier == RSAES_OAEP:
        return _oaep(algorithm.parameters)
    raise EnvelopeError("cipher", f"expected RSA key transport, found {algorithm.identifier}")


def _oaep(parameters: bytes) -> rsa_padding.OAEP:
    """Read RSAES-OAEP-params (RFC 4055 §4.1)."""
    try:
        read_parameters = algos.RSAESOAEPParams.load(parameters, strict=True)
        digest = read_parameters["hash_algorithm"]["algorithm"].native
        mask = read_parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
        label = read_parameters["p_source_algorithm"]["parameters"].native
        return rsa_padding.OAEP(rsa_padding.MGF1(HASHES[mask]), HASHES[digest], label or None)
    except FAULTS as error:
        raise EnvelopeError("cipher", f"expected the parameters of RSAES-OAEP: {error}") from error


def _block_cipher(cipher: str, key: bytes) -> BlockCipherAlgorithm:
    if cipher == "des":
        # Single DES is triple DES with one key three times over, and OpenSSL has only the latter.
        return TripleDES(key * 3)
    return TripleDES(key) if cipher == "3des" else algorithms.AES(key)
