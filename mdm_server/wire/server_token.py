"""The server token (.p7m) by which an MDM server speaks for an organization in Apple Business Manager.

The MDM server makes a key pair and uploads the certificate. The portal answers with a MIME message whose content is a
CMS EnvelopedData for that certificate; in it is another MIME message, and in that, between a BEGIN and an END line, the
token in JSON. `openssl smime -decrypt` opens one.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime

import msgspec
from cryptography import x509

from certs import enveloped_data
from certs.errors import EnvelopeError
from certs.identity import Identity
from mdm_server.wire.errors import WireError

MAX_BYTES = 64 * 1024

_OUTER = (
    b'Content-Type: application/pkcs7-mime; name="smime.p7m"; smime-type=enveloped-data\r\n'
    b"MIME-Version: 1.0\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="smime.p7m"\r\n'
    b"Content-Description: S/MIME Encrypted Message\r\n"
    b"\r\n"
)
_INNER = b"Content-Type: text/plain;charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
_BEGIN, _END = b"-----BEGIN MESSAGE-----", b"-----END MESSAGE-----"
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")


class ServerToken(msgspec.Struct, frozen=True, kw_only=True):
    """The secrets of OAuth 1.0, and how long they are good."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_secret: str
    access_token_expiry: datetime

    def __repr__(self) -> str:
        """Show no secret."""
        return f"ServerToken({self.consumer_key[:10]}…, until {self.access_token_expiry:%Y-%m-%d})"


def seal_token(token: ServerToken, certificate: x509.Certificate) -> bytes:
    """Write a token for the holder of a certificate (WireError `server_token.certificate` where its key is not RSA)."""
    inner = _INNER + _BEGIN + b"\r\n" + msgspec.json.encode(token) + b"\r\n" + _END + b"\r\n"
    try:
        envelope = enveloped_data.encrypt(inner, [certificate])
    except EnvelopeError as error:
        raise WireError("server_token.certificate", f"expected a certificate for an RSA key: {error}") from error
    return _OUTER + base64.encodebytes(envelope).replace(b"\n", b"\r\n")


def open_token(p7m: bytes, identity: Identity) -> ServerToken:
    """Read a token that was made for a certificate of ours.

    Raises:
        WireError: `server_token.malformed` for what is no server token at all, `server_token.recipient` for one that
            was made for another certificate.

    """
    if len(p7m) > MAX_BYTES:
        raise WireError("server_token.malformed", f"expected at most {MAX_BYTES} bytes, found {len(p7m)}")
    try:
        inner = enveloped_data.decrypt(_envelope(p7m), identity, ciphers=enveloped_data.LEGACY)
    except EnvelopeError as error:
        if error.reason in {"recipient", "decrypt"}:
            raise WireError(
                "server_token.recipient",
                "expected a token made for this server's newest certificate, found one for another: "
                "upload the certificate in the portal and download the token again",
            ) from error
        raise WireError("server_token.malformed", f"expected an encrypted server token (.p7m): {error}") from error
    return _token(inner)


def _envelope(p7m: bytes) -> bytes:
    """Return the DER inside the MIME message; bare DER is taken as well."""
    if p7m[:1] == b"\x30":
        return p7m
    parts = _BLANK_LINE.split(p7m.strip(), maxsplit=1)
    if len(parts) != 2 or b"pkcs7-mime" not in parts[0].lower():
        raise WireError(
            "server_token.malformed", "expected a MIME message of application/pkcs7-mime, found another file"
        )
    try:
        return base64.b64decode(b"".join(parts[1].split()), validate=True)
    except binascii.Error as error:
        raise WireError("server_token.malformed", f"expected base64 in the MIME message: {error}") from error


def _token(inner: bytes) -> ServerToken:
    _, _, behind = inner.partition(_BEGIN)
    written, _, _ = behind.partition(_END)
    try:
        # A gateway may have broken the line: what is JSON does not mind.
        token = msgspec.json.decode(b"".join(written.splitlines()), type=ServerToken)
    except msgspec.DecodeError as error:
        raise WireError("server_token.malformed", f"expected a token in JSON between BEGIN and END: {error}") from error
    if token.access_token_expiry.tzinfo is None:
        raise WireError("server_token.malformed", "expected an expiry with its time zone, found one without")
    return token
