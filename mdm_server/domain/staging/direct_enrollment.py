"""Direct Enrollment: logging in to the Workspace ONE app enrols the qualified; others stay unmanaged, not refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mdm_server.domain.staging.devices import version_of
from mdm_server.domain.staging.guards import Attempt, GuardName, Verdict, judge
from mdm_server.domain.staging.vocabulary import Platform


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
    unmanaged); then every guard of the device. Where tokens are required nobody qualifies (conflict C1).
    """
    verdict = judge(attempt, last=GuardName.STAGING)
    if verdict is not None:
        return DirectOutcome(DirectResult.REFUSED, verdict)
    reason = _unqualified(attempt)
    if reason is not None:
        return DirectOutcome(DirectResult.UNMANAGED, reason=reason)
    verdict = judge(attempt, first=GuardName.DEVICE_LOCK)
    return DirectOutcome(DirectResult.ENROLLED if verdict is None else DirectResult.REFUSED, verdict)


def _unqualified(attempt: Attempt) -> str | None:
    """Return why this login stays unmanaged, or None."""
    settings = attempt.settings.direct
    if not settings.enabled:
        return "not_enabled"
    if attempt.settings.token_required:
        return "tokens_required"
    if not _platform_on(attempt):
        return "platform"
    group = settings.user_group
    if group is not None and (attempt.user is None or group not in attempt.user.user_groups):
        return "user_group"
    return None


def _platform_on(attempt: Attempt) -> bool:
    """Say whether the device's platform is enrolled; Android's older device administration ended with Android 10."""
    settings, device = attempt.settings.direct, attempt.device
    if device.platform is Platform.IOS:
        return settings.ios
    return settings.android_enterprise or (settings.android_legacy and version_of(device.os_version) < (10,))
