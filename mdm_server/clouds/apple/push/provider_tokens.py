"""Provider tokens: JSON Web Tokens with which a provider proves itself instead of with a certificate.

Nothing but the registered key decides. The algorithm is not the token's to choose, the key identifier is looked up and
never opened, and what a token says about where keys are to be fetched makes it worthless (RFC 8725 §3.1, §3.10):
https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from mdm_server.wire.apns import Environment, Reason

ALGORITHM = "ES256"
LONGEST_LIFE = timedelta(minutes=60)
CLOCK_SKEW = timedelta(minutes=5)
MOST_BYTES = 4096
_SIGNATURE_BYTES = 64
_HEADER_NAMES = {"alg", "kid", "typ"}
_IDENTIFIER = re.compile(r"[A-Za-z0-9]{10}")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderKey:
    """A key that Apple knows: whose it is, what may be pushed with it, and where.

    Attributes:
        key_id: ten letters and digits, the `kid` of its tokens.
        team_id: the team that has it, the `iss` of its tokens.
        public_key: on the curve P-256.
        topics: what may be pushed with it.
        environments: where it is good.

    """

    key_id: str
    team_id: str
    public_key: ec.EllipticCurvePublicKey
    topics: frozenset[str]
    environments: frozenset[Environment] = frozenset(Environment)


class TokenRefused(Exception):  # noqa: N818  # a verdict, not a mistake
    """A provider token is not accepted: `reason` is for the provider, `detail` for the journal."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class ProviderKeys:
    """The keys that Apple knows."""

    def __init__(self) -> None:
        self._keys: dict[str, ProviderKey] = {}

    def register(self, key: ProviderKey) -> None:
        """Let a key prove its team, from now on.

        Raises:
            ValueError: it is on another curve, or its identifiers are not ten letters and digits.

        """
        if not isinstance(key.public_key.curve, ec.SECP256R1):
            raise ValueError(f"expected a key on the curve P-256, found one on {key.public_key.curve.name}")
        for name, identifier in (("key", key.key_id), ("team", key.team_id)):
            if not _IDENTIFIER.fullmatch(identifier):
                raise ValueError(f"expected ten letters and digits as {name} ID, found {identifier!r}")
        self._keys[key.key_id] = key

    def revoke(self, key_id: str) -> None:
        """Let a key prove nothing any more."""
        self._keys.pop(key_id, None)

    def check(self, authorization: str, now: datetime) -> ProviderKey:
        """Return whose key signed the token in an `authorization` header.

        Raises:
            TokenRefused: it is none, not signed by a registered key, too old, or says something it must not say.

        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "scheme")
        segments = token.split(".")
        if len(token) > MOST_BYTES or len(segments) != 3:
            raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "form")
        key = self._key_of(_object(segments[0]))
        claims = _object(segments[1])
        _check_signature(key, f"{segments[0]}.{segments[1]}".encode(), _binary(segments[2]))
        _check_claims(key, claims, now)
        return key

    def _key_of(self, header: dict[str, object]) -> ProviderKey:
        if header.get("alg") != ALGORITHM:
            raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "alg")
        if header.keys() - _HEADER_NAMES:  # jku, jwk, x5u, x5c: other keys; crit, b64: other rules (RFC 7515 §4.1.11)
            raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "header")
        key_id = header.get("kid")
        key = self._keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "kid")
        return key


def _check_signature(key: ProviderKey, signed: bytes, signature: bytes) -> None:
    """Check r and s, 32 bytes each (RFC 7518 §3.4)."""
    if len(signature) != _SIGNATURE_BYTES:
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "signature")
    half = _SIGNATURE_BYTES // 2
    pair = encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
    try:
        key.public_key.verify(pair, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "signature") from None


def _check_claims(key: ProviderKey, claims: dict[str, object], now: datetime) -> None:
    if claims.get("iss") != key.team_id:
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "iss")
    if "aud" in claims:  # a token that says for whom it is, is not for us (RFC 7519 §4.1.3)
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "aud")
    issued = _moment(claims, "iat")
    if issued is None or issued > now + CLOCK_SKEW:
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "iat")
    not_before = _moment(claims, "nbf")
    if not_before is not None and not_before > now + CLOCK_SKEW:
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "nbf")
    expires = _moment(claims, "exp")
    if now - issued > LONGEST_LIFE or (expires is not None and expires <= now):
        raise TokenRefused(Reason.EXPIRED_PROVIDER_TOKEN, "iat")


def _moment(claims: dict[str, object], name: str) -> datetime | None:
    """Return a claim that is a number of seconds, or None if there is none."""
    if name not in claims:
        return None
    seconds = claims[name]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, name)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # infinite, or in a year that no calendar has
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, name) from None


def _binary(segment: str) -> bytes:
    """Read a segment, which is base64url without padding, and written in one way only (RFC 7515 §2)."""
    if not _SEGMENT.fullmatch(segment):
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "form")
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error:
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "form") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=") != segment.encode():
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "form")
    return data


def _object(segment: str) -> dict[str, object]:
    """Read a segment that is a JSON object, whose names are there once: of two, each reader would choose another."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name twice")
        return dict(pairs)

    try:
        found = json.loads(_binary(segment), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "json") from None
    if not isinstance(found, dict):
        raise TokenRefused(Reason.INVALID_PROVIDER_TOKEN, "json")
    return found
