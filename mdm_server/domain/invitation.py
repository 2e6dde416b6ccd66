"""Invitations: what an enrolment profile carries, and whether one still opens the door.

The challenge is 32 random bytes; the server keeps only its SHA-256, so whoever reads the database cannot enrol.
Comparing means looking the hash up: there is nothing to time (T-13).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mdm_server.domain.refusal import Refusal

CHALLENGE_BYTES = 32


def new_challenge(random_bytes: Callable[[int], bytes]) -> str:
    """Return a fresh challenge of 256 random bits, in characters that both a URL and a PrintableString can carry.

    The underscore of the usual URL-safe alphabet is not in PrintableString (X.680 §41.4), which some SCEP clients use.
    """
    return base64.b64encode(random_bytes(CHALLENGE_BYTES), altchars=b"-.").rstrip(b"=").decode("ascii")


def challenge_hash(challenge: str) -> str:
    """Return what the store keeps instead of the challenge."""
    return hashlib.sha256(challenge.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """What the rules need to know of an invitation."""

    uses: int
    max_uses: int
    expires_at: datetime
    revoked: bool = False
    udid: str | None = None
    serial_number: str | None = None


def decide_challenge(invitation: InvitationFacts | None, at: datetime) -> None:
    """Raise Refusal `scep.challenge` or `scep.challenge_used` unless the invitation admits one more (T-11, T-14)."""
    if invitation is None:
        raise Refusal("scep.challenge", reason="unknown")
    if invitation.revoked:
        raise Refusal("scep.challenge", reason="revoked")
    if invitation.expires_at <= at:
        raise Refusal("scep.challenge", reason="expired")
    if invitation.uses >= invitation.max_uses:
        raise Refusal("scep.challenge_used")
