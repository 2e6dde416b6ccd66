from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mdm_server.web.application import api_document
from mdm_server.web.subjects import SUBJECTS
from rigs.sockets import SocketRig

OPERATIONS = [(method.upper(), path) for path, methods in api_document()["paths"].items() for method in methods]
# Everything a caller without a token could be tempted with: nothing, garbage, and things that only look right.
CREDENTIALS: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {"Authorization": ""},
    "garbage": {"Authorization": "Bearer garbage"},
    "another scheme": {"Authorization": "Basic YWRtaW46YWRtaW4="},
    "no token": {"Authorization": "Bearer "},
    "a hash": {"Authorization": f"Bearer {'0' * 64}"},
    "not ASCII": {"Authorization": "Bearer \xff\xfe"},
}


def test_the_document_is_openapi_3_1() -> None:
    """A validator that nobody here wrote accepts the document."""
    OpenAPIV31SpecValidator(api_document()).validate()
    assert api_document()["openapi"].startswith("3.1")


def test_every_operation_is_in_the_document_once_with_words_for_people() -> None:
    """The document has every operation, under a name of its own, with a summary that fits a table of contents."""
    described = [operation for methods in api_document()["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in described]
    assert len(names) == len(set(names)) == sum(len(list(subject)) for subject in SUBJECTS)
    assert all(0 < len(operation["summary"]) <= 40 for operation in described)


def test_the_issue_s_subjects_are_all_there() -> None:
    """Devices, commands, queues, events and profiles each have their address."""
    paths = set(api_document()["paths"])
    for wanted in ("devices", "devices/{udid}/commands", "devices/{udid}/queue", "events", "profiles"):
        assert f"/api/v1/{wanted}" in paths


@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_t60_no_operation_answers_without_a_token(rig: SocketRig, credential: str) -> None:
    """T-60: every operation of the document, with nonsense for input, is 401 before anything is validated."""
    for method, template in OPERATIONS:
        path = re.sub(r"{\w+}", "x", template).removeprefix("/api/v1")
        status, problem, headers = await rig.call(
            method, path + "?nonsense=1", token=None, data=b"{nonsense", headers=CREDENTIALS[credential]
        )
        assert (status, problem["code"]) == (401, "api.unauthorized"), (method, template)
        assert headers["WWW-Authenticate"].startswith("Bearer")


async def test_every_operation_refuses_an_unknown_parameter(rig: SocketRig) -> None:
    """A parameter nobody knows is an error, not a surprise (T-71)."""
    for method, template in OPERATIONS:
        path = re.sub(r"{\w+}", "0" * 64, template).removeprefix("/api/v1")
        status, problem, _ = await rig.call(method, path + "?nonsense=1")
        assert (status, problem["code"]) == (422, "api.invalid"), (method, template)


async def test_the_document_and_its_page_are_served_and_load_nothing(rig: SocketRig) -> None:
    """The page names no address but those of this server, and forbids itself to load anything."""
    async with rig.session.get(f"{rig.server.url}/api/openapi.json", ssl=rig.tls) as response:
        assert msgspec.json.decode(await response.read()) == api_document()
    async with rig.session.get(f"{rig.server.url}/api/docs", ssl=rig.tls) as response:
        page = await response.text()
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page)


async def test_the_page_shows_every_operation_and_type(rig: SocketRig) -> None:
    """Whatever is in the document can be read on the page, and every link on the page leads somewhere."""
    async with rig.session.get(f"{rig.server.url}/api/docs", ssl=rig.tls) as response:
        page = await response.text()
    document: dict[str, Any] = api_document()
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert {operation["operationId"] for each in document["paths"].values() for operation in each.values()} <= anchors
    assert {f"type-{name}" for name in document["components"]["schemas"]} <= anchors
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
