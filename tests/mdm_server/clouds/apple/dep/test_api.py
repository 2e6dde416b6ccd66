"""The API in front of everything: who calls, what was arranged to fail, and in what shape no is said."""

from __future__ import annotations

from typing import Any

import pytest

from mdm_server.clouds.apple.dep.settings import DepSettings
from mdm_server.clouds.call import Call
from rigs.dep_client import LostError, Walker
from rigs.dep_service import URL, SmallApple

PROFILE = {"profile_name": "P", "url": "https://mdm.test/"}


@pytest.mark.parametrize(
    ("shape", "body", "content_type"),
    [
        ("bare", b"CURSOR_REQUIRED", "text/plain"),
        ("quoted", b'"CURSOR_REQUIRED"', "text/plain"),
        ("json", b'{"code":"CURSOR_REQUIRED"}', "application/json"),
    ],
)
def test_no_is_said_in_the_shape_that_was_chosen(shape: Any, body: bytes, content_type: str) -> None:
    """As Apple, as depsim, or as some test servers say it."""
    answer = SmallApple(DepSettings(error_body=shape)).client().call("POST", "/devices/sync", {})
    assert (answer.status, answer.body, answer.headers["content-type"]) == (400, body, content_type)


def test_an_address_that_there_is_not_is_not_found() -> None:
    """Whoever asks; a slash at the end is no other address."""
    client = SmallApple().client()
    assert client.once("GET", "/nowhere").body == b"NOT_FOUND"
    assert client.ask("GET", "/account/")


def test_another_verb_is_an_invalid_method() -> None:
    """For a session as for everything in it."""
    client = SmallApple().client()
    assert client.once("POST", "/session").status == 405
    assert client.call("POST", "/account").body == b"INVALID_METHOD"


@pytest.mark.parametrize(
    ("agent", "word"),
    [
        ("", b"USER_AGENT_MISSING"),
        ("  ", b"USER_AGENT_MISSING"),
        ("Go-http-client/1.1", b"USER_AGENT_INVALID"),
        ("python-requests/2.32", b"USER_AGENT_INVALID"),
        ("Python/3.11 aiohttp/3.14", b"USER_AGENT_INVALID"),
        ("/1.0", b"USER_AGENT_INVALID"),
        ("fleet/4.70 (linux)", None),
        ("walker", None),
    ],
)
def test_who_does_not_say_what_it_is_is_sent_away_where_that_was_wanted(agent: str, word: bytes | None) -> None:
    """Apple does so, by rules that it has not published; a library's own name is not enough."""
    for strict in (True, False):
        client = SmallApple(DepSettings(strict_user_agent=strict)).client()
        client.agent = agent
        answer = client.open_session()
        expected = (400, word) if strict and word else (200, answer.body)
        assert (answer.status, answer.body) == expected


@pytest.mark.parametrize("version", ["", "0", "9", "10", "x", "²"])
def test_a_protocol_version_is_insisted_on_where_that_was_wanted(version: str) -> None:
    """Otherwise whoever names none that there is gets the newest."""
    for strict, status in ((True, 400), (False, 200)):
        apple = SmallApple(DepSettings(strict_protocol_version=strict))
        client = apple.client()
        client._headers = lambda more: {"X-Server-Protocol-Version": version, **more}  # type: ignore[method-assign]
        assert client.open_session().status == status


def test_a_failure_of_a_session_is_met_by_whoever_has_signed_truly() -> None:
    """A wrong signature does not use it up."""
    apple = SmallApple()
    client, stranger = apple.client(), apple.client()
    apple.fail("get_session", "forbidden_access_denied")
    assert client.open_session().status == 401
    assert stranger.open_session().body == b"ACCESS_DENIED"
    assert stranger.open_session().status == 200


