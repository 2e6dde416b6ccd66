"""Direct Enrollment: the qualified are enrolled, the others stay unmanaged, and staging is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mdm_server.domain.staging.devices import Assignment
from mdm_server.domain.staging.direct_enrollment import DirectResult, decide_direct
from mdm_server.domain.staging.guards import Attempt, Credentials
from mdm_server.domain.staging.vocabulary import AssignmentState, EntryChannel, ListKind, UserStatus
from rigs.staging_records import (
    ANDROID,
    ANNA,
    PAT,
    WORK_PROFILE,
    attempt,
    listed,
    record,
    registered,
    with_settings,
)

ON = {"enabled": True, "ios": True, "user_group": 7}


def _login(direct: dict[str, Any] | None = None, /, **changes: Any) -> Attempt:
    return with_settings(attempt(channel=EntryChannel.DIRECT, **changes), direct={**ON, **(direct or {})})


def test_a_qualified_user_is_enrolled_at_once() -> None:
    """Row 40."""
    assert decide_direct(_login()).result is DirectResult.ENROLLED
    assert decide_direct(_login({"user_group": None})).result is DirectResult.ENROLLED


@pytest.mark.parametrize(
    ("direct", "reason"),
    [({"enabled": False}, "not_enabled"), ({"ios": False}, "platform"), ({"user_group": 8}, "user_group")],
)
def test_whoever_does_not_qualify_stays_unmanaged(direct: dict[str, Any], reason: str) -> None:
    """And is not refused (row 41)."""
    outcome = decide_direct(_login(direct))
    assert (outcome.result, outcome.reason, outcome.verdict) == (DirectResult.UNMANAGED, reason, None)


def test_where_tokens_are_required_nobody_qualifies() -> None:
    """The guide's side of conflict C1; registered-only by itself is no obstacle to who is registered."""
    assert decide_direct(with_settings(_login(), token_required=True)).reason == "tokens_required"
    only_registered = with_settings(_login(), mode="RegisteredOnly")
    assert decide_direct(only_registered).verdict.code == "DEVICE_NOT_REGISTERED"
    known = replace(only_registered, registrations=(registered(ANNA.id),))
    assert decide_direct(known).result is DirectResult.ENROLLED


@pytest.mark.parametrize(
    ("device", "direct", "result"),
    [
        (ANDROID, {"android_enterprise": True}, DirectResult.ENROLLED),
        (WORK_PROFILE, {"android_enterprise": True}, DirectResult.ENROLLED),
        (ANDROID, {"android_legacy": True}, DirectResult.UNMANAGED),
        (replace(ANDROID, os_version="9"), {"android_legacy": True}, DirectResult.ENROLLED),
        (ANDROID, {}, DirectResult.UNMANAGED),
        (replace(ANDROID, os_version="10"), {"android_legacy": True}, DirectResult.UNMANAGED),
        (replace(ANDROID, os_version="9"), {}, DirectResult.UNMANAGED),
    ],
)
def test_android_has_two_switches(device: Any, direct: dict[str, Any], result: DirectResult) -> None:
    """The older kind of management ended with Android 10."""
    assert decide_direct(_login(direct, device=device)).result is result


@pytest.mark.parametrize("direct", [{}, {"enabled": False}])
def test_a_staging_user_is_sent_to_hub(direct: dict[str, Any]) -> None:
    """With a code of its own, whether or not Direct Enrollment is on (row 42)."""
    outcome = decide_direct(_login(direct, user=PAT))
    assert outcome.result is DirectResult.REFUSED
    assert outcome.verdict.code == "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT"


def test_a_staged_device_is_sent_to_hub() -> None:
    """Whoever logs in on it; once it is somebody's it is staged no longer."""
    staged = record(Assignment(AssignmentState.STAGED_UNCLAIMED, None, PAT.id))
    assert decide_direct(_login(record=staged)).verdict.code == "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT"
    claimed = record(Assignment(AssignmentState.ASSIGNED, ANNA.id, PAT.id))
    assert decide_direct(_login(record=claimed)).result is DirectResult.ENROLLED


@pytest.mark.parametrize(("ownership", "refused"), [("C", False), ("E", False), ("S", True), ("Undefined", True)])
def test_only_dedicated_and_own_devices_are_supported(ownership: str, refused: bool) -> None:
    """Row 43."""
    outcome = decide_direct(_login({"default_ownership": ownership}))
    assert (outcome.result is DirectResult.REFUSED) is refused
    assert not refused or outcome.verdict.code == "OWNERSHIP_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credentials": Credentials.BAD}, "BAD_CREDENTIALS"),
        ({"user": replace(ANNA, status=UserStatus.INACTIVE)}, "USER_INACTIVE"),
        ({"entries": (listed(ListKind.DENY),)}, "DEVICE_DENYLISTED"),
        ({"group": None}, "GROUP_UNKNOWN"),
    ],
)
def test_all_guards_apply(changes: dict[str, Any], code: str) -> None:
    """Whoever may not log in is refused before anybody asks whether they qualify."""
    outcome = decide_direct(_login(**changes))
    assert (outcome.result, outcome.verdict.code) == (DirectResult.REFUSED, code)


def test_who_does_not_qualify_is_not_refused_for_the_device() -> None:
    """It is not enrolled, so nothing about it matters."""
    denied = _login({"ios": False}, entries=(listed(ListKind.DENY),))
    assert decide_direct(denied).result is DirectResult.UNMANAGED
