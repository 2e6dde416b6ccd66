"""Whatever is sent to the API, it is answered."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm_server.wire.dep_errors import DepErrorCode
from rigs.dep_client import Answer, DepClient
from rigs.dep_service import URL, SmallApple

PATHS = (
    "/account",
    "/server/devices",
    "/devices/sync",
    "/devices",
    "/devices/disown",
    "/device/activationlock",
    "/profile",
    "/profile/devices",
    "/os-beta-enrollment/tokens",
    "/account-driven-enrollment/profile",
)
NAMES = st.sampled_from(
    ["cursor", "limit", "devices", "device", "profile_uuid", "profile_name", "url", "escrow_key", "is_supervised"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("C000000"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
BODIES = st.binary(max_size=64) | st.dictionaries(NAMES, VALUES, max_size=6).map(lambda it: json.dumps(it).encode())


@pytest.fixture(scope="module")
def client() -> DepClient:
    """Return a client of a server with three devices."""
    apple = SmallApple()
    apple.order(3)
    return apple.client()


def said(client: DepClient, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
    """Return what is said to a call that no client would make."""
    return client.wire(method, f"{URL}{path}", headers, body)


@settings(max_examples=400, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    path=st.sampled_from(PATHS),
    body=BODIES | st.just(b'{"devices": ["\\ud800"], "profile_uuid": "\\udfff", "cursor": "\\ud800"}'),
    query=st.dictionaries(NAMES, st.text(max_size=40), max_size=2),
)
def test_every_call_is_answered(client: DepClient, method: str, path: str, body: bytes, query: dict[str, str]) -> None:
    """With 200 and JSON, or with a word and the status that goes with it."""
    if client.session is None:
        client.open_session()
    headers = {"X-ADM-Auth-Session": client.session or ""}
    answer = said(client, method, f"{path}?{urlencode(query)}", headers, body)
    if answer.status == 200:
        assert not answer.body or answer.json() is not None
    else:
        assert DepErrorCode(answer.body.decode()).status == answer.status


@given(
    header=st.text(st.characters(), max_size=200)
    | st.binary(max_size=60).map(lambda it: "OAuth " + it.decode("latin-1"))
)
def test_every_knock_is_answered(client: DepClient, header: str) -> None:
    """No header opens a session but one that was signed."""
    assert said(client, "GET", "/session", {"Authorization": header}).status in {400, 401}
