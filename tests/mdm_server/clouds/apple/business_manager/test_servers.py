"""Servers and their tokens."""

from __future__ import annotations

from datetime import timedelta

from mdm_server.clouds.apple.business_manager.depsim_token import DEPSIM_TOKEN
from rigs.dep_service import NOON, SmallApple


def test_each_server_has_one_token_of_its_own() -> None:
    """A new one ends that server's old one, and nobody else's."""
    apple = SmallApple()
    second = apple.manager.add_server(apple.organization, "Second").uuid
    program = apple.manager.program
    first, other = apple.token(), apple.token(second)
    renewed = apple.token()
    assert len({token.consumer_key for token in (first, other, renewed)}) == 3
    assert program.holder(first.consumer_key) is None
    for token, server in ((other, second), (renewed, apple.server)):
        holder = program.holder(token.consumer_key)
        assert holder is not None
        assert holder.server_uuid == server
        assert holder.expires == token.access_token_expiry == NOON + timedelta(days=365)


def test_who_holds_a_token_shows_no_secret() -> None:
    """Nor does the token."""
    apple = SmallApple()
    token = apple.token()
    holder = apple.manager.program.holder(token.consumer_key)
    shown = f"{holder} {token}"
    assert not [
        secret for secret in (token.consumer_secret, token.access_token, token.access_secret) if secret in shown
    ]


def test_depsims_token_is_like_any_other_once_it_is_there() -> None:
    """It is known to nobody before, and a token that the portal makes ends it."""
    apple = SmallApple()
    program = apple.manager.program
    assert program.holder(DEPSIM_TOKEN.consumer_key) is None
    server = apple.manager.depsim_server(apple.organization)
    assert program.holder(DEPSIM_TOKEN.consumer_key) is not None
    apple.token(server.uuid)
    assert program.holder(DEPSIM_TOKEN.consumer_key) is None
