from __future__ import annotations

import pytest

from device_emulator.core.events import (
    CommandAnswered,
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    EnrollmentStarted,
    HubLoginShown,
    HubRefused,
    HubSignedIn,
    HubSignedOut,
    StageReached,
    UnmanagedEntered,
)
from device_emulator.core.messages import RequestKind, ResponseArrived
from device_emulator.fleet.tally import FUNNEL, Latency, Tally


def test_the_funnel_counts_each_step_in_order() -> None:
    """Where devices get lost shows as a smaller number."""
    tally = Tally()
    for _ in range(2):
        tally.see(EnrollmentStarted("https://mdm.example/enroll"))
        tally.see(StageReached(EnrollmentStage.PROFILE))
    tally.see(StageReached(EnrollmentStage.IDENTITY))
    tally.see(EnrollmentFailed(EnrollmentStage.PROFILE, "profile.untrusted", "…"))
    tally.see(Enrolled("https://mdm.example/mdm"))
    counts = [tally.funnel[step] for step in FUNNEL]
    assert counts[0] == 2
    assert counts[-1] == tally.enrolled == 1
    assert tally.failed == 1
    assert tally.failures == {"profile: profile.untrusted": 1}


def test_what_comes_of_the_hub_is_counted() -> None:
    """Refusals by their code, and who was signed in and out."""
    tally = Tally()
    for event in (
        HubRefused("REG_USER_MISMATCH", "No.", "login"),
        HubRefused("REG_USER_MISMATCH", "No.", "login"),
        HubLoginShown("MultiIdle"),
        HubSignedIn("ada", "CheckedOut"),
        HubSignedOut("ada"),
        UnmanagedEntered("grace"),
    ):
        tally.see(event)
    assert tally.refusals == {"REG_USER_MISMATCH": 2}
    assert tally.happened == {"HubLoginShown": 1, "HubSignedIn": 1, "HubSignedOut": 1, "UnmanagedEntered": 1}


def test_answers_are_counted_by_command_and_status() -> None:
    """NotNow is told apart from Acknowledged."""
    tally = Tally()
    for status in ("NotNow", "Acknowledged", "Acknowledged"):
        tally.see(CommandAnswered("uuid", "DeviceLock", status))
    assert tally.answers == {("DeviceLock", "NotNow"): 1, ("DeviceLock", "Acknowledged"): 2}


def test_percentiles_are_those_of_the_durations_recorded() -> None:
    """Exact to three digits, in milliseconds."""
    latency = Latency()
    for milliseconds in range(1, 1001):
        latency.record(milliseconds / 1000)
    assert latency.milliseconds(50) == pytest.approx(500, rel=0.002)
    assert latency.milliseconds(99) == pytest.approx(990, rel=0.002)
    assert latency.summary()["max"] == pytest.approx(1000, rel=0.002)


def test_a_duration_beyond_the_histogram_counts_at_its_end() -> None:
    """A stall of an hour is not lost from the count."""
    latency = Latency()
    latency.record(3600)
    assert latency.count == 1


def test_every_outcome_is_counted_with_its_wait() -> None:
    """Errors stay in the histogram: leaving them out would make a failing server look fast."""
    tally = Tally()
    tally.answered(RequestKind.IDLE, 0.5, ResponseArrived(1, 503))
    assert tally.requests["idle"].count == 1
    assert tally.statuses == {"503": 1}
