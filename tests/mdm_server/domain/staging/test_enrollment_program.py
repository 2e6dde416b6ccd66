"""DEP profiles: which are sound, who may be given one, and whose system is too old for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.enrollment_program import (
    ProgramProfile,
    check_assignment,
    check_profile,
    required_update,
)
from mdm_server.domain.staging.lists import ListEntry, ListVerdict
from mdm_server.domain.staging.vocabulary import ListAttribute, ListKind
from rigs.staging_samples import USER

PROFILE = ProgramProfile(id=1, uuid="1-1", name="corporate", group=1)


def test_the_profile_that_nobody_changed_is_sound() -> None:
    """Supervised, not removable, and its person is asked who they are."""
    check_profile(PROFILE, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": " "}, "name"),
        ({"supervised": False}, "locked_needs_supervised"),
        ({"authentication_required": False}, "default_user"),
        ({"authentication_required": False, "default_user": USER.id, "web_sign_in": True}, "web_sign_in"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(changes: dict[str, object], reason: str) -> None:
    """Row 45: what cannot be removed is for supervised devices; and somebody must have the device."""
    with pytest.raises(Refusal) as refused:
        check_profile(replace(PROFILE, **changes), USER if "default_user" in changes else None)
    assert (refused.value.code, refused.value.reason) == ("dep.profile", reason)


def test_what_may_be_removed_need_not_supervise_and_a_default_user_answers_for_nobody_asked() -> None:
    """The same profiles, made sound."""
    check_profile(replace(PROFILE, supervised=False, removable=True), None)
    check_profile(replace(PROFILE, authentication_required=False, default_user=USER.id), USER)


def test_a_denied_device_is_given_no_profile() -> None:
    """Row 49; an allowed one is, and one on no list."""
    denied = ListEntry(1, ListKind.DENY, ListAttribute.SERIAL_NUMBER, "C1", 1)
    with pytest.raises(Refusal, match="without management") as refused:
        check_assignment(ListVerdict(denied=denied))
    assert refused.value.code == "DEP_ASSIGN_BLOCKED"
    check_assignment(ListVerdict())


@pytest.mark.parametrize(
    ("minimum", "version", "can_update", "expected"),
    [
        (None, "15.0", True, None),
        ("18.1", "18.0.9", True, "18.1"),
        ("18.1", "18.1", True, None),
        ("18.1", "18.10", True, None),
        ("18.1", "16.0", False, None),
        ("18.1", "", True, "18.1"),
    ],
)
def test_only_an_older_system_that_can_be_told_to_is_sent_to_update(
    minimum: str | None, version: str, can_update: bool, expected: str | None
) -> None:
    """Row 51: by number and not by text; devices before iOS 17 cannot be told."""
    profile = replace(PROFILE, minimum_os=minimum)
    assert required_update(profile, version, can_update=can_update) == expected