@pytest.mark.parametrize(
    ("point", "method", "path", "content"),
    [
        ("post_devices", "POST", "/devices", {"devices": ["C000000"]}),
        ("post_devices_disown", "POST", "/devices/disown", {"devices": ["C000000"]}),
        ("post_profile", "POST", "/profile", {**PROFILE, "devices": ["C000000"]}),
        ("put_profile_devices", "PUT", "/profile/devices", {"devices": ["C000000"]}),
        ("put_profile_devices", "POST", "/profile/devices", {"devices": ["C000000"]}),
        ("delete_profile_devices", "DELETE", "/profile/devices", {"devices": ["C000000"]}),
        ("post_activationlock", "POST", "/device/activationlock", {"device": "C000000"}),
    ],
)
@pytest.mark.parametrize(("word", "status"), [("not_accessible", "NOT_ACCESSIBLE"), ("failed", "FAILED")])
def test_devices_of_a_request_can_be_made_to_fail(
    point: str, method: str, path: str, content: dict[str, Any], word: str, status: str
) -> None:
    """The request goes well, each of its devices does not, and nothing happens to it."""
    apple = SmallApple()
    apple.order(1)
    client = apple.client()
    uuid = client.ask("POST", "/profile", PROFILE)["profile_uuid"]
    apple.fail(point, word)
    told = client.ask(method, path, {"profile_uuid": uuid, **content} if "profile/d" in path else content)
    found = told["response_status"] if "response_status" in told else told["devices"]["C000000"]
    assert (found["response_status"] if isinstance(found, dict) else found) == status
    device = apple.manager.device("C000000")
    assert device is not None
    assert device.profile_uuid is None
    assert apple.manager.activation_lock("C000000") is None


def test_a_request_without_devices_cannot_be_made_to_fail_for_them() -> None:
    """It is not found as a whole."""
    apple = SmallApple()
    client = apple.client()
    client.open_session()
    apple.fail("get_account", "not_found")
    apple.fail("get_session", "not_found")
    assert client.once("GET", "/account").status == 404
    assert client.open_session().status == 404


@pytest.mark.parametrize(("delay", "seconds"), [(0.0, 60), (0.2, 1), (7.0, 7)])
def test_who_asks_too_much_is_told_how_long_to_wait(delay: float, seconds: int) -> None:
    """As a whole with 429, or device by device; the answer itself is not late."""
    apple = SmallApple()
    apple.order(1)
    client = apple.client()
    uuid = client.ask("POST", "/profile", PROFILE)["profile_uuid"]
    apple.fail("get_account", "too_many_requests", delay=delay)
    answer = client.once("GET", "/account")
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b"TOO_MANY_REQUESTS", str(seconds))
    apple.fail("put_profile_devices", "throttled", delay=delay)
    throttled = client.ask("PUT", "/profile/devices", {"profile_uuid": uuid, "devices": ["C000000"]})
    assert throttled["devices"] == {"C000000": "THROTTLED"}
    assert throttled["retry_after_seconds"] == seconds


def test_a_call_can_be_late_be_lost_or_lose_its_answer() -> None:
    """What was lost on its way back was done."""
    apple = SmallApple()
    client = apple.client()
    client.open_session()
    path = "/account-driven-enrollment/profile"
    for response, is_done in (("cut", False), ("lost", True)):
        apple.fail("post_account_driven_profile", response)
        with pytest.raises(LostError):
            client.once("POST", path, {"mdm_service_discovery_url": f"https://mdm.test/{response}"})
        assert (apple.manager.discovery_url(apple.server) is not None) is is_done
    apple.fail("get_account", "delayed", delay=3.0)
    headers = {"x-adm-auth-session": client.session or ""}
    reply = apple.api.answer(Call(method="GET", url=f"{URL}/account", path="/account", headers=headers))
    assert (reply.status, reply.delay, reply.cut) == (200, 3.0, False)


def test_a_failure_that_is_late_is_late() -> None:
    """And is what it is."""
    apple = SmallApple()
    client = apple.client()
    client.open_session()
    apple.fail("get_account", "unavailable", delay=2.0)
    headers = {"x-adm-auth-session": client.session or ""}
    reply = apple.api.answer(Call(method="GET", url=f"{URL}/account", path="/account", headers=headers))
    assert (reply.status, reply.body, reply.delay) == (503, b"SERVICE_UNAVAILABLE", 2.0)


def test_a_simulator_that_says_no_for_ever_says_it_as_often_as_it_was_told() -> None:
    """Clients exist that ask again at once: a failure strikes once unless somebody counts."""
    apple = SmallApple()
    apple.order(1)
    walker = Walker(apple.client())
    walker.walk()
    apple.fail("post_devices_sync", "bad_request_invalid_cursor")
    walker.walk()
    assert walker.begun_anew == 1
    assert sorted(walker.picture) == ["C000000"]


def test_the_journal_says_what_was_asked_and_no_essay() -> None:
    """An address is as long as its caller likes."""
    apple = SmallApple()
    client = apple.client()
    client.once("GET", "/" + "x" * 500)
    told = apple.told("refused")[0]
    assert len(str(told["asked"])) == 80
    assert told["code"] == "NOT_FOUND"
