"""CMS and SCEP messages as Go's libraries write and read them (smallstep/pkcs7, smallstep/scep), for foreign peers.

Written without a line of `certs`: a judge must not share the faults of what it judges. The DER that Go writes is put
together byte by byte, because it is peculiar (no NULL beside an algorithm, pieces of an OCTET STRING); what comes back
is taken apart by asn1crypto, and the mathematics are cryptography's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
ENVELOPED_DATA = "1.2.840.113549.1.7.3"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
DES_CBC = "1.3.14.3.2.7"
DIGESTS: Mapping[str, tuple[str, hashes.HashAlgorithm]] = {
    "sha1": ("1.3.14.3.2.26", hashes.SHA1()),
    "sha256": ("2.16.840.1.101.3.4.2.1", hashes.SHA256()),
    "sha384": ("2.16.840.1.101.3.4.2.2", hashes.SHA384()),
    "sha512": ("2.16.840.1.101.3.4.2.3", hashes.SHA512()),
}
# RFC 8894 §3.2.1: what a SCEP message says about itself in signed attributes.
SCEP = "2.16.840.1.113733.1.9."
MESSAGE_TYPE, PKI_STATUS, FAIL_INFO = f"{SCEP}2", f"{SCEP}3", f"{SCEP}4"
SENDER_NONCE, RECIPIENT_NONCE, TRANSACTION_ID = f"{SCEP}5", f"{SCEP}6", f"{SCEP}7"
PKCS_REQ, RENEWAL_REQ, CERT_REP = "19", "17", "3"
SUCCESS, FAILURE = "0", "2"
BAD_REQUEST = "2"


@dataclass(frozen=True)
class Signed:
    """What a signature was found to vouch for."""

    content: bytes
    signer: x509.Certificate
    certificates: list[x509.Certificate]
    attributes: dict[str, bytes]

    def text(self, attribute: str) -> str:
        """Return an attribute of letters and digits; empty where it is absent."""
        return self.attributes.get(attribute, b"").decode()


# --- SignedData ------------------------------------------------------------------------------------------------------


def sign(
    content: bytes,
    key: rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    *,
    attached: bool = True,
    digest: str = "sha1",
    attributes: Mapping[str, bytes] | None = None,
    certificates: tuple[x509.Certificate, ...] = (),
) -> bytes:
    """Sign as Go does: SHA-1 unless told otherwise, three attributes of its own, the leaf certificate inside."""
    oid, algorithm = DIGESTS[digest]
    own = {
        CONTENT_TYPE: _oid(DATA),
        MESSAGE_DIGEST: _der(0x04, _hash(algorithm, content)),
        SIGNING_TIME: _der(0x17, datetime.now(UTC).strftime("%y%m%d%H%M%SZ").encode()),
    }
    signed = b"".join(
        sorted(_der(0x30, _oid(name), _der(0x31, value)) for name, value in {**own, **(attributes or {})}.items())
    )
    signature = key.sign(_der(0x31, signed), padding.PKCS1v15(), algorithm)
    signer_info = _der(
        0x30,
        _integer(1),
        _issuer_and_serial(certificate),
        _der(0x30, _oid(oid)),
        _der(0xA0, signed),
        _der(0x30, _oid(RSA_ENCRYPTION)),
        _der(0x04, signature),
    )
    inside = (certificate, *certificates)
    return _content_info(
        SIGNED_DATA,
        _integer(1),
        _der(0x31, _der(0x30, _oid(oid))),
        _der(0x30, _oid(DATA), *([_der(0xA0, _der(0x04, content))] if attached else [])),
        _der(0xA0, *(each.public_bytes(Encoding.DER) for each in inside)),
        _der(0x31, signer_info),
    )


def verify(message: bytes, content: bytes | None = None, *, signer: x509.Certificate | None = None) -> Signed:
    """Verify a message of one signer, over `content` where it is detached; raises ValueError or InvalidSignature.

    The certificate is looked for inside the message, as mdmb does; one that is handed in replaces those, as for Fleet.
    """
    signed = cms.ContentInfo.load(message)["content"]
    (info,) = signed["signer_infos"]
    embedded = [x509.load_der_x509_certificate(each.chosen.dump()) for each in signed["certificates"] or []]
    serial = info["sid"].chosen["serial_number"].native
    found = signer or next(each for each in embedded if each.serial_number == serial)
    inside = signed["encap_content_info"]["content"].native
    vouched = inside if inside is not None else content or b""
    attributes = {attribute["type"].dotted: attribute["values"].contents for attribute in info["signed_attrs"]}
    algorithm = DIGESTS[info["digest_algorithm"]["algorithm"].native][1]
    if _value(attributes[MESSAGE_DIGEST]) != _hash(algorithm, vouched):
        raise ValueError("the messageDigest is not that of the content")
    if content is not None and vouched != content:
        raise ValueError("the content inside is another")
    key, signature = found.public_key(), info["signature"].native
    attested = b"\x31" + info["signed_attrs"].dump()[1:]
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, attested, ec.ECDSA(algorithm))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, attested, padding.PKCS1v15(), algorithm)
    return Signed(vouched, found, embedded, {name: _value(value) for name, value in attributes.items()})


# --- EnvelopedData ---------------------------------------------------------------------------------------------------


def encrypt(content: bytes, recipient: x509.Certificate) -> bytes:
    """Encrypt as Go does: single DES, the ciphertext in a constructed element of definite length."""
    key, vector = secrets.token_bytes(8), secrets.token_bytes(8)
    encryptor = Cipher(TripleDES(key * 3), modes.CBC(vector)).encryptor()
    filling = 8 - len(content) % 8
    ciphertext = encryptor.update(content + bytes([filling]) * filling) + encryptor.finalize()
    public_key = recipient.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    recipient_info = _der(
        0x30,
        _integer(0),
        _issuer_and_serial(recipient),
        _der(0x30, _oid(RSA_ENCRYPTION)),
        _der(0x04, public_key.encrypt(key, padding.PKCS1v15())),
    )
    return _content_info(
        ENVELOPED_DATA,
        _integer(0),
        _der(0x31, recipient_info),
        _der(
            0x30,
            _oid(DATA),
            _der(0x30, _oid(DES_CBC), _der(0x04, vector)),
            _der(0xA0, _der(0x04, ciphertext)),
        ),
    )


def decrypt(message: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """Decrypt what was encrypted with AES or DES to one RSA recipient."""
    enveloped = cms.ContentInfo.load(message)["content"]
    (recipient,) = enveloped["recipient_infos"]
    secret = key.decrypt(recipient.chosen["encrypted_key"].native, padding.PKCS1v15())
    content = enveloped["encrypted_content_info"]
    algorithm = content["content_encryption_algorithm"]
    vector = algorithm["parameters"].native
    is_des = algorithm["algorithm"].dotted == DES_CBC
    cipher = TripleDES(secret * 3) if is_des else algorithms.AES(secret)
    decryptor = Cipher(cipher, modes.CBC(vector)).decryptor()
    padded = decryptor.update(content["encrypted_content"].native) + decryptor.finalize()
    return padded[: -padded[-1]]


def cipher_of(message: bytes) -> str:
    """Return the object identifier of the cipher that encrypted a message."""
    content = cms.ContentInfo.load(message)["content"]["encrypted_content_info"]
    return str(content["content_encryption_algorithm"]["algorithm"].dotted)


# --- SCEP ------------------------------------------------------------------------------------------------------------


def pki_message(
    csr: x509.CertificateSigningRequest,
    key: rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    recipient: x509.Certificate,
    *,
    message_type: str = PKCS_REQ,
    transaction: str = "",
) -> bytes:
    """Return the SCEP request that Go's clients send."""
    return sign(
        encrypt(csr.public_bytes(Encoding.DER), recipient),
        key,
        certificate,
        attributes={
            MESSAGE_TYPE: _der(0x13, message_type.encode()),
            TRANSACTION_ID: _der(0x13, (transaction or secrets.token_hex(20)).encode()),
            SENDER_NONCE: _der(0x04, secrets.token_bytes(16)),
        },
    )


