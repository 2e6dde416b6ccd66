"""Signing one request with OAuth 1.0, and judging the signature."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from mdm_server.wire.errors import WireError
from mdm_server.wire.oauth1 import MAX_HEADER, MAX_VALUE, Credentials, authorization, read, verify

URL = "https://apple.example:9443/session"
SECRETS = Credentials(consumer_key="CK_1", consumer_secret="CS ü&", token="AT_1", token_secret="AS=1")


def header(realm: str | None = None, **changed: str) -> str:
    """Return a good header, with some of its parameters changed behind the signature."""
    written = authorization("GET", URL, SECRETS, nonce="n1", timestamp=1780315200, realm=realm)
    for name, value in changed.items():
        before = written.split(f'{name}="')[1].split('"')[0]
        written = written.replace(f'{name}="{before}"', f'{name}="{value}"')
    return written


def test_the_signature_is_that_of_the_rfc() -> None:
    """RFC 5849 §3.4.2: HMAC-SHA1 over the base string, keyed with both secrets, each of them encoded."""
    parameters = (
        "oauth_consumer_key%3DCK_1%26oauth_nonce%3Dn1%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D1780315200%26oauth_token%3DAT_1%26oauth_version%3D1.0"
    )
    base = f"GET&https%3A%2F%2Fapple.example%3A9443%2Fsession&{parameters}"
    digest = hmac.digest(b"CS%20%C3%BC%26&AS%3D1", base.encode(), hashlib.sha1)
    assert read(header()).signature == base64.b64encode(digest).decode()


@pytest.mark.parametrize("realm", [None, "ADM"])
def test_what_was_signed_is_true(realm: str | None) -> None:
    """A realm is no part of what is signed, and some clients write one."""
    claim = read(header(realm))
    assert (claim.consumer_key, claim.token, claim.nonce, claim.timestamp) == ("CK_1", "AT_1", "n1", 1780315200)
    assert verify(claim, "GET", URL, (), SECRETS)


def test_a_query_is_signed_too() -> None:
    """Its parameters are sorted in among the others (§3.4.1.3)."""
    written = authorization("GET", f"{URL}?b=2&a=x%20y", SECRETS, nonce="n", timestamp=1)
    assert verify(read(written), "get", URL, (("b", "2"), ("a", "x y")), SECRETS)
    assert not verify(read(written), "GET", URL, (("b", "2"),), SECRETS)


@pytest.mark.parametrize(
    "changed",
    [
        {"oauth_nonce": "n2"},
        {"oauth_timestamp": "1780315201"},
        {"oauth_token": "AT_2"},
        {"oauth_consumer_key": "CK_2"},
        {"oauth_signature": "AAAA"},
        {"oauth_signature": "%C3%BC"},
    ],
)
def test_what_was_changed_is_not_true(changed: dict[str, str]) -> None:
    """Every parameter is under the signature."""
    assert not verify(read(header(**changed)), "GET", URL, (), SECRETS)


def test_another_request_or_another_secret_is_not_what_was_signed() -> None:
    """Method, address and secrets make the signature."""
    claim = read(header())
    other = Credentials(consumer_key="CK_1", consumer_secret="CS", token="AT_1", token_secret="AS=1")
    assert not verify(claim, "POST", URL, (), SECRETS)
    assert not verify(claim, "GET", URL.replace("session", "account"), (), SECRETS)
    assert not verify(claim, "GET", "nonsense", (), SECRETS)
    assert not verify(claim, "GET", URL, (), other)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "OAuth",
        "Basic dXNlcjpwYXNz",
        'OAuth oauth_consumer_key="a"',
        "OAuth nonsense",
        header() + ', oauth_nonce="n1"',
        header() + ', realm="ü"',
        header() + ', realm="\udcff"',
        header(oauth_timestamp="soon"),
        header(oauth_timestamp="-1"),
        header(oauth_timestamp="0"),
        header(oauth_nonce=""),
        header(oauth_nonce="n" * (MAX_VALUE + 1)),
        "OAuth " + "x" * MAX_HEADER,
    ],
)
def test_what_is_no_such_header_is_refused(written: str) -> None:
    """Missing, doubled, unreadable and endless parameters are one error."""
    with pytest.raises(WireError) as refused:
        read(written)
    assert refused.value.code == "oauth.malformed"


@pytest.mark.parametrize(
    "changed",
    [
        {"oauth_signature_method": "PLAINTEXT"},
        {"oauth_signature_method": "RSA-SHA1"},
        {"oauth_signature_method": "HMAC-SHA256"},
        {"oauth_version": "2.0"},
    ],
)
def test_another_way_of_signing_is_refused(changed: dict[str, str]) -> None:
    """Apple takes OAuth 1.0 with HMAC-SHA1 and nothing else."""
    with pytest.raises(WireError) as refused:
        read(header(**changed))
    assert refused.value.code == "oauth.unsupported"


def test_no_secret_is_shown() -> None:
    """Whoever prints credentials or a claim prints no secret."""
    shown = repr(SECRETS) + repr(read(header()))
    assert not any(secret in shown for secret in ("CS ü", "AS=1", "AT_1"))
