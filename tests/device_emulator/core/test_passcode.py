"""The passcode: attempts, the waiting between them, and what makes a good one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from device_emulator.core.passcode import Passcode, Try
from device_emulator.core.randomness import Randomness


def test_five_wrong_attempts_cost_no_time(now: datetime) -> None:
    """Nobody waits before the sixth."""
    passcode = Passcode("483920")
    assert [passcode.attempt("1", now) for _ in range(5)] == [Try.WRONG] * 5
    assert passcode.blocked_until is None
    assert passcode.attempt("483920", now) is Try.RIGHT
    assert passcode.wrong_attempts == 0


@pytest.mark.parametrize(("attempt", "minutes"), [(6, 1), (7, 5), (8, 15), (9, 60)])
def test_the_waiting_grows_from_the_sixth_wrong_attempt_on(attempt: int, minutes: int, now: datetime) -> None:
    """1, 5, 15 and 60 minutes; until then not even the right passcode is taken."""
    passcode = Passcode("483920")
    for _ in range(attempt):
        now = max(now, passcode.blocked_until or now)
        passcode.attempt("1", now)
    assert passcode.blocked_until == now + timedelta(minutes=minutes)
    assert passcode.attempt("483920", now + timedelta(minutes=minutes, seconds=-1)) is Try.BLOCKED
    assert passcode.wrong_attempts == attempt
    assert passcode.attempt("483920", now + timedelta(minutes=minutes)) is Try.RIGHT


def test_the_tenth_wrong_attempt_disables_it_for_good(now: datetime) -> None:
    """After ten, time does not help; removing the passcode does."""
    passcode = Passcode("483920")
    outcomes = []
    for _ in range(10):
        now += timedelta(hours=2)
        outcomes.append(passcode.attempt("1", now))
    assert outcomes == [Try.WRONG] * 9 + [Try.DISABLED]
    assert passcode.attempt("483920", now + timedelta(days=365)) is Try.DISABLED
    passcode.set(None)
    assert passcode.attempt("", now) is Try.RIGHT


def test_a_changed_passcode_has_another_unlock_token() -> None:
    """The token is bound to the passcode, and the same in every run."""
    randomness, passcode = Randomness(1, 17), Passcode()
    tokens = [passcode.unlock_token(randomness)]
    for code in ("483920", "483921", None):
        passcode.set(code)
        tokens.append(passcode.unlock_token(randomness))
    assert len(set(tokens)) == 4
    assert tokens[0] == Passcode().unlock_token(Randomness(1, 17))


@pytest.mark.parametrize(
    ("code", "simple"), [("1111", True), ("1234", True), ("4321", True), ("1357", False), ("483920", False)]
)
def test_a_repetition_or_a_run_is_simple(code: str, *, simple: bool) -> None:
    """What com.apple.mobiledevice.passwordpolicy calls a simple passcode."""
    assert Passcode(code).is_simple is simple


@pytest.mark.parametrize(("code", "alphanumeric"), [("abc123", True), ("123456", False), ("abcdef", False)])
def test_letters_and_digits_make_an_alphanumeric_one(code: str, *, alphanumeric: bool) -> None:
    """Both kinds have to be there."""
    assert Passcode(code).is_alphanumeric is alphanumeric


def test_no_passcode_takes_anything(now: datetime) -> None:
    """Where none is set, a swipe opens, and nothing about it is simple or long."""
    passcode = Passcode()
    assert passcode.attempt("anything", now) is Try.RIGHT
    assert (passcode.is_set, passcode.length, passcode.is_simple) == (False, 0, False)
