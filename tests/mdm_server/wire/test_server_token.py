"""The server token: sealed for a certificate, opened by its key, and by nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs import enveloped_data
from certs.identity import Identity
from certs.scep.client import self_signed
from mdm_server.wire.errors import WireError
from mdm_server.wire.server_token import MAX_BYTES, ServerToken, open_token, seal_token
from rigs import oracles

TOKEN = ServerToken(
    consumer_key="CK_0123456789",
    consumer_secret="CS_0123456789",
    access_token="AT_0123456789",
    access_secret="AS_0123456789",
    access_token_expiry=datetime(2027, 6, 1, 12, tzinfo=UTC),
)


def holder(key: rsa.RSAPrivateKey, now: datetime) -> Identity:
    """Return a key with its certificate, as an MDM server makes them for the portal."""
    return self_signed(key, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mdm")]), when=now)


def test_what_is_sealed_is_opened(rsa_keys: list[rsa.RSAPrivateKey], now: datetime) -> None:
    """The portal makes it, the MDM server reads it."""
    identity = holder(rsa_keys[0], now)
    assert open_token(seal_token(TOKEN, identity.certificate), identity) == TOKEN


def test_openssl_opens_it(rsa_keys: list[rsa.RSAPrivateKey], now: datetime, tmp_path: Path) -> None:
    """Some MDM servers call openssl for it; in the envelope is a MIME message with the token between two lines."""
    identity = holder(rsa_keys[0], now)
    p7m, pem = tmp_path / "token.p7m", tmp_path / "identity.pem"
    p7m.write_bytes(seal_token(TOKEN, identity.certificate))
    pem.write_bytes(identity.pem())
    for tool in (["smime"], ["cms"]):
        done = oracles.run("openssl", *tool, "-decrypt", "-in", p7m, "-inkey", pem, "-recip", pem)
        head, _, body = done.stdout.replace(b"\r\n", b"\n").partition(b"\n\n")
        assert head.startswith(b"Content-Type: text/plain")
        lines = body.strip().split(b"\n")
        assert (lines[0], lines[-1]) == (b"-----BEGIN MESSAGE-----", b"-----END MESSAGE-----")
        assert json.loads(b"".join(lines[1:-1])) == {
            "consumer_key": "CK_0123456789",
            "consumer_secret": "CS_0123456789",
            "access_token": "AT_0123456789",
            "access_secret": "AS_0123456789",
            "access_token_expiry": "2027-06-01T12:00:00Z",
        }


@pytest.mark.parametrize("cipher", ["-des3", "-aes256"])
def test_one_that_openssl_sealed_is_opened(
    rsa_keys: list[rsa.RSAPrivateKey], now: datetime, tmp_path: Path, cipher: str
) -> None:
    """Apple's own portal encrypts with triple DES; broken lines in the JSON do no harm."""
    identity = holder(rsa_keys[0], now)
    pem, inner = tmp_path / "identity.pem", tmp_path / "inner.txt"
    pem.write_bytes(identity.pem())
    written = json.dumps(
        {
            **{name: getattr(TOKEN, name) for name in TOKEN.__struct_fields__[:4]},
            "access_token_expiry": "2027-06-01T12:00:00Z",
        }
    ).replace(", ", ",\r\n ")
    inner.write_text(f"Content-Type: text/plain\n\n-----BEGIN MESSAGE-----\n{written}\n-----END MESSAGE-----\n")
    sealed = oracles.run("openssl", "smime", "-encrypt", cipher, "-binary", "-in", inner, pem).stdout
    assert open_token(sealed, identity) == TOKEN


def test_bare_der_is_opened_as_well(rsa_keys: list[rsa.RSAPrivateKey], now: datetime) -> None:
    """Somebody may have taken the MIME off."""
    identity = holder(rsa_keys[0], now)
    bare = base64.b64decode(seal_token(TOKEN, identity.certificate).partition(b"\r\n\r\n")[2])
    assert open_token(bare, identity) == TOKEN


def test_a_token_for_another_certificate_says_so(rsa_keys: list[rsa.RSAPrivateKey], now: datetime) -> None:
    """What went wrong is the commonest mistake, and the error names the way out."""
    sealed = seal_token(TOKEN, holder(rsa_keys[0], now).certificate)
    with pytest.raises(WireError, match="upload the certificate") as refused:
        open_token(sealed, holder(rsa_keys[1], now))
    assert refused.value.code == "server_token.recipient"


def inside(*changes: tuple[bytes, bytes]) -> Callable[[Identity], bytes]:
    """Return what makes a token whose inner message is another."""

    def make(identity: Identity) -> bytes:
        inner = enveloped_data.decrypt(
            base64.b64decode(seal_token(TOKEN, identity.certificate).partition(b"\r\n\r\n")[2]), identity
        )
        for before, after in changes:
            assert before in inner
            inner = inner.replace(before, after)
        head = b"Content-Type: application/pkcs7-mime\n\n"
        return head + base64.encodebytes(enveloped_data.encrypt(inner, [identity.certificate]))

    return make


@pytest.mark.parametrize(
    "make",
    [
        lambda _: b"",
        lambda _: b"x" * (MAX_BYTES + 1),
        lambda _: b"Content-Type: text/html\n\n<html>",
        lambda _: b"Content-Type: application/pkcs7-mime\n\n!!!!",
        lambda _: b"Content-Type: application/pkcs7-mime\n\nAAAA",
        lambda identity: identity.certificate.public_bytes(Encoding.DER),
        inside((b"-----BEGIN MESSAGE-----", b"")),
        inside((b"consumer_secret", b"consumer_secrets")),
        inside((b"12:00:00Z", b"12:00:00")),
        inside((b"{", b"[")),
    ],
)
def test_what_is_no_token_is_refused(
    rsa_keys: list[rsa.RSAPrivateKey], now: datetime, make: Callable[[Identity], bytes]
) -> None:
    """Whatever was uploaded: one error."""
    identity = holder(rsa_keys[0], now)
    with pytest.raises(WireError) as refused:
        open_token(make(identity), identity)
    assert refused.value.code == "server_token.malformed"


def test_an_unchanged_inside_is_opened(rsa_keys: list[rsa.RSAPrivateKey], now: datetime) -> None:
    """So that the ones above fail for what was changed in them."""
    identity = holder(rsa_keys[0], now)
    assert open_token(inside()(identity), identity) == TOKEN


def test_only_a_certificate_with_an_rsa_key_gets_one(now: datetime) -> None:
    """Envelopes are for keys that can decrypt."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mdm")])
    identity = self_signed(ec.generate_private_key(ec.SECP256R1()), subject, when=now)
    with pytest.raises(WireError) as refused:
        seal_token(TOKEN, identity.certificate)
    assert refused.value.code == "server_token.certificate"


def test_no_secret_is_shown() -> None:
    """Whoever prints a token prints no secret."""
    shown = repr(TOKEN)
    assert not any(secret in shown for secret in ("CS_0123456789", "AT_0123456789", "AS_0123456789"))
