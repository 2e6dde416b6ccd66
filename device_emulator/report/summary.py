"""The summary of a run as a machine reads it. `schema` changes when a field changes its meaning or goes away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from device_emulator.fleet.tally import FUNNEL, Tally
from device_emulator.report.verdict import Expectation, verdict

SCHEMA = "mdmsim/report/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a report says of a run besides what was counted.

    `proofs` says how many devices prove who they are in which way. `keys` says where the RSA keys came from (`source`,
    and how many of them were `pooled`): a run with keys made beforehand is not to be compared with one that made them.
    """

    command: str
    target: str
    seed: int
    devices: Mapping[str, int]
    proofs: Mapping[str, int]
    started: datetime
    seconds: float
    keys: Mapping[str, Any]
    woken_by: str
    interrupted: bool = False
    notes: Sequence[str] = field(default_factory=tuple)


def summarize(facts: RunFacts, tally: Tally, expectations: Sequence[Expectation]) -> dict[str, Any]:
    """Return the summary as plain JSON types."""
    return {
        "schema": SCHEMA,
        "command": facts.command,
        "target": facts.target,
        "seed": facts.seed,
        "started": facts.started.isoformat(),
        "seconds": round(facts.seconds, 3),
        "devices": dict(facts.devices),
        "proofs": dict(facts.proofs),
        "keys": dict(facts.keys),
        "woken_by": facts.woken_by,
        "interrupted": facts.interrupted,
        "funnel": {step: tally.funnel[step] for step in FUNNEL},
        "enrollments_per_second": _rate(tally.enrolled, facts.seconds),
        "latency_ms": {"enrollment": tally.enrollment.summary()}
        | {kind: latency.summary() for kind, latency in tally.requests.items()},
        "answers": [
            {"command": request_type, "status": status, "count": count}
            for (request_type, status), count in sorted(tally.answers.items())
        ],
        "sessions": dict(tally.sessions),
        "responses": dict(tally.statuses),
        "failures": dict(tally.failures),
        "refusals": dict(tally.refusals),
        "retries": dict(tally.retries),
        "happened": dict(tally.happened),
        "expectations": [{"sentence": one.sentence, "found": one.found, "passed": one.passed} for one in expectations],
        "verdict": "interrupted" if facts.interrupted else verdict(expectations),
        "notes": list(facts.notes),
    }


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 2) if seconds > 0 else 0.0
