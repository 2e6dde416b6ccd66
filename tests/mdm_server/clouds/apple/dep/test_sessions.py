"""Sessions: opened once, changed under way, ended by time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.clouds.apple.dep import sessions
from mdm_server.clouds.apple.dep.settings import DepSettings
from rigs.dep_client import DepClient
from rigs.dep_service import URL, SmallApple


def opened(apple: SmallApple) -> DepClient:
    """Return a client with a session."""
    client = apple.client()
    client.open_session()
    return client


def test_only_who_has_the_secrets_of_a_token_that_is_good_opens_one() -> None:
    """Unreadable, unknown, untrue, from another time, too late: nothing is opened, and the reason is in the journal."""
    apple = SmallApple()
    good = apple.client()
    apple.send("GET", f"{URL}/session", {}, b"")
    for secret in ("consumer_key", "consumer_secret"):
        replace(good, secrets={**good.secrets, secret: "wrong"}).open_session()
    replace(good, timestamp=lambda: 1).open_session()
    apple.clock.move(days=365)
    assert good.open_session().status == 401
    assert apple.reasons() == ["oauth.malformed", "unknown consumer", "signature", "timestamp", "server token expired"]


def test_every_answer_carries_the_token() -> None:
    """Those that refuse, too."""
    client = opened(SmallApple())
    token = client.session
    for method, path in (("GET", "/account"), ("POST", "/devices/sync"), ("DELETE", "/account")):
        assert client.once(method, path).headers["x-adm-auth-session"] == token


def test_a_token_changes_and_the_old_one_ends_when_the_new_one_is_used() -> None:
    """An answer that brought a new token may have been lost."""
    client = opened(SmallApple(DepSettings(rotate_every=2)))
    first = client.session
    client.once("GET", "/account")
    client.once("GET", "/account")
    second = client.session
    assert second != first
    client.session = first
    assert client.once("GET", "/account").status == 200
    client.session = second
    assert client.once("GET", "/account").status == 200
    client.session = first
    assert client.once("GET", "/account").status == 401


def test_a_client_that_takes_what_it_is_given_never_opens_another() -> None:
    """However often the token changes."""
    apple = SmallApple(DepSettings(rotate_every=1))
    client = apple.client()
    tokens = set()
    for _ in range(10):
        client.ask("GET", "/account")
        tokens.add(client.session)
    assert len(tokens) == 10
    assert client.sessions_opened == 1


def test_a_session_ends_after_its_time() -> None:
    """And is over for ever."""
    apple = SmallApple(DepSettings(session_life=timedelta(minutes=10)))
    client = opened(apple)
    apple.clock.move(minutes=10)
    assert client.once("GET", "/account").status == 200
    apple.clock.move(seconds=1)
    assert [client.once("GET", "/account").status for _ in range(2)] == [401, 401]
    assert client.ask("GET", "/account")


def test_new_terms_stop_everything_until_somebody_agrees() -> None:
    """In a session and before it; nothing else is said."""
    apple = SmallApple()
    client = opened(apple)
    apple.manager.withdraw_terms(apple.organization)
    for answer in (client.once("GET", "/account"), client.open_session()):
        assert (answer.status, answer.body) == (403, b"T_C_NOT_SIGNED")
    apple.manager.agree_to_terms(apple.organization)
    assert client.once("GET", "/account").status == 200


def test_a_clock_may_be_off_as_far_as_it_likes_where_that_was_wanted() -> None:
    """A nonce is good once all the same."""
    apple = SmallApple(DepSettings(timestamp_window=None))
    client = apple.client()
    client.timestamp = lambda: 1
    client.nonce = lambda: "same"
    assert [client.open_session().status for _ in range(2)] == [200, 401]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended sessions, and nonces that could come again for ever."""
    monkeypatch.setattr(sessions, "REMEMBERED", 3)
    apple = SmallApple(DepSettings(timestamp_window=None))
    client = apple.client()
    tokens = []
    for _ in range(6):
        client.open_session()
        tokens.append(client.session)
    told = []
    for token in tokens:
        client.session = token
        told.append(client.once("GET", "/account").status)
    assert told == [403, 403, 401, 401, 401, 200]
    assert len(apple.api._sessions._nonces) == 3


def test_nonces_are_forgotten_when_their_time_is_over() -> None:
    """No sooner than a header with one of them would be too old."""
    apple = SmallApple()
    client = apple.client()
    for _ in range(5):
        client.open_session()
        apple.clock.move(minutes=14)
    assert len(apple.api._sessions._nonces) == 3
