"""T-25: tokens that a provider of pushes did not get from a key that Apple knows, or that are worth nothing now."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from mdm_server.clouds.apple.push.provider_tokens import ProviderKey
from mdm_server.wire.apns import AUTHORIZATION, PushReply, Reason, mdm_push
from rigs.apple_push import NOON, TOKEN, TOPIC, Hand, push_rig

KEY_ID, TEAM = "KEY4567890", "TEAM567890"
NOW = int(NOON.timestamp())


def segment(data: bytes | dict[str, Any]) -> str:
    """Write a segment of a token."""
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Forger:
    """What an attacker has: the public key, a key of his own, and, in some cases, a provider's private key."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    own: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_pem(self) -> bytes:
        """The provider's public key, which everybody may know."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def unsigned(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Return what a signature is made over."""
        head = {"alg": "ES256", "kid": KEY_ID} | header
        body = {"iss": TEAM, "iat": NOW} | claims
        return f"{segment({name: value for name, value in head.items() if value is not None})}." + segment(
            {name: value for name, value in body.items() if value is not None}
        )

    def token(
        self, header: dict[str, Any] | None = None, key: ec.EllipticCurvePrivateKey | None = None, **claims: Any
    ) -> str:
        """Return a token, by the provider's own key unless there is another; None leaves something out."""
        signed = self.unsigned(header or {}, claims)
        return f"{signed}.{segment(self.signature(signed, key or self.key))}"

    def signature(self, signed: str, key: ec.EllipticCurvePrivateKey) -> bytes:
        """Sign as ES256 does."""
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def by(self, algorithm: str, sign: Callable[[bytes], bytes]) -> str:
        """Return a token that names another algorithm, and is signed with it."""
        signed = self.unsigned({"alg": algorithm}, {})
        return f"{signed}.{segment(sign(signed.encode()))}"

    def tampered(self) -> str:
        """Return a good token whose claims were changed afterwards."""
        _, _, signature = self.token().split(".")
        return f"{self.unsigned({}, {'iat': NOW - 1})}.{signature}"

    def twice(self) -> str:
        """Return a token, signed well, that names two issuers: each reader would choose another."""
        claims = f'{{"iss":"ATTACKER00","iss":"{TEAM}","iat":{NOW}}}'.encode()
        signed = f"{segment({'alg': 'ES256', 'kid': KEY_ID})}.{segment(claims)}"
        return f"{signed}.{segment(self.signature(signed, self.key))}"

    def as_der(self) -> str:
        """Return a token whose signature is written as certificates have it."""
        signed = self.unsigned({}, {})
        return f"{signed}.{segment(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))}"

    def in_another_spelling(self) -> str:
        """Return a good token in which bits that mean nothing were changed."""
        token, alphabet = self.token(), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _rsa(signed: bytes) -> bytes:
    return rsa.generate_private_key(65537, 2048).sign(signed, padding.PKCS1v15(), hashes.SHA256())


INVALID, EXPIRED = Reason.INVALID_PROVIDER_TOKEN, Reason.EXPIRED_PROVIDER_TOKEN
ATTACKS: Mapping[str, tuple[Callable[[Forger], str], Reason]] = {
    "no algorithm": (lambda his: his.by("none", lambda _: b""), INVALID),
    "no algorithm, in capitals": (lambda his: his.by("NONE", lambda _: b""), INVALID),
    "no algorithm, but a signature": (
        lambda his: his.by("none", lambda data: his.signature(data.decode(), his.own)),
        INVALID,
    ),
    "no signature": (lambda his: his.unsigned({}, {}) + ".", INVALID),
    "two segments": (lambda his: his.unsigned({}, {}), INVALID),
    "four segments": (lambda his: his.token() + ".e30", INVALID),
    "HS256, keyed with the public key": (
        lambda his: his.by("HS256", lambda data: hmac.digest(his.public_pem, data, hashlib.sha256)),
        INVALID,
    ),
    "RS256": (lambda his: his.by("RS256", _rsa), INVALID),
    "ES256 in small letters": (lambda his: his.token({"alg": "es256"}), INVALID),
    "no alg at all": (lambda his: his.token({"alg": None}), INVALID),
    "another key": (lambda his: his.token(key=his.own), INVALID),
    "claims changed after signing": (Forger.tampered, INVALID),
    "zeros for a signature": (lambda his: his.unsigned({}, {}) + "." + segment(bytes(64)), INVALID),
    "the signature in DER": (Forger.as_der, INVALID),
    "the signature in another spelling": (Forger.in_another_spelling, INVALID),
    "another team": (lambda his: his.token(iss="ATTACKER00"), INVALID),
    "no team": (lambda his: his.token(iss=None), INVALID),
    "the team twice": (Forger.twice, INVALID),
    "for somebody else": (lambda his: his.token(aud="https://appleid.apple.com"), INVALID),
    "an hour and a second old": (lambda his: his.token(iat=NOW - 3601), EXPIRED),
    "its own expiry is over": (lambda his: his.token(exp=NOW), EXPIRED),
    "from tomorrow": (lambda his: his.token(iat=NOW + 86400), INVALID),
    "not before tomorrow": (lambda his: his.token(nbf=NOW + 86400), INVALID),
    "of no age": (lambda his: his.token(iat=None), INVALID),
    "an age in words": (lambda his: his.token(iat=str(NOW)), INVALID),
    "an age beyond numbers": (lambda his: his.token(iat=1e400), INVALID),
    "true for an age": (lambda his: his.token(iat=True), INVALID),
    "a path for a key": (lambda his: his.token({"kid": "../../../../dev/null"}, key=his.own), INVALID),
    "an injection for a key": (lambda his: his.token({"kid": "x' UNION SELECT '"}, key=his.own), INVALID),
    "a list for a key": (lambda his: his.token({"kid": [KEY_ID]}), INVALID),
    "no key": (lambda his: his.token({"kid": None}), INVALID),
    "a URL of keys": (lambda his: his.token({"jku": "https://evil.example.test/keys.json"}, key=his.own), INVALID),
    "a URL of keys, signed well": (lambda his: his.token({"jku": "https://evil.example.test/keys.json"}), INVALID),
    "a key inside": (lambda his: his.token({"jwk": {"kty": "EC"}}, key=his.own), INVALID),
    "a certificate inside": (lambda his: his.token({"x5c": ["MIIB"]}, key=his.own), INVALID),
    "a critical extension": (lambda his: his.token({"crit": ["b64"], "b64": False}), INVALID),
    "no JSON": (lambda his: f"{segment(b'alg: ES256')}.e30.{segment(bytes(64))}", INVALID),
    "a header as deep as the sea": (lambda his: f"{segment(b'[' * 3000)}.e30.{segment(bytes(64))}", INVALID),
    "eight kilobytes": (lambda his: his.token(padding="x" * 8192), INVALID),
}