def cert_rep(
    request: Signed,
    key: rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    *,
    issued: x509.Certificate | None,
) -> bytes:
    """Answer a request as micromdm's server does: DES, SHA-1, and the CA's certificate behind the issued one."""
    said = {PKI_STATUS: FAILURE, FAIL_INFO: BAD_REQUEST} if issued is None else {PKI_STATUS: SUCCESS}
    attributes = {MESSAGE_TYPE: CERT_REP, TRANSACTION_ID: request.text(TRANSACTION_ID), **said}
    nonce = _der(0x04, request.attributes[SENDER_NONCE])
    return sign(
        b"" if issued is None else encrypt(certificates_only(issued, certificate), request.signer),
        key,
        certificate,
        attributes={
            **{name: _der(0x13, value.encode()) for name, value in attributes.items()},
            SENDER_NONCE: nonce,
            RECIPIENT_NONCE: nonce,
        },
    )


def certificates_only(*certificates: x509.Certificate) -> bytes:
    """Return the degenerate SignedData that carries certificates and signs nothing."""
    return _content_info(
        SIGNED_DATA,
        _integer(1),
        _der(0x31),
        _der(0x30, _oid(DATA)),
        _der(0xA0, *(each.public_bytes(Encoding.DER) for each in certificates)),
        _der(0x31),
    )


