"""EnvelopedData as old SCEP clients write it: single DES or 3DES, and Go's pieces of an OCTET STRING."""

from __future__ import annotations

import random

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.cms_content import DATA
from certs.known_certificate import know
from rigs.elements import OCTET_STRING, SEQUENCE, SET, element, integer, object_identifier

ENVELOPED_DATA = "1.2.840.113549.1.7.3"
_CIPHERS = {"des": ("1.3.14.3.2.7", 8), "3des": ("1.2.840.113549.3.7", 24)}
_RSA_ENCRYPTION = element(SEQUENCE, object_identifier("1.2.840.113549.1.1.1"), b"\x05\x00")


def encrypt_as(cipher: str, content: bytes, recipient: x509.Certificate, *, in_pieces: bool = True) -> bytes:
    """Encrypt with `des` or `3des`; in pieces, the ciphertext is constructed of definite length, as Go writes it."""
    dotted, size = _CIPHERS[cipher]
    chance = random.Random(cipher)
    key, vector = chance.randbytes(size), chance.randbytes(8)
    encryptor = Cipher(TripleDES(key * (24 // size)), modes.CBC(vector)).encryptor()
    filling = 8 - len(content) % 8
    ciphertext = encryptor.update(content + bytes([filling]) * filling) + encryptor.finalize()
    public_key = recipient.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    known = know(recipient.public_bytes(Encoding.DER))
    recipient_info = element(
        SEQUENCE,
        integer(0),
        known.issuer_and_serial_number,
        _RSA_ENCRYPTION,
        element(OCTET_STRING, public_key.encrypt(key, padding.PKCS1v15())),
    )
    pieces = element(0xA0, element(OCTET_STRING, ciphertext)) if in_pieces else element(0x80, ciphertext)
    algorithm = element(SEQUENCE, object_identifier(dotted), element(OCTET_STRING, vector))
    enveloped = element(
        SEQUENCE,
        integer(0),
        element(SET, recipient_info),
        element(SEQUENCE, object_identifier(DATA), algorithm, pieces),
    )
    return element(SEQUENCE, object_identifier(ENVELOPED_DATA), element(0xA0, enveloped))
