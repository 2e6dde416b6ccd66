"""Whether an invitation still opens the door."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from mdm_server.domain.invitation import InvitationFacts, challenge_hash, decide_challenge, new_challenge
from mdm_server.domain.refusal import Refusal

HOUR = timedelta(hours=1)


def test_an_open_invitation_admits(now: datetime) -> None:
    """Up to its last use and its last moment."""
    decide_challenge(InvitationFacts(0, 1, now + HOUR), now)
    decide_challenge(InvitationFacts(499, 500, now + timedelta(microseconds=1)), now)


@pytest.mark.parametrize(
    ("uses", "revoked", "age", "event"),
    [
        (1, False, 0, "scep.challenge_used"),
        (0, True, 0, "scep.challenge:revoked"),
        (1, True, 0, "scep.challenge:revoked"),
        (0, False, 1, "scep.challenge:expired"),
        (1, False, 1, "scep.challenge:expired"),
    ],
)
def test_a_closed_invitation_says_why(now: datetime, uses: int, revoked: bool, age: int, event: str) -> None:
    """T-11, T-14: used up, revoked or expired."""
    with pytest.raises(Refusal) as caught:
        decide_challenge(InvitationFacts(uses, 1, now + HOUR - age * HOUR, revoked), now)
    assert caught.value.event == event


def test_an_unknown_challenge_is_refused(now: datetime) -> None:
    """T-13: there is nothing to compare, and so nothing to time."""
    with pytest.raises(Refusal) as caught:
        decide_challenge(None, now)
    assert caught.value.event == "scep.challenge:unknown"


def test_a_challenge_holds_256_bits_in_characters_every_client_can_carry(
    random_bytes: Callable[[int], bytes],
) -> None:
    """URL-safe, and in the alphabet of PrintableString, which has no underscore."""
    challenges = {new_challenge(random_bytes) for _ in range(100)}
    assert len(challenges) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9.-]{43}", challenge) for challenge in challenges)


def test_what_is_kept_is_not_the_challenge() -> None:
    """The same challenge gives the same hash, and the hash does not hold it."""
    challenge = new_challenge(random.Random(1).randbytes)
    assert challenge_hash(challenge) == challenge_hash(challenge)
    assert challenge not in challenge_hash(challenge)
