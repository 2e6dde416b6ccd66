from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from device_emulator.core.events import CommandAnswered, EnrollmentFailed, EnrollmentStage
from device_emulator.core.messages import RequestKind, ResponseArrived
from device_emulator.fleet.tally import Tally
from device_emulator.report.summary import SCHEMA, RunFacts, summarize
from device_emulator.report.terminal import Narrator, show_summary
from device_emulator.report.verdict import Expectation


def _summary(*, passed: bool = True, interrupted: bool = False) -> dict[str, object]:
    tally = Tally()
    tally.funnel["started"] = 2
    tally.funnel["enrolled"] = 1
    tally.see(EnrollmentFailed(EnrollmentStage.IDENTITY, "scep.failure", "…"))
    tally.see(CommandAnswered("uuid", "DeviceLock", "Acknowledged"))
    tally.answered(RequestKind.IDLE, 0.0123, ResponseArrived(1, 200))
    facts = RunFacts(
        command="demo",
        target="https://localhost:1",
        seed=7,
        devices={"iPhone": 1, "iPad": 1},
        proofs={"client certificate": 1, "Mdm-Signature": 1},
        started=datetime(2026, 6, 1, tzinfo=UTC),
        seconds=2.0,
        keys={"source": "fresh", "pooled": 0, "fresh": 2, "sentence": "2 made on the spot"},
        woken_by="push",
        interrupted=interrupted,
    )
    return summarize(facts, tally, [Expectation("devices enrolled", "1 of 2", passed=passed)])


def _plain(width: int = 120) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=width, highlight=False), text


def test_the_summary_tells_funnel_latency_expectations_verdict_and_seed() -> None:
    """All of it fits on a screen, in words."""
    console, text = _plain()
    show_summary(console, _summary())
    shown = text.getvalue()
    for part in (
        "seed 7",
        "1 Mdm-Signature",
        "1 iPhone, 1 iPad",
        "2 made on the spot",
        "started 2 → enrolled 1",
        "Idle",
        "12.3",
    ):
        assert part in shown
    assert "1 × identity: scep.failure" in shown
    assert "DeviceLock Acknowledged 1" in shown
    assert "verdict: PASS in 2.0 s, 0.5 enrolments a second" in shown
    assert len(shown.splitlines()) < 24


def test_there_is_no_colour_where_there_is_no_terminal() -> None:
    """A log file stays readable."""
    console, text = _plain()
    show_summary(console, _summary(passed=False))
    assert "\x1b" not in text.getvalue()
    assert "FAILED   devices enrolled: 1 of 2" in text.getvalue()


def test_the_summary_names_its_schema_and_says_when_it_was_interrupted() -> None:
    """A machine can tell what it reads, and that it is not the whole story."""
    summary = _summary(interrupted=True)
    assert summary["schema"] == SCHEMA == "mdmsim/report/1"
    assert summary["verdict"] == "interrupted"


def test_progress_is_plain_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line when it takes long, one at the end; nothing that moves."""
    monkeypatch.setattr("device_emulator.report.terminal.PLAIN_LINE_EVERY", 0.0)
    console, text = _plain()
    with Narrator(console).step("Enrolling", 3) as step:
        step.reach(1)
        step.reach(1)
        step.reach(3)
    lines = text.getvalue().splitlines()
    assert lines[0] == "Enrolling: 1 of 3"
    assert lines[1].startswith("Enrolling: 3 of 3 in ")
    assert len(lines) == 2


def test_progress_moves_on_a_terminal() -> None:
    """And leaves a plain line behind when it is over."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100, highlight=False)
    with Narrator(console).step("Enrolling", 3) as step:
        step.reach(3)
    assert "3/3" in text.getvalue()
    assert "Enrolling: 3 of 3 in " in text.getvalue().splitlines()[-1]
