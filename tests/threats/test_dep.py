"""The device enrolment API, T-28: whoever speaks for an MDM server without being it, and cursors that are no good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mdm_server.clouds.apple.dep.settings import DepSettings
from rigs.dep_client import Answer, DepClient, Walker, oauth_header
from rigs.dep_service import URL, SmallApple


def sign(client: DepClient, apple: SmallApple, **more: Any) -> str:
    """Return a good signature of a client, or one of something else."""
    what = {"method": "GET", "url": f"{URL}/session", "nonce": "n", "timestamp": int(apple.clock().timestamp())}
    return oauth_header(client.secrets, **{**what, **more})


def knock(apple: SmallApple, header: str | None, method: str = "GET") -> Answer:
    """Ask for a session."""
    return apple.send(method, f"{URL}/session", {} if header is None else {"Authorization": header}, b"")


BAD_SIGNATURES: dict[str, tuple[int, Callable[[DepClient, SmallApple], str | None]]] = {
    "no header at all": (400, lambda c, a: None),
    "an empty header": (400, lambda c, a: ""),
    "another scheme": (400, lambda c, a: "Basic dXNlcjpwYXNz"),
    "no nonce": (400, lambda c, a: sign(c, a).replace("oauth_nonce", "oauth_once")),
    "a parameter twice": (400, lambda c, a: sign(c, a) + ', oauth_nonce="n"'),
    "in clear text": (400, lambda c, a: sign(c, a).replace("HMAC-SHA1", "PLAINTEXT")),
    "another method": (401, lambda c, a: sign(c, a, method="POST")),
    "another address": (401, lambda c, a: sign(c, a, url=f"{URL}/account")),
    "another host": (401, lambda c, a: sign(c, a, url="https://apple.example/session")),
    "another nonce": (401, lambda c, a: sign(c, a).replace('oauth_nonce="n"', 'oauth_nonce="m"')),
    "another secret": (401, lambda c, a: sign(replace(c, secrets={**c.secrets, "access_secret": "AS_"}), a)),
    "no secret": (401, lambda c, a: sign(replace(c, secrets={**c.secrets, "consumer_secret": ""}), a)),
    "another access token": (401, lambda c, a: sign(replace(c, secrets={**c.secrets, "access_token": "AT_"}), a)),
    "nobody's key": (401, lambda c, a: sign(replace(c, secrets={**c.secrets, "consumer_key": "CK_"}), a)),
    "an hour ago": (401, lambda c, a: sign(c, a, timestamp=int(a.clock().timestamp()) - 3600)),
    "in an hour": (401, lambda c, a: sign(c, a, timestamp=int(a.clock().timestamp()) + 3600)),
}


@pytest.mark.parametrize("what", BAD_SIGNATURES)
def test_t28_a_signature_that_is_not_true_opens_nothing(what: str) -> None:
    """What cannot be read is a bad request; what is not true is unauthorized, and no more is said."""
    apple = SmallApple()
    client = apple.client()
    status, make = BAD_SIGNATURES[what]
    answer = knock(apple, make(client, apple))
    assert answer.status == status
    assert answer.body in {b"BAD_REQUEST", b"UNAUTHORIZED"}
    assert "x-adm-auth-session" not in answer.headers
    assert knock(apple, sign(client, apple)).status == 200


def test_t28_a_signature_is_good_once() -> None:
    """Whoever overheard it cannot use it, even much later; the session that it opened goes on."""
    apple = SmallApple()
    client = apple.client()
    header = sign(client, apple)
    session = knock(apple, header).json()["auth_session_token"]
    for minutes in (0, 10, 10, 10):
        apple.clock.move(minutes=minutes)
        answer = knock(apple, header)
        assert (answer.status, answer.body) == (401, b"UNAUTHORIZED")
    client.session = session
    assert client.once("GET", "/account").status == 200


def test_t28_of_two_sessions_the_newer_is_good() -> None:
    """A server has one; who comes with the other is told to open one, and does not get on by that of another."""
    apple = SmallApple()
    first = apple.client()
    second = replace(first)
    first.open_session()
    second.open_session()
    answer = first.once("GET", "/account")
    assert (answer.status, answer.body) == (401, b"UNAUTHORIZED")
    assert second.once("GET", "/account").status == 200
    assert first.ask("GET", "/account") == second.ask("GET", "/account")


@pytest.mark.parametrize("session", ["", "0" * 64, "nonsense", "\x00"])
def test_t28_a_session_that_never_was_is_forbidden(session: str) -> None:
    """As with depsim after a restart; without any session one is unauthorized."""
    apple = SmallApple()
    client = apple.client()
    client.session = session
    answer = client.once("GET", "/account")
    assert (answer.status, answer.body) == ((403, b"FORBIDDEN") if session else (401, b"UNAUTHORIZED"))


def test_t28_a_session_ends_with_its_server_token() -> None:
    """Whoever downloads a new token in the portal has taken the old one away, with all that was opened by it."""
    apple = SmallApple()
    client = apple.client()
    client.open_session()
    renewed = apple.client()
    assert client.once("GET", "/account").status == 401
    assert client.open_session().status == 401
    assert renewed.ask("GET", "/account")


def test_t28_a_server_token_is_good_for_a_year() -> None:
    """An expired one opens no session, and ends the one that there is."""
    apple = SmallApple(DepSettings(session_life=timedelta(days=400)))
    client = apple.client()
    client.open_session()
    apple.clock.move(days=364)
    assert client.once("GET", "/account").status == 200
    apple.clock.move(days=1)
    assert client.once("GET", "/account").status == 401
    assert client.open_session().body == b"UNAUTHORIZED"


def flipped(cursor: str, at: int) -> str:
    """Return a cursor with one digit changed."""
    return cursor[:at] + ("0" if cursor[at] != "0" else "1") + cursor[at + 1 :]


def cursors(apple: SmallApple, client: DepClient) -> tuple[str, str]:
    """Return a cursor in the middle of a fetch and one at its end."""
    apple.order(3)
    middle = client.ask("POST", "/server/devices", {"limit": 2})
    end = client.ask("POST", "/server/devices", {"limit": 2, "cursor": middle["cursor"]})
    return middle["cursor"], end["cursor"]


def refused(client: DepClient, path: str, cursor: Any) -> tuple[int, bytes]:
    """Return what is said to a cursor."""
    answer = client.call("POST", path, {"cursor": cursor})
    return answer.status, answer.body


@pytest.mark.parametrize("path", ["/server/devices", "/devices/sync"])
def test_t28_a_cursor_that_was_made_up_or_changed_is_invalid(path: str) -> None:
    """Every digit of it is sealed."""
    apple = SmallApple()
    client = apple.client()
    middle, end = cursors(apple, client)
    forged = [flipped(cursor, at) for cursor in (middle, end) for at in range(len(cursor))]
    strange = ["00", "x", "\x00", " " + end, end + " ", end + "00", end[:-2], end[:8] + " " + end[8:], "é", "0" * 5000]
    for cursor in [*forged, *strange]:
        assert refused(client, path, cursor) == (400, b"INVALID_CURSOR")
    for cursor in (7, ["a"], {"a": 1}):
        assert refused(client, path, cursor) == (400, b"MALFORMED_REQUEST_BODY")


@pytest.mark.parametrize("path", ["/server/devices", "/devices/sync"])
def test_t28_a_cursor_of_another_server_is_invalid(path: str) -> None:
    """Neither of another server of the same organization, nor of another organization; nothing of theirs is told."""
    apple = SmallApple()
    _, end = cursors(apple, apple.client())
    _, foreign = apple.another()
    sibling = apple.manager.add_server(apple.organization, "Sibling").uuid
    for server in (foreign, sibling):
        assert refused(apple.client(apple.token(server)), path, end) == (400, b"INVALID_CURSOR")


@pytest.mark.parametrize("path", ["/server/devices", "/devices/sync"])
def test_t28_a_cursor_expires_after_seven_days(path: str) -> None:
    """And then everything has to be fetched anew."""
    apple = SmallApple()
    client = apple.client()
    middle, end = cursors(apple, client)
    good = middle if path == "/server/devices" else end
    apple.clock.move(days=7)
    assert client.call("POST", path, {"cursor": good}).status == 200
    apple.clock.move(seconds=1)
    for cursor in (middle, end):
        assert refused(client, path, cursor) == (400, b"EXPIRED_CURSOR")


def test_t28_a_cursor_at_the_end_of_a_fetch_is_exhausted_for_another() -> None:
    """Nothing is left to fetch; the cursor of a sync is no different."""
    apple = SmallApple()
    client = apple.client()
    _, end = cursors(apple, client)
    synced = client.ask("POST", "/devices/sync", {"cursor": end})["cursor"]
    for cursor in (end, synced):
        assert refused(client, "/server/devices", cursor) == (400, b"EXHAUSTED_CURSOR")
        assert client.call("POST", "/devices/sync", {"cursor": cursor}).status == 200


def test_t28_a_sync_goes_on_from_a_fetch_that_is_over() -> None:
    """In the middle of one it would lose the rest of the devices; without a cursor there is nothing to go on from."""
    apple = SmallApple()
    client = apple.client()
    middle, _ = cursors(apple, client)
    assert refused(client, "/devices/sync", middle) == (400, b"INVALID_CURSOR")
    assert client.call("POST", "/devices/sync", {}).body == b"CURSOR_REQUIRED"
    assert client.call("POST", "/devices/sync", {"cursor": ""}).body == b"CURSOR_REQUIRED"


def test_t28_what_is_anothers_can_be_neither_seen_nor_changed() -> None:
    """Devices and profiles of another server are as if they were not there."""
    apple = SmallApple()
    serials = apple.order(2)
    owner = apple.client()
    uuid = owner.ask("POST", "/profile", {"profile_name": "P", "url": "https://mdm.test/", "devices": serials[:1]})[
        "profile_uuid"
    ]
    _, other = apple.another()
    stranger = apple.client(apple.token(other))
    there, nowhere = serials[0], "NOWHERE1"
    for serial in (there, nowhere):
        asked = stranger.ask("POST", "/devices", {"devices": [serial]})["devices"][serial]
        assert asked == {"serial_number": serial, "response_status": "NOT_FOUND"}
        refusals = [
            stranger.ask("POST", "/devices/disown", {"devices": [serial]}),
            stranger.ask("DELETE", "/profile/devices", {"devices": [serial]}),
        ]
        assert [reply["devices"] for reply in refusals] == [{serial: "NOT_ACCESSIBLE"}] * 2
        locked = stranger.ask("POST", "/device/activationlock", {"device": serial})
        assert locked["response_status"] == "NOT_ACCESSIBLE"
    assert stranger.call("GET", f"/profile?profile_uuid={uuid}").body == b"PROFILE_NOT_FOUND"
    taken = stranger.call("PUT", "/profile/devices", {"profile_uuid": uuid, "devices": [there]})
    assert taken.body == b"PROFILE_NOT_FOUND"
    assert apple.manager.device(there).profile_uuid == uuid
    assert apple.manager.activation_lock(there) is None
    walker = Walker(stranger)
    walker.walk()
    assert walker.picture == {}


def test_t28_the_journal_knows_why_and_holds_no_secret() -> None:
    """A reason for every refusal, and nothing that would open a door."""
    apple = SmallApple()
    client = apple.client()
    middle, _ = cursors(apple, client)
    client.call("POST", "/devices/sync", {"cursor": flipped(middle, 0)})
    knock(apple, sign(client, apple).replace('oauth_nonce="n"', 'oauth_nonce="m"'))
    apple.start()
    client.once("GET", "/account")
    assert apple.reasons() == ["not one of ours", "signature", "unknown session"]
    written = repr(apple.journal.entries())
    secrets = [client.session, middle, *client.secrets.values()]
    assert not [secret for secret in secrets if str(secret) in written]
