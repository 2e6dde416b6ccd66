"""OAuth 1.0 (RFC 5849) with HMAC-SHA1, as far as Apple's device enrolment service has it: one signed GET.

An MDM server signs with the four secrets of its server token; Apple's side reads the header and signs again itself.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote
from urllib.request import parse_http_list

from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature

from mdm_server.wire.errors import WireError

SIGNATURE_METHOD = "HMAC-SHA1"
MAX_HEADER = 4096
MAX_VALUE = 512
"""Characters in a key, a token or a nonce; the longest that Apple makes has 131."""
_REQUIRED = (
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_signature",
    "oauth_timestamp",
    "oauth_nonce",
)
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who signs: the client's key and secret, and those of the token that it was given."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What an Authorization header claims; `parameters` are those that were signed."""

    consumer_key: str
    token: str = field(repr=False)
    nonce: str
    timestamp: int
    signature: str = field(repr=False)
    parameters: tuple[tuple[str, str], ...] = field(repr=False)


def authorization(
    method: str, url: str, credentials: Credentials, *, nonce: str, timestamp: int, realm: str | None = None
) -> str:
    """Return the Authorization header of a request without a form in its body; `url` may have a query."""
    client = Client(
        credentials.consumer_key,
        client_secret=credentials.consumer_secret,
        resource_owner_key=credentials.token,
        resource_owner_secret=credentials.token_secret,
        signature_method=SIGNATURE_METHOD,
        realm=realm,
        nonce=nonce,
        timestamp=str(timestamp),
    )
    _, headers, _ = client.sign(url, http_method=method)
    return str(headers["Authorization"])


def read(header: str) -> Authorization:
    """Read an Authorization header; whether it is true is another question.

    Raises:
        WireError: `oauth.malformed` for what is no such header, `oauth.unsupported` for another way of signing.

    """
    if len(header) > MAX_HEADER:
        raise WireError("oauth.malformed", f"expected a header of at most {MAX_HEADER} characters, found {len(header)}")
    values = _parameters(header)
    if values["oauth_signature_method"] != SIGNATURE_METHOD or values.get("oauth_version", "1.0") != "1.0":
        raise WireError("oauth.unsupported", f"expected OAuth 1.0 with {SIGNATURE_METHOD}, found another signature")
    if not _TIMESTAMP.fullmatch(values["oauth_timestamp"]):
        raise WireError("oauth.malformed", "expected seconds since 1970 as oauth_timestamp, found something else")
    signed = tuple((name, value) for name, value in values.items() if name not in {"oauth_signature", "realm"})
    return Authorization(
        consumer_key=values["oauth_consumer_key"],
        token=values["oauth_token"],
        nonce=values["oauth_nonce"],
        timestamp=int(values["oauth_timestamp"]),
        signature=values["oauth_signature"],
        parameters=signed,
    )


def verify(
    claim: Authorization, method: str, url: str, query: Sequence[tuple[str, str]], credentials: Credentials
) -> bool:
    """Say whether a header was made for this request by whoever has these secrets.

    Args:
        claim: what the header says.
        method: of the request.
        url: its absolute address without the query, as the caller spelled it.
        query: the decoded parameters; they are signed too (§3.4.1.3).
        credentials: of the consumer that the header names.

    """
    try:
        base = signature.signature_base_string(
            method.upper(),
            signature.base_string_uri(url),
            signature.normalize_parameters([*claim.parameters, *query]),
        )
    except ValueError:
        return False
    signer = Client(
        credentials.consumer_key,
        client_secret=credentials.consumer_secret,
        resource_owner_secret=credentials.token_secret,
    )
    expected = signature.sign_hmac_sha1_with_client(base, signer)
    both = hmac.compare_digest(expected.encode(), claim.signature.encode())
    return both and hmac.compare_digest(credentials.token.encode(), claim.token.encode())


def _parameters(header: str) -> Mapping[str, str]:
    """Return the parameters of a header, none of them twice (§3.2: a duplicate is a bad request)."""
    scheme, _, written = header.partition(" ")
    # Values are percent-encoded (§3.5.1), so whatever is not ASCII was not written by a client of OAuth.
    if scheme.lower() != "oauth" or not header.isascii():
        raise WireError("oauth.malformed", "expected an Authorization header of OAuth 1.0, found another")
    values: dict[str, str] = {}
    for item in parse_http_list(written):
        name, equals, quoted = item.partition("=")
        if not equals or name in values:
            raise WireError("oauth.malformed", "expected every parameter of OAuth once and with a value, found another")
        values[name] = unquote(quoted.strip('"'), errors="replace")
    missing = [name for name in _REQUIRED if not values.get(name)]
    if missing:
        raise WireError("oauth.malformed", f"expected the parameters of OAuth 1.0, found no {missing[0]}")
    if any(len(value) > MAX_VALUE for value in values.values()):
        raise WireError("oauth.malformed", f"expected values of at most {MAX_VALUE} characters, found a longer one")
    return values
