from __future__ import annotations

import base64
from datetime import timedelta
from itertools import count

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.web.api import token_hash
from mdm_server.web.uem.access import MOST_TOKENS, TOKEN_LIFETIME, AccessTokens, ApiAccount, Gate
from mdm_server.wire.basic_authorization import basic_pair
from rigs.service import HandClock

ACCOUNT = ApiAccount("api", token_hash("pass:word"), token_hash("tenant"))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def clock(now: object) -> HandClock:
    """Return a clock that a test moves."""
    return HandClock(now)  # type: ignore[arg-type]


@pytest.fixture
def gate(clock: HandClock) -> Gate:
    """Return the gate of an API user."""
    numbers = count()
    return Gate(ACCOUNT, AccessTokens(clock, lambda length: next(numbers).to_bytes(length, "big")))


def test_name_password_and_tenant_code_together_open_the_gate(gate: Gate) -> None:
    """All three are right, a colon in the password included."""
    gate.check(_basic("api", "pass:word"), "tenant")


@pytest.mark.parametrize(
    ("authorization", "tenant", "status"),
    [
        ("", None, 401),
        ("", "tenant", 401),
        (_basic("api", "wrong"), "tenant", 401),
        (_basic("root", "pass:word"), "tenant", 401),
        (_basic("api", token_hash("pass:word")), "tenant", 401),
        ("Basic", "tenant", 401),
        ("Basic !!!", "tenant", 401),
        ("Basic YXBp", "tenant", 401),
        ("Basic /////w==", "tenant", 401),
        ("Bearer None", "tenant", 401),
        ("Bearer ", "tenant", 401),
        ("Digest api", "tenant", 401),
        (_basic("api", "wrong"), "wrong", 401),
        (_basic("api", "pass:word"), None, 403),
        (_basic("api", "pass:word"), "", 403),
        (_basic("api", "pass:word"), "TENANT", 403),
    ],
)
def test_anything_less_does_not(gate: Gate, authorization: str, tenant: str | None, status: int) -> None:
    """Wrong credentials are 401, whatever the tenant code; only then a wrong tenant code is 403."""
    with pytest.raises(Refusal) as refused:
        gate.check(authorization, tenant)
    assert refused.value.status == status


def test_a_bearer_lives_for_an_hour_and_needs_no_tenant_code(gate: Gate, clock: HandClock) -> None:
    """The token says whose it is; a tenant code that is sent all the same has to be right."""
    token = gate.tokens.issue()
    gate.check(f"Bearer {token}", None)
    gate.check(f"bearer {token}", "tenant")
    with pytest.raises(Refusal, match=r"another one") as refused:
        gate.check(f"Bearer {token}", "wrong")
    assert refused.value.status == 403
    clock.pass_time(seconds=TOKEN_LIFETIME.total_seconds() - 1)
    gate.check(f"Bearer {token}", None)
    clock.pass_time(seconds=1)
    with pytest.raises(Refusal, match=r"not ours"):
        gate.check(f"Bearer {token}", None)


def test_a_client_that_never_stops_asking_fills_no_memory(gate: Gate, clock: HandClock) -> None:
    """The oldest token goes when there are too many, and those that ran out go first."""
    first = gate.tokens.issue()
    clock.now += timedelta(seconds=1)
    second = gate.tokens.issue()
    gate.tokens._expiry.update({f"hash-{number}": clock() + TOKEN_LIFETIME for number in range(MOST_TOKENS - 2)})
    gate.tokens.issue()
    assert not gate.tokens.accept(first)
    assert gate.tokens.accept(second)
    assert len(gate.tokens._expiry) == MOST_TOKENS


def test_a_name_may_not_contain_a_colon_but_a_password_may() -> None:
    """RFC 7617 §2."""
    assert basic_pair(base64.b64encode(b"a:b:c").decode()) == ("a", "b:c")
