"""Who may call: an API user by Basic authentication with the tenant code, or the bearer of an access token of ours.

Tokens come from `POST /connect/token` (RFC 6749 §4.4, client credentials): the client's id and secret are the API
user's name and password. They live for an hour, in memory only: after a restart a client asks for another, as it does
after an hour. Everything secret here is random and long, so that a plain hash is enough to hide it.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mdm_server.web.api import token_hash
from mdm_server.web.errors import Explained
from mdm_server.wire.basic_authorization import basic_pair

TENANT_HEADER = "aw-tenant-code"
TOKEN_LIFETIME = timedelta(hours=1)
MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class ApiAccount:
    """The API user as stored: a name, and hashes."""

    user: str
    password_hash: str
    tenant_hash: str

    def is_user(self, user: str, password: str) -> bool:
        """Whether name and password are right; takes the same time whichever is wrong."""
        right_user = hmac.compare_digest(token_hash(user), token_hash(self.user))
        return hmac.compare_digest(token_hash(password), self.password_hash) and right_user

    def is_tenant(self, code: str) -> bool:
        """Whether a tenant code is ours."""
        return hmac.compare_digest(token_hash(code), self.tenant_hash)


class AccessTokens:
    """The access tokens that are good now, by their hashes."""

    def __init__(self, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._random_bytes = random_bytes
        self._expiry: dict[str, datetime] = {}

    def issue(self) -> str:
        """Make a token; the oldest goes when there are too many."""
        now = self._clock()
        self._expiry = {known: expires for known, expires in self._expiry.items() if expires > now}
        if len(self._expiry) >= MOST_TOKENS:
            del self._expiry[next(iter(self._expiry))]
        token = base64.urlsafe_b64encode(self._random_bytes(32)).rstrip(b"=").decode()
        self._expiry[token_hash(token)] = now + TOKEN_LIFETIME
        return token

    def accept(self, token: str) -> bool:
        """Whether a token is good now."""
        expires = self._expiry.get(token_hash(token))
        return expires is not None and expires > self._clock()


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets callers of the API past, or not."""

    account: ApiAccount
    tokens: AccessTokens

    def check(self, authorization: str, tenant_code: str | None) -> None:
        """Check what a request carries.

        A bearer needs no tenant code, for the token says whose it is; a wrong one is wrong all the same. Whoever cannot
        say who they are learns nothing about tenant codes.

        Raises Refusal `api.unauthorized` (401, error 1005) and `api.forbidden` (403, error 1013).
        """
        scheme, _, rest = authorization.partition(" ")
        bearer = scheme.lower() == "bearer"
        known = self.tokens.accept(rest.strip()) if bearer else self._is_basic(scheme, rest)
        if not known:
            raise Explained(
                "api.unauthorized",
                expected=f"Basic authentication of the API user with the header {TENANT_HEADER}, or a bearer token",
                found="credentials that are not ours" if authorization else "no credentials",
                remedy="An error occurred while validating remote service client credentials or user not found.",
            )
        if tenant_code is None and bearer:
            return
        if not self.account.is_tenant(tenant_code or ""):
            raise Explained(
                "api.forbidden",
                expected=f"our tenant code in the header {TENANT_HEADER}",
                found="another one" if tenant_code else "none",
                remedy="Tenant code does not identify an Organization Group.",
            )

    def is_client(self, identifier: str, secret: str) -> bool:
        """Whether an OAuth client is the API user."""
        return self.account.is_user(identifier, secret)

    def _is_basic(self, scheme: str, encoded: str) -> bool:
        pair = basic_pair(encoded) if scheme.lower() == "basic" else None
        return pair is not None and self.account.is_user(*pair)
