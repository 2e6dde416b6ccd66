"""Tokens, and how far one has read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mdm_server.domain.abm.tokens import AbmToken, Phase, TokenState

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TOKEN = AbmToken(id=1, name="stores", identity=b"key", created_at=NOON)


def test_a_token_waits_is_active_and_expires() -> None:
    """At its end, not after it."""
    assert TOKEN.state(NOON) is TokenState.WAITING
    uploaded = replace(TOKEN, secrets=b"secret", expires_at=NOON + timedelta(days=365))
    assert uploaded.state(NOON) is TokenState.ACTIVE
    assert uploaded.state(NOON + timedelta(days=365)) is TokenState.EXPIRED


def test_a_token_that_begins_anew_forgets_its_cursor_and_counts() -> None:
    """So that what is not in the next fetch is found to be gone."""
    read = replace(TOKEN, phase=Phase.SYNC, cursor="MDow", generation=3)
    begun = read.begun_anew()
    assert (begun.phase, begun.cursor, begun.generation) == (Phase.FETCH, None, 4)


def test_what_is_secret_about_a_token_is_not_shown() -> None:
    """Neither the key nor the token."""
    shown = repr(replace(TOKEN, secrets=b"secret", expires_at=NOON))
    assert "key" not in shown
    assert "secret" not in shown
