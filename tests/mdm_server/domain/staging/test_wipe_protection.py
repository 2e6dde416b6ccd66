"""Wipe protection: how many wipes pass, and who decides about the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.settings import WipeThreshold
from mdm_server.domain.staging.wipe_protection import WipeEvent, WipeKind, WipeRequest, WipeState, advance, must_hold
from rigs.staging_records import NOW

S, E = WipeState, WipeEvent
TWO_AN_HOUR = WipeThreshold(2, 60)
SENT = WipeRequest(1, 5, 1, WipeKind.ENTERPRISE, S.SENT, NOW - timedelta(minutes=10), "admin")


def test_as_many_wipes_pass_as_the_threshold_says() -> None:
    """Whether or not the devices have answered; the next one waits (row 65)."""
    assert not must_hold([], TWO_AN_HOUR, NOW)
    assert not must_hold([SENT], TWO_AN_HOUR, NOW)
    assert must_hold([SENT, replace(SENT, state=S.DONE)], TWO_AN_HOUR, NOW)
    assert not must_hold([SENT] * 9, None, NOW)
    assert must_hold([], WipeThreshold(0, 60), NOW)


def test_wipes_of_an_hour_ago_do_not_count_and_rejected_ones_neither() -> None:
    """The window moves along."""
    old = replace(SENT, requested_at=NOW - timedelta(minutes=60))
    rejected = replace(SENT, state=S.REJECTED)
    assert not must_hold([old, old, rejected, rejected, SENT], TWO_AN_HOUR, NOW)


def test_while_one_waits_the_next_waits_too() -> None:
    """However long ago it was asked for: somebody has to decide first."""
    waiting = replace(SENT, state=S.ON_HOLD, requested_at=NOW - timedelta(days=9))
    assert must_hold([waiting], TWO_AN_HOUR, NOW)


def test_who_decides_is_kept() -> None:
    """And when; what the device answers later changes neither."""
    asked = replace(SENT, state=S.ON_HOLD)
    approved = advance(asked, E.APPROVE, NOW, "grace")
    assert (approved.state, approved.decided_at, approved.decided_by) == (S.SENT, NOW, "grace")
    assert advance(approved, E.ACKNOWLEDGED, NOW + timedelta(1)) == replace(approved, state=S.DONE)
    assert advance(asked, E.REJECT, NOW, "grace").state is S.REJECTED
    assert advance(replace(SENT, state=S.REQUESTED), E.HOLD, NOW) == asked


def test_what_is_decided_is_not_decided_again() -> None:
    """With the code that says so."""
    with pytest.raises(Refusal) as caught:
        advance(SENT, E.APPROVE, NOW)
    assert caught.value.event == "wipe.decided:Approve_when_Sent"
