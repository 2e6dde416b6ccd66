from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mdm_server.service.limiter import GuessLimiter


class _Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hand() -> _Clock:
    """Return a clock for the test to move."""
    return _Clock()


def test_a_peer_may_fail_as_often_as_its_burst(hand: _Clock) -> None:
    """The burst is spent failure by failure, and the next try waits."""
    limiter = GuessLimiter(hand, burst=3, per_minute=6)
    for _ in range(3):
        assert limiter.retry_after("a") is None
        limiter.failed("a")
    assert limiter.retry_after("a") == 10


def test_coming_back_when_told_is_early_enough(hand: _Clock) -> None:
    """After exactly the seconds it was told to wait, a peer may try once more, and only once."""
    limiter = GuessLimiter(hand, burst=1, per_minute=7)
    limiter.failed("a")
    wait = limiter.retry_after("a")
    assert wait is not None
    hand.now += timedelta(seconds=wait)
    assert limiter.retry_after("a") is None
    limiter.failed("a")
    assert limiter.retry_after("a") is not None


def test_one_peers_failures_do_not_shut_out_another(hand: _Clock) -> None:
    """Buckets are per peer."""
    limiter = GuessLimiter(hand, burst=1)
    limiter.failed("a")
    assert limiter.retry_after("b") is None


def test_many_peers_together_meet_the_common_limit(hand: _Clock) -> None:
    """Spreading guesses over addresses does not help for long."""
    limiter = GuessLimiter(hand, burst=10, common_burst=20, common_per_minute=60)
    for peer in range(20):
        limiter.failed(f"peer-{peer}")
    assert limiter.retry_after("somebody new") == 1


def test_a_clock_set_back_takes_nothing_away_and_gives_nothing(hand: _Clock) -> None:
    """Tokens never shrink because of the clock."""
    limiter = GuessLimiter(hand, burst=2)
    limiter.failed("a")
    hand.now -= timedelta(hours=1)
    assert limiter.retry_after("a") is None
    limiter.failed("a")
    assert limiter.retry_after("a") is not None


def test_the_number_of_peers_remembered_is_bounded(hand: _Clock) -> None:
    """A hundred thousand addresses take no more room than the limit allows."""
    limiter = GuessLimiter(hand, peers=10, common_burst=10**6)
    for peer in range(1000):
        limiter.failed(f"peer-{peer}")
    assert len(limiter._buckets) == 10