def certificates_in(message: bytes) -> list[x509.Certificate]:
    """Return the certificates of a degenerate SignedData, in their order."""
    found = cms.ContentInfo.load(message)["content"]["certificates"]
    return [x509.load_der_x509_certificate(each.chosen.dump()) for each in found]


def self_signed(key: rsa.RSAPrivateKey, common_name: str, *, days: int = 365) -> x509.Certificate:
    """Return a certificate that vouches for itself, valid from now: Go's clients do not back-date theirs."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder(name, name, key.public_key(), secrets.randbits(63), now, now + timedelta(days))
    return builder.sign(key, hashes.SHA256())


@dataclass(frozen=True)
class SmallAuthority:
    """An authority of one certificate, as Go programs like them: it signs, and it receives SCEP requests."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, key: rsa.RSAPrivateKey, common_name: str) -> SmallAuthority:
        """Make one that vouches for itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = _builder(name, name, key.public_key(), timedelta(days=3650))
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        return cls(key, builder.add_extension(constraints, critical=True).sign(key, hashes.SHA256()))

    def issue(self, public_key: PublicKey, subject: x509.Name) -> x509.Certificate:
        """Certify a client, back-dated as micromdm/scep does it."""
        builder = _builder(subject, self.certificate.subject, public_key, timedelta(days=365))
        client = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH])
        return builder.add_extension(client, critical=False).sign(self.key, hashes.SHA256())


PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey, lifetime: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    begins = now - timedelta(minutes=10)
    return x509.CertificateBuilder(issuer, subject, key, secrets.randbits(63), begins, now + lifetime)


# --- DER -------------------------------------------------------------------------------------------------------------


def _der(tag: int, *parts: bytes) -> bytes:
    contents = b"".join(parts)
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + contents


def _value(element: bytes) -> bytes:
    return core.load(element).contents or b""


def _oid(dotted: str) -> bytes:
    return core.ObjectIdentifier(dotted).dump()


def _integer(number: int) -> bytes:
    return core.Integer(number).dump()


def _issuer_and_serial(certificate: x509.Certificate) -> bytes:
    return _der(0x30, certificate.issuer.public_bytes(), _integer(certificate.serial_number))


def _content_info(kind: str, *contents: bytes) -> bytes:
    return _der(0x30, _oid(kind), _der(0xA0, _der(0x30, *contents)))


def _hash(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()
