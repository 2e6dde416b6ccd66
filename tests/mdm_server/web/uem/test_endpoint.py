from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.web.uem.access import TOKEN_LIFETIME
from rigs.sockets import say, status_of
from rigs.uem_caller import Caller, basic

JSON = "application/json; charset=utf-8"
INFO = "/api/system/info"
GRANT = {"grant_type": "client_credentials"}


async def test_every_error_is_one_document_under_one_content_type(caller: Caller) -> None:
    """pyws1uem recognizes errors by these very bytes of the content type, and by `errorCode`."""
    told = await caller.call("GET", "/api/mdm/nothing")
    assert (told.status, told.headers["Content-Type"]) == (404, JSON)
    assert set(told.document) == {"errorCode", "message", "activityId"}
    assert (told.document["errorCode"], told.headers["x-correlation-id"]) == (404, told.document["activityId"])
    UUID(told.document["activityId"])
    _, journal, _ = await caller.rig.call("GET", "/events?event=api.not_found")
    assert len(journal["events"]) == 1


@pytest.mark.parametrize("path", [INFO, "/api/mdm/nothing", "/API/", "/api/v1/mdm/nothing"])
async def test_who_does_not_say_who_it_is_learns_nothing(caller: Caller, path: str) -> None:
    """Without credentials every address gives the same error 1005, those included that there are not."""
    told = await caller.call("GET", path, headers={})
    assert (told.status, told.document["errorCode"], told.headers["Content-Type"]) == (401, 1005, JSON)
    assert "remote service client credentials" in told.document["message"]


async def test_a_wrong_password_is_1005_and_a_wrong_tenant_code_1013(caller: Caller) -> None:
    """The two errors of the real API, with the statuses its clients expect."""
    wrong = {**caller.headers, "Authorization": basic("api", "wrong")}
    told = await caller.call("GET", INFO, headers=wrong)
    assert (told.status, told.document["errorCode"]) == (401, 1005)
    told = await caller.call("GET", INFO, headers={**caller.headers, "aw-tenant-code": "wrong"})
    assert (told.status, told.document["errorCode"]) == (403, 1013)
    assert "Organization Group" in told.document["message"]
    told = await caller.call("GET", INFO, headers={"Authorization": caller.headers["Authorization"]})
    assert (told.status, told.document["errorCode"]) == (403, 1013)


async def test_our_own_token_does_not_open_their_api_nor_theirs_ours(caller: Caller) -> None:
    """Two APIs, two kinds of administrator."""
    told = await caller.call("GET", INFO, headers={"Authorization": f"Bearer {caller.rig.server.admin_token}"})
    assert told.status == 401
    for secret in (caller.credentials.password, caller.credentials.tenant_code):
        status, _, _ = await caller.rig.call("GET", "/server", token=secret)
        assert status == 401


@pytest.mark.parametrize(
    "path", [INFO, INFO + "/", "/API/System/INFO", "/api/v1/system/info", "/Api/V1/System/Info/", "/api/v1/SYSTEM/info"]
)
async def test_an_address_in_all_its_spellings(caller: Caller, path: str) -> None:
    """Case, a trailing slash, and the version in the path, where our own API lives."""
    told = await caller.call("GET", path)
    assert (told.status, told.document["ProductName"].startswith("mdmsim")) == (200, True)


async def test_an_answer_says_its_version(caller: Caller) -> None:
    """The headers of the real API, and its content type; a version that there is not is 406."""
    told = await caller.call("GET", INFO, version=1)
    assert told.headers["Content-Type"] == JSON
    assert (told.headers["x-api-version"], told.headers["api-supported-versions"]) == ("v1", "1")
    told = await caller.call("GET", INFO, version=9)
    assert (told.status, told.document["errorCode"]) == (406, 406)
    told = await caller.call("GET", INFO, headers={**caller.headers, "Accept": "application/xml"})
    assert told.status == 406


