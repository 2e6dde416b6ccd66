"""Wipe protection: more wipes than the threshold allows wait for an administrator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.settings import WipeThreshold
from mdm_server.domain.table import TransitionTable


class WipeKind(StrEnum):
    """How much is wiped."""

    ENTERPRISE = "EnterpriseWipe"
    DEVICE = "DeviceWipe"


class WipeState(StrEnum):
    """What became of a wipe that somebody asked for."""

    REQUESTED = "Requested"
    ON_HOLD = "OnHold"
    SENT = "Sent"
    REJECTED = "Rejected"
    DONE = "Done"


class WipeEvent(StrEnum):
    """What can happen to it."""

    ADMIT = "Admit"
    HOLD = "Hold"
    APPROVE = "Approve"
    REJECT = "Reject"
    ACKNOWLEDGED = "Acknowledged"


_S, _E = WipeState, WipeEvent

WIPE = TransitionTable(
    name="Wipe",
    states=WipeState,
    events=WipeEvent,
    initial=WipeState.REQUESTED,
    moves={
        (_S.REQUESTED, _E.ADMIT): _S.SENT,
        (_S.REQUESTED, _E.HOLD): _S.ON_HOLD,
        (_S.ON_HOLD, _E.APPROVE): _S.SENT,
        (_S.ON_HOLD, _E.REJECT): _S.REJECTED,
        (_S.SENT, _E.ACKNOWLEDGED): _S.DONE,
        (_S.DONE, _E.ACKNOWLEDGED): _S.DONE,
    },
)


@dataclass(frozen=True, slots=True)
class WipeRequest:
    """One wipe that somebody asked for."""

    id: int
    device: int
    group: int
    kind: WipeKind
    state: WipeState
    requested_at: datetime
    requested_by: str = ""
    decided_at: datetime | None = None
    decided_by: str = ""


def must_hold(earlier: Iterable[WipeRequest], threshold: WipeThreshold | None, at: datetime) -> bool:
    """Say whether the next wipe must wait: the threshold is used up, or an earlier one waits already (row 65)."""
    if threshold is None:
        return False
    wipes = list(earlier)
    if any(wipe.state is WipeState.ON_HOLD for wipe in wipes):
        return True
    begun = at - timedelta(minutes=threshold.minutes)
    counted = [wipe for wipe in wipes if wipe.requested_at > begun and wipe.state is not WipeState.REJECTED]
    return len(counted) >= threshold.count


def advance(request: WipeRequest, event: WipeEvent, at: datetime, by: str = "") -> WipeRequest:
    """Return the request after an event; one out of place raises `wipe.decided`. `by` is who approved or rejected."""
    state = WIPE.after(request.state, event)
    if state is None:
        raise Refusal("wipe.decided", reason=f"{event}_when_{request.state}")
    if event in (WipeEvent.APPROVE, WipeEvent.REJECT):
        return replace(request, state=state, decided_at=at, decided_by=by)
    return replace(request, state=state)
