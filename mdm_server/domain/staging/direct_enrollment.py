"""Direct Enrollment: logging in to the Workspace ONE app enrols the qualified; others stay unmanaged, not refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mdm_server.domain.staging.guards import Attempt, Verdict


class DirectResult(StrEnum):
    """What a login to the Workspace ONE app leads to."""

    ENROLLED = "Enrolled"
    UNMANAGED = "Unmanaged"
    REFUSED = "Refused"


@dataclass(frozen=True, slots=True)
class DirectOutcome:
    """What a login leads to, and why: the refusal, or the reason for staying unmanaged."""

    result: DirectResult
    verdict: Verdict | None = None
    reason: str = ""


def decide_direct(attempt: Attempt) -> DirectOutcome:
    """Return what a login to the Workspace ONE app leads to (F10).

    The user's own guards first; then staging, which is refused here; then whether user and platform qualify (no:
    unmanaged); then ownership, and every guard of the device.
    """
    raise NotImplementedError
