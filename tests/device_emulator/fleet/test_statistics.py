from __future__ import annotations

import pytest

from device_emulator.core.events import (
    CommandAnswered,
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    EnrollmentStarted,
    StageReached,
)
from device_emulator.core.messages import RequestKind, ResponseArrived
from device_emulator.fleet.statistics import FUNNEL, Latency, Statistics


def test_the_funnel_counts_each_step_in_order() -> None:
    """Where devices get lost shows as a smaller number."""
    statistics = Statistics()
    for _ in range(2):
        statistics.see(EnrollmentStarted("https://mdm.example/enroll"))
        statistics.see(StageReached(EnrollmentStage.PROFILE))
    statistics.see(StageReached(EnrollmentStage.IDENTITY))
    statistics.see(EnrollmentFailed(EnrollmentStage.PROFILE, "profile.untrusted", "…"))
    statistics.see(Enrolled("https://mdm.example/mdm"))
    counts = [statistics.funnel[step] for step in FUNNEL]
    assert counts[0] == 2
    assert counts[-1] == statistics.enrolled == 1
    assert statistics.failed == 1
    assert statistics.failures == {"profile: profile.untrusted": 1}


def test_answers_are_counted_by_command_and_status() -> None:
    """NotNow is told apart from Acknowledged."""
    statistics = Statistics()
    for status in ("NotNow", "Acknowledged", "Acknowledged"):
        statistics.see(CommandAnswered("uuid", "DeviceLock", status))
    assert statistics.answers == {("DeviceLock", "NotNow"): 1, ("DeviceLock", "Acknowledged"): 2}


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
    statistics = Statistics()
    statistics.answered(RequestKind.IDLE, 0.5, ResponseArrived(1, 503))
    assert statistics.requests["idle"].count == 1
    assert statistics.statuses == {"503": 1}
