"""Calling Apple: sessions that end, tokens that rotate, servers in trouble, and how often is too often."""

from __future__ import annotations

import pytest

from mdm_server.domain.abm.tokens import AbmToken
from mdm_server.domain.refusal import Refusal
from mdm_server.service.abm.client import TRIES, AbmClient, AbmRefused
from mdm_server.service.calling import Called
from mdm_server.wire.dep import DepProfile, ResponseStatus
from mdm_server.wire.dep_errors import DepErrorCode
from rigs.abm_office import AbmOffice, lost, refuses

SERIAL = "C39ABM000001"


@pytest.fixture
def client(office: AbmOffice, token: AbmToken) -> AbmClient:
    """Return what calls for the token."""
    return office.abm.clients.of(token)


async def test_one_session_serves_every_call_and_every_endpoint(office: AbmOffice, client: AbmClient) -> None:
    """Account, fetch, sync, details, profile, assign, remove, lock, disown: one OAuth exchange for all of them."""
    office.order(SERIAL)
    account = await client.account()
    assert (account.server_uuid, account.org_name) == (office.server, "Example")
    page = await client.fetch(None, 100)
    assert [device.serial_number for device in page.devices] == [SERIAL]
    assert (await client.sync(page.cursor, 100)).devices == ()
    assert (await client.details([SERIAL])).devices[SERIAL].model == "iPhone 16"
    defined = await client.define(
        DepProfile(profile_name="corporate", url="https://mdm.example", department="IT", support_phone_number="1")
    )
    assert defined.profile_uuid is not None
    assert (await client.profile(defined.profile_uuid)).profile_name == "corporate"
    assert (await client.assign(defined.profile_uuid, [SERIAL])).devices == {SERIAL: ResponseStatus.SUCCESS}
    assert (await client.remove([SERIAL])).devices == {SERIAL: ResponseStatus.SUCCESS}
    assert (await client.activation_lock(SERIAL, None, "Lost")).serial_number == SERIAL
    assert (await client.disown([SERIAL])).devices == {SERIAL: ResponseStatus.SUCCESS}
    assert office.line.count("GET /session") == 1


async def test_a_session_that_is_over_is_opened_anew_and_the_call_made_again(
    office: AbmOffice, client: AbmClient
) -> None:
    """401, and 403 FORBIDDEN, which is what a restarted Apple says."""
    await client.account()
    for disturbed in (refuses(401, "UNAUTHORIZED"), refuses(403, '"FORBIDDEN"')):
        office.line.asked.clear()
        answers = iter([disturbed])
        office.line.disturb = lambda asked, answers=answers: next(answers, None)  # type: ignore[misc]
        assert (await client.account()).server_uuid == office.server
        assert office.line.asked == ["GET /account", "GET /session", "GET /account"]


async def test_a_server_that_says_forbidden_for_ever_is_not_asked_for_ever(
    office: AbmOffice, client: AbmClient
) -> None:
    """Two sessions, and no more."""
    office.line.disturb = lambda asked: refuses(403, "FORBIDDEN") if asked.endswith("/account") else None
    with pytest.raises(AbmRefused) as refused:
        await client.account()
    assert refused.value.word is DepErrorCode.FORBIDDEN
    assert office.line.asked == ["GET /session", "GET /account"] * 2


async def test_a_session_that_is_denied_is_asked_for_once_more_and_no_more(
    office: AbmOffice, client: AbmClient
) -> None:
    """A token that was replaced in the portal."""
    office.line.disturb = lambda asked: refuses(401, "UNAUTHORIZED")
    with pytest.raises(AbmRefused, match="unauthorized"):
        await client.account()
    assert office.line.asked == ["GET /session"] * 2


async def test_any_answer_may_bring_another_session(office: AbmOffice, client: AbmClient) -> None:
    """A refusal, too; the next call goes by it."""
    spoken: list[str] = []
    real = office.line.apple
    assert real is not None

    async def call(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Called:
        spoken.append(headers.get("X-ADM-Auth-Session", ""))
        if url.endswith("/session"):
            return Called(200, {}, b'{"auth_session_token": "first"}')
        return Called(200, {"x-adm-auth-session": f"after {spoken[-1]}"}, b'{"server_name": "Stores"}')

    office.line.call = call  # type: ignore[method-assign, assignment]
    for _ in range(3):
        await client.account()
    assert spoken == ["", "first", "after first", "after after first"]


@pytest.mark.parametrize("trouble", [lambda: refuses(503, "SERVICE_UNAVAILABLE"), lost])
async def test_a_call_that_failed_on_its_way_is_made_again_and_at_last_given_up(
    office: AbmOffice, client: AbmClient, trouble: object
) -> None:
    """Three times in all."""
    await client.account()
    assert callable(trouble)
    left = [TRIES - 1]

    def disturb(asked: str) -> Called | None:
        left[0] -= 1
        return trouble() if left[0] >= 0 else None

    office.line.disturb = disturb
    assert (await client.account()).server_uuid == office.server
    left[0], office.line.asked = 99, []
    with pytest.raises(Refusal) as refused:
        await client.account()
    assert refused.value.event in {"abm.unreachable:broken", "abm.refused:service_unavailable"}
    assert office.line.asked == ["GET /account"] * TRIES


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"retry-after": "120"}, 120),
        ({}, 60),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "9" * 5000}, 60),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "999999999"}, 86_400),
    ],
)
async def test_a_request_for_patience_is_not_answered_with_another_call(
    office: AbmOffice, client: AbmClient, told: dict[str, str], expected: int
) -> None:
    """429 with Retry-After, or without one that makes sense."""
    await client.account()
    office.line.asked.clear()
    office.line.disturb = lambda asked: refuses(429, "TOO_MANY_REQUESTS", **told)
    with pytest.raises(AbmRefused) as refused:
        await client.account()
    assert (refused.value.answered, refused.value.retry_after) == (429, expected)
    assert office.line.asked == ["GET /account"]


async def test_an_answer_that_nobody_understands_is_a_refusal(office: AbmOffice, client: AbmClient) -> None:
    """A proxy's page, or an error that has no name."""
    await client.account()
    for answer, event in (
        (Called(200, {}, b"<html>"), "abm.refused:malformed_answer"),
        (Called(418, {}, b"teapot"), "abm.refused:http_418"),
    ):
        office.line.disturb = lambda asked, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(Refusal) as refused:
            await client.account()
        assert refused.value.event == event