@pytest.fixture(scope="module")
def forger() -> Forger:
    """Return an attacker."""
    return Forger()


def push_with(forger: Forger, authorization: str) -> tuple[PushReply, list[str], str]:
    """Push with this header; return the answer, what arrived, and what the journal says."""
    rig = push_rig(Hand())
    rig.line.listen(TOKEN)
    rig.push.keys.register(
        ProviderKey(key_id=KEY_ID, team_id=TEAM, public_key=forger.key.public_key(), topics=frozenset({TOPIC}))
    )
    request = mdm_push(TOKEN, "magic", TOPIC, (AUTHORIZATION, authorization))
    reply = rig.push.push(rig.push.connect(None), request)
    return reply, rig.magics, repr(rig.journal.entries())


@pytest.mark.parametrize("attack", ATTACKS)
def test_t25_a_forged_provider_token_pushes_nothing(forger: Forger, attack: str) -> None:
    """403 in Apple's word, nothing is delivered, and the journal has the reason and not the token."""
    forge, reason = ATTACKS[attack]
    token = forge(forger)
    reply, arrived, told = push_with(forger, f"bearer {token}")
    assert (reply.reason, reply.status, arrived) == (reason, 403, [])
    assert reason in told
    assert token not in told


def test_t25_the_same_token_without_the_forgery_pushes(forger: Forger) -> None:
    """Or the table would be red for another reason; up to an hour old, and a clock that is a little ahead."""
    for token in (
        forger.token(),
        forger.token({"typ": "JWT"}),
        forger.token(iat=NOW - 3600),
        forger.token(iat=NOW + 60),
    ):
        reply, arrived, _ = push_with(forger, f"bearer {token}")
        assert (reply.reason, arrived) == (None, ["magic"])


@pytest.mark.parametrize("scheme", ["Basic", "", "bearer,", "Token"])
def test_t25_a_good_token_under_another_scheme_pushes_nothing(forger: Forger, scheme: str) -> None:
    """Only `bearer` introduces one."""
    assert push_with(forger, f"{scheme} {forger.token()}")[0].reason is Reason.INVALID_PROVIDER_TOKEN


def test_t25_a_revoked_key_signs_nothing(forger: Forger) -> None:
    """From then on, on open connections too."""
    rig = push_rig(Hand())
    rig.push.keys.register(
        ProviderKey(key_id=KEY_ID, team_id=TEAM, public_key=forger.key.public_key(), topics=frozenset({TOPIC}))
    )
    connection = rig.push.connect(None)
    request = mdm_push(TOKEN, "magic", TOPIC, (AUTHORIZATION, f"bearer {forger.token()}"))
    assert rig.push.push(connection, request).reason is None
    rig.push.keys.revoke(KEY_ID)
    assert rig.push.push(connection, request).reason is Reason.INVALID_PROVIDER_TOKEN


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()).public_key(), ec.generate_private_key(ec.SECP256R1()).public_key()]
)
def test_t25_a_key_of_another_curve_or_name_is_not_registered(key: ec.EllipticCurvePublicKey) -> None:
    """ES256 is P-256, and a key identifier is ten letters and digits: no path ever gets in as one."""
    rig = push_rig(Hand())
    name = "../../key1" if isinstance(key.curve, ec.SECP256R1) else KEY_ID
    with pytest.raises(ValueError, match="expected"):
        rig.push.keys.register(ProviderKey(key_id=name, team_id=TEAM, public_key=key, topics=frozenset({TOPIC})))
