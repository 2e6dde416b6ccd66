"""Devices as Apple describes them: in which order, with which profile, and when to try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mdm_server.domain.abm.devices import AbmDevice, Errand, in_order, next_try
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.wire.dep import DepDevice, OpType, ProfileStatus

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
UUID = "88FC4E37-8F0A-4C2B-9C5E-6D4F3A2B1C0D"
PROFILE = ProgramProfile(id=1, uuid="1-1", name="corporate", group=1, token=1, abm_uuid=UUID)


def test_changes_are_taken_in_the_order_in_which_they_happened() -> None:
    """And those of one moment as they came; a fetch, which has no times, as it came."""
    later = DepDevice(serial_number="A", op_type=OpType.DELETED, op_date=NOON + timedelta(seconds=1))
    first = DepDevice(serial_number="A", op_type=OpType.ADDED, op_date=NOON)
    second = DepDevice(serial_number="B", op_type=OpType.ADDED, op_date=NOON)
    assert in_order([later, first, second]) == [first, second, later]
    fetched = [DepDevice(serial_number=name) for name in "CAB"]
    assert in_order(fetched) == fetched


@pytest.mark.parametrize(
    ("uuid", "status", "expected"),
    [
        (UUID, ProfileStatus.ASSIGNED, True),
        (UUID.replace("-", "").lower(), ProfileStatus.PUSHED, True),
        (UUID, ProfileStatus.REMOVED, False),
        ("other", ProfileStatus.ASSIGNED, False),
        (None, None, False),
    ],
)
def test_a_device_has_a_profile_that_apple_gives_it(
    uuid: str | None, status: ProfileStatus | None, expected: bool
) -> None:
    """However its UUID is spelled."""
    listed = DepDevice(serial_number="C1", profile_uuid=uuid, profile_status=status)
    assert AbmDevice(1, listed).has(PROFILE) is expected


def test_no_device_has_a_profile_that_apple_does_not_know() -> None:
    """Two that are unknown are not the same."""
    unknown = ProgramProfile(id=1, uuid="1-1", name="corporate", group=1)
    assert not AbmDevice(1, DepDevice(serial_number="C1", profile_status=ProfileStatus.ASSIGNED)).has(unknown)


@pytest.mark.parametrize(("attempts", "minutes"), [(0, 1), (1, 2), (5, 32), (6, 60), (1000, 60)])
def test_what_fails_is_tried_again_ever_later(attempts: int, minutes: int) -> None:
    """But every hour at least."""
    errand = Errand(1, 1, "C1", False, attempts, NOON)
    assert next_try(errand, NOON) == NOON + timedelta(minutes=minutes)
