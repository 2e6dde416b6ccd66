"""The keychain: the device's own key and certificate, and the roots it was told to trust.

An RSA key object weighs 8 KiB once it has signed. It is held while a conversation needs it and let go afterwards: a key
that comes from a pool is remembered by its number, any other as PKCS#8.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.identity import Identity
from certs.key_pool import RsaKeySource
from certs.keys import KeyKind, PrivateKey, generate_key, generate_rsa_key, load_private_key, private_key_der
from device_emulator.core.errors import SnapshotError
from device_emulator.core.sharing import shared


class Keychain:
    """The keys and certificates of one device."""

    __slots__ = ("_held", "_key_der", "_pooled", "certificate", "roots", "source")

    def __init__(self, source: RsaKeySource | None = None) -> None:
        self.source = source
        self._key_der: bytes | None = None
        self._pooled: int | None = None
        self._held: PrivateKey | None = None
        self.certificate: bytes | None = None
        self.roots: tuple[bytes, ...] = ()

    def make_key(self, kind: KeyKind, *, index: int | None) -> PrivateKey:
        """Take key number `index` of the source if there is one that fits, else make a key; it replaces the old one.

        A device that was erased passes no index: what it had before must be gone.
        """
        self.certificate = None
        source = self._pool
        if source is not None and index is not None and kind is KeyKind.RSA_2048:
            self._pooled, self._key_der = index, None
            self._held = source.key(index)
        else:
            self._held = generate_key(kind)
            self._pooled, self._key_der = None, private_key_der(self._held)
        return self._held

    def signer_key(self, key: PrivateKey, index: int) -> rsa.RSAPrivateKey:
        """Return the RSA key that signs a certificate request and opens the answer: `key` itself if it is one.

        SCEP encrypts its answers by RSA key transport, so a P-256 identity needs an RSA key beside it for a moment.
        """
        if isinstance(key, rsa.RSAPrivateKey):
            return key
        return generate_rsa_key() if self._pool is None else self._pool.key(index)

    @property
    def _pool(self) -> RsaKeySource | None:
        """The source, if it gives the same key again: one that makes keys on the spot has nothing to be remembered."""
        return None if self.source is None or self.source.kind == "fresh" else self.source

    @property
    def key(self) -> PrivateKey | None:
        """The private key; whoever needed it says `let_go` in the end."""
        if self._held is None and self._pooled is not None and self.source is not None:
            self._held = self.source.key(self._pooled)
        if self._held is None and self._key_der is not None:
            self._held = load_private_key(self._key_der)
        return self._held

    def let_go(self) -> None:
        """Free what a conversation needed of the key; it is loaded again when it is needed again."""
        self._held = None

    @property
    def identity(self) -> Identity | None:
        """The key with its certificate; None before SCEP gave one."""
        key = self.key
        if key is None or self.certificate is None:
            return None
        return Identity.from_der(key, self.certificate)

    @property
    def validity(self) -> tuple[datetime, datetime] | None:
        """From when to when the certificate is valid."""
        if self.certificate is None:
            return None
        certificate = x509.load_der_x509_certificate(self.certificate)
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc

    def trust(self, roots: tuple[bytes, ...]) -> None:
        """Trust these certificates (DER) from now on, beside those already trusted."""
        self.roots = shared(self.roots + tuple(root for root in roots if root not in self.roots))

    def clear(self) -> None:
        """Forget everything."""
        self._held = self._key_der = self._pooled = self.certificate = None
        self.roots = ()

    def snapshot(self) -> dict[str, object]:
        """Return the state in plain JSON types; it contains the private key, unless a pool has it."""
        return {
            "key": _text(self._key_der),
            "pooled_key": self._pooled,
            "certificate": _text(self.certificate),
            "roots": [_text(root) for root in self.roots],
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], source: RsaKeySource | None) -> Keychain:
        """Return the keychain that `snapshot` describes.

        Raises:
            SnapshotError: its key came from a pool, and `source` is not that pool.

        """
        keychain = cls(source)
        keychain._key_der = _bytes(snapshot["key"])
        keychain._pooled = snapshot["pooled_key"]
        keychain.certificate = _bytes(snapshot["certificate"])
        keychain.roots = shared(tuple(base64.b64decode(root) for root in snapshot["roots"]))
        keychain._check()
        return keychain

    def _check(self) -> None:
        """Make sure that the certificate is for the key: with another, every signature would be refused."""
        if self._pooled is not None and self._pool is None:
            raise SnapshotError(f"expected the key pool that key {self._pooled} came from, found none")
        identity = self.identity
        self.let_go()
        if identity is not None and identity.key.public_key() != identity.certificate.public_key():
            where = "the snapshot" if self._pooled is None else f"number {self._pooled} of the key pool"
            subject = identity.certificate.subject.rfc4514_string()
            raise SnapshotError(f"expected the key of {subject}, found another: {where} is not the key it was made for")


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