async def test_a_method_that_an_address_does_not_take(caller: Caller) -> None:
    """405, in the shape of every other error."""
    told = await caller.call("DELETE", INFO)
    assert (told.status, told.document["errorCode"]) == (405, 405)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/mdm/staging/androidwork/qrcodeenrollment"),
        ("GET", "/api/mdm/staging/7/sideload"),
    ],
)
async def test_the_addresses_of_what_is_not_here_are_reserved(caller: Caller, method: str, path: str) -> None:
    """They exist, and say that nothing is behind them yet."""
    told = await caller.call(method, path)
    assert (told.status, told.document["errorCode"]) == (501, 501)


async def test_bodies_have_limits(caller: Caller) -> None:
    """Too large, or compressed: refused unread, in the shape of every other error."""
    told = await caller.call("GET", INFO, data=io.BytesIO(bytes(2 * 1024 * 1024)))
    assert (told.status, told.document["errorCode"]) == (413, 413)
    told = await caller.call("GET", INFO, headers={**caller.headers, "Content-Encoding": "gzip"}, data=b"{}")
    assert (told.status, told.document["errorCode"]) == (415, 415)


async def test_a_client_gets_a_token_and_calls_with_it(caller: Caller) -> None:
    """OAuth 2 client credentials, in the body or by Basic; the answer's content type is the one traps are made of."""
    client = {"client_id": caller.credentials.user, "client_secret": caller.credentials.password}
    for path, options in (
        ("/connect/token", {"data": {**GRANT, **client}, "headers": {}}),
        ("/Connect/Token", {"data": GRANT, "headers": {"Authorization": caller.headers["Authorization"]}}),
    ):
        told = await caller.call("POST", path, **options)  # type: ignore[arg-type]
        assert (told.status, told.headers["Content-Type"]) == (200, "application/json; charset=UTF-8")
        assert told.headers["Cache-Control"] == "no-store"
        assert (told.document["token_type"], told.document["expires_in"]) == ("Bearer", TOKEN_LIFETIME.seconds)
        bearer = {"Authorization": f"Bearer {told.document['access_token']}"}
        assert (await caller.call("GET", INFO, headers=bearer)).status == 200
        with_code = {**bearer, "aw-tenant-code": caller.credentials.tenant_code}
        assert (await caller.call("GET", INFO, headers=with_code)).status == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({**GRANT, "client_id": "api", "client_secret": "wrong"}, 401, "invalid_client"),
        (GRANT, 401, "invalid_client"),
        ({"grant_type": "password", "client_id": "api"}, 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
    ],
)
async def test_the_token_endpoint_says_no_as_oauth_does(
    caller: Caller, form: dict[str, str], status: int, error: str
) -> None:
    """RFC 6749 §5.2."""
    told = await caller.call("POST", "/connect/token", headers={}, data=form)
    assert (told.status, told.document) == (status, {"error": error})


async def test_the_token_endpoint_takes_no_other_method(caller: Caller) -> None:
    """RFC 6749 §3.2: POST."""
    told = await caller.call("GET", "/connect/token", headers={})
    assert (told.status, told.document["errorCode"]) == (405, 405)
    told = await caller.call("POST", "/connect/token", headers={}, data=b"grant_type=\xff")
    assert (told.status, told.document["errorCode"]) == (400, 400)


async def test_a_body_that_is_not_framed_as_it_says_ends_the_connection(caller: Caller) -> None:
    """Nothing after it can be trusted."""
    head = f"GET {INFO} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in caller.headers.items())
    answer = await say(caller.rig.plain, f"{head}\r\nnonsense\r\n".encode())
    assert status_of(answer) == 400


async def test_a_server_that_cannot_take_more_says_when_to_come_back(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, in the shape of every other error."""

    def busy(**_: Any) -> None:
        raise Refusal("limit.overload")

    monkeypatch.setattr("mdm_server.web.uem.endpoint.Asked", busy)
    told = await caller.call("GET", INFO)
    assert (told.status, told.document["errorCode"], told.headers["Retry-After"]) == (503, 503, "1")


async def test_a_defect_is_a_500_with_the_number_under_which_the_log_has_it(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong, nothing of it is in the answer."""

    def broken(**_: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("mdm_server.web.uem.endpoint.Asked", broken)
    told = await caller.call("GET", INFO)
    assert (told.status, told.document["errorCode"]) == (500, 500)
    assert "secret" not in str(told.document)
    assert told.document["activityId"] in caplog.text
