from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from mdm_server.console.notices import Notice
from mdm_server.console.sessions import Sessions
from rigs.service import HandClock

DOOR = "https://127.0.0.1:8443"


@pytest.fixture
def hand() -> HandClock:
    """Return a clock that a test moves."""
    return HandClock(datetime(2026, 6, 1, 12, tzinfo=UTC))


@pytest.fixture
def sessions(hand: HandClock) -> Sessions:
    """Return nobody signed in."""
    return Sessions(hand, random.Random(1).randbytes, most=3)


def test_a_session_is_found_by_its_cookie_alone(sessions: Sessions) -> None:
    """Neither by nothing, nor by a part of it, nor by the ticket of its forms."""
    cookie, session = sessions.open(DOOR)
    assert sessions.find(cookie, DOOR) is session
    assert not any(
        sessions.find(wrong, DOOR) for wrong in ("", cookie[:-1], cookie.swapcase(), session.ticket, "é\udcff")
    )


def test_cookie_and_ticket_are_256_bits_of_their_own(sessions: Sessions) -> None:
    """No two are alike."""
    opened = [sessions.open(DOOR) for _ in range(3)]
    secrets = {cookie for cookie, _ in opened} | {session.ticket for _, session in opened}
    assert len(secrets) == 6
    assert all(len(secret) == 43 for secret in secrets)


def test_nothing_secret_is_in_the_description_of_a_session(sessions: Sessions) -> None:
    """A log that has it has nothing; what is kept is a hash."""
    cookie, session = sessions.open(DOOR)
    assert session.ticket not in repr(session)
    assert cookie not in repr(vars(sessions))


def test_a_cookie_is_good_at_the_listener_that_gave_it(sessions: Sessions) -> None:
    """One that was given over TLS opens nothing where everybody listens."""
    cookie, _ = sessions.open(DOOR)
    assert sessions.find(cookie, "http://127.0.0.1:8080") is None
    assert sessions.find(cookie, DOOR) is not None


def test_a_session_ends_when_its_person_is_idle(sessions: Sessions, hand: HandClock) -> None:
    """Every request begins the half hour anew."""
    cookie, _ = sessions.open(DOOR)
    for _ in range(3):
        hand.pass_time(minutes=29)
        assert sessions.find(cookie, DOOR) is not None
    hand.pass_time(minutes=30, seconds=1)
    assert sessions.find(cookie, DOOR) is None


def test_a_session_ends_after_twelve_hours_in_any_case(sessions: Sessions, hand: HandClock) -> None:
    """However busy somebody is."""
    cookie, _ = sessions.open(DOOR)
    for _ in range(36):
        hand.pass_time(minutes=20)
        assert sessions.find(cookie, DOOR) is not None
    hand.pass_time(minutes=1)
    assert sessions.find(cookie, DOOR) is None


def test_a_session_that_is_over_stays_so(hand: HandClock) -> None:
    """A clock that is set back brings nobody back."""
    sessions = Sessions(hand, random.Random(1).randbytes, idle=timedelta(minutes=1))
    cookie, _ = sessions.open(DOOR)
    hand.pass_time(minutes=2)
    assert sessions.find(cookie, DOOR) is None
    hand.pass_time(minutes=-2)
    assert sessions.find(cookie, DOOR) is None


def test_of_too_many_the_one_that_was_not_seen_for_the_longest_time_ends(sessions: Sessions) -> None:
    """So that memory is bounded."""
    cookies = [sessions.open(DOOR)[0] for _ in range(3)]
    sessions.find(cookies[0], DOOR)
    sessions.open(DOOR)
    assert [sessions.find(cookie, DOOR) is not None for cookie in cookies] == [True, False, True]


def test_an_ended_session_is_dead_and_ending_is_harmless(sessions: Sessions) -> None:
    """Twice, and for a cookie that nobody had."""
    cookie, _ = sessions.open(DOOR)
    for _ in range(2):
        sessions.end(cookie)
        sessions.end("nobody's")
        assert sessions.find(cookie, DOOR) is None


def test_a_form_is_a_sessions_own(sessions: Sessions) -> None:
    """Not another session's, nor one without a ticket, or with half a character for it."""
    (_, mine), (_, other) = sessions.open(DOOR), sessions.open(DOOR)
    assert mine.issued(mine.ticket)
    assert not any(mine.issued(wrong) for wrong in ("", other.ticket, mine.ticket + " ", "\udcff"))


def test_what_is_left_to_be_read_is_read_once(sessions: Sessions) -> None:
    """In the order in which it was left."""
    _, session = sessions.open(DOOR)
    session.leave(Notice(title="one"))
    session.leave(Notice(title="two"))
    assert [notice.title for notice in session.take_notices()] == ["one", "two"]
    assert session.take_notices() == []


def test_of_too_much_to_be_read_the_newest_is_kept(sessions: Sessions) -> None:
    """Memory is bounded here, too."""
    _, session = sessions.open(DOOR)
    for number in range(1000):
        session.leave(Notice(title=str(number)))
    assert [notice.title for notice in session.take_notices()] == [str(number) for number in range(992, 1000)]
