"""What a run counts: an enrolment funnel, answers by command, failures by reason, and latencies as histograms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hdrh.histogram import HdrHistogram

from device_emulator.core.events import (
    CheckedOut,
    CommandAnswered,
    Enrolled,
    EnrollmentFailed,
    EnrollmentStage,
    EnrollmentStarted,
    Event,
    HubLoginShown,
    HubRefused,
    HubSignedIn,
    HubSignedOut,
    ProfileRefused,
    RetryScheduled,
    SessionEnded,
    SetupAssistantReached,
    StageReached,
    TokenUpdated,
    Unenrolled,
    UnmanagedEntered,
)
from device_emulator.core.messages import RequestFailed, RequestKind
from device_emulator.core.setting_up.events import ActivationFailed
from device_emulator.transport.contract import Outcome

LONGEST_MICROSECONDS = 600_000_000
PERCENTILES = (50.0, 90.0, 99.0, 99.9)


class Latency:
    """A histogram of durations, exact to three digits; errors and timeouts count at their full wait."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, LONGEST_MICROSECONDS, 3)

    def record(self, seconds: float) -> None:
        """Count one duration."""
        self._histogram.record_value(min(max(1, round(seconds * 1e6)), LONGEST_MICROSECONDS))

    @property
    def count(self) -> int:
        """How many durations were counted."""
        return int(self._histogram.get_total_count())

    def milliseconds(self, percentile: float) -> float:
        """Return the duration that so many per cent did not exceed, in milliseconds."""
        return float(self._histogram.get_value_at_percentile(percentile)) / 1000

    def summary(self) -> dict[str, float]:
        """Return the count, the percentiles of every report, and the largest, in milliseconds."""
        figures: dict[str, float] = {"count": self.count}
        for percentile in PERCENTILES:
            figures[f"p{percentile:g}"] = round(self.milliseconds(percentile), 3)
        return figures | {"max": round(self.milliseconds(100.0), 3)}


# The funnel, in its order: each step is counted once a device and enrolment.
FUNNEL = ("started", *(stage.value for stage in EnrollmentStage), "enrolled")


@dataclass(slots=True)
class Tally:
    """The counts of one run."""

    funnel: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    sessions: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    requests: dict[str, Latency] = field(default_factory=dict)
    enrollment: Latency = field(default_factory=Latency)

    def see(self, event: Event) -> None:
        """Count what a device showed."""
        match event:
            case EnrollmentStarted():
                self.funnel["started"] += 1
            case StageReached(stage):
                self.funnel[stage.value] += 1
            case Enrolled():
                self.funnel["enrolled"] += 1
            case EnrollmentFailed(stage, reason, _):
                self.failures[f"{stage.value}: {reason}"] += 1
            case ActivationFailed(reason, _):
                self.failures[f"activation: {reason}"] += 1
            case ProfileRefused(reason, _) | HubRefused(reason, _, _):
                self.refusals[reason] += 1
            case RetryScheduled(kind, reason, _):
                self.retries[f"{kind.value}: {reason}"] += 1
            case CommandAnswered(_, request_type, status):
                self.answers[request_type, status] += 1
            case SessionEnded(_, reason, _):
                self.sessions[reason] += 1
            case CheckedOut() | Unenrolled() | SetupAssistantReached() | TokenUpdated():
                self.happened[type(event).__name__] += 1
            case HubSignedIn() | HubSignedOut() | HubLoginShown() | UnmanagedEntered():
                self.happened[type(event).__name__] += 1

    def answered(self, kind: RequestKind, seconds: float, outcome: Outcome) -> None:
        """Count one request and how long its outcome took, good or bad."""
        if kind.value not in self.requests:
            self.requests[kind.value] = Latency()
        self.requests[kind.value].record(seconds)
        self.statuses[outcome.reason if isinstance(outcome, RequestFailed) else str(outcome.status)] += 1

    @property
    def enrolled(self) -> int:
        """How many enrolments reached their end."""
        return self.funnel["enrolled"]

    @property
    def failed(self) -> int:
        """How many enrolments ended without success."""
        return sum(self.failures.values())
