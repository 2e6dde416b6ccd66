from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from device_emulator.cli import demo
from rigs.processes import Ended

EmulateHere = Callable[..., Ended]


def test_the_demo_plays_from_enrolment_to_erasure_and_leaves_only_what_was_asked_for(
    emulate_here: EmulateHere, tmp_path: Path
) -> None:
    """A server, a fleet over real TLS, both proofs of identity, every act, and a verdict for people and machines."""
    temporary = Path(tempfile.gettempdir())
    before = set(temporary.iterdir())
    done = emulate_here("demo", "--devices", 8, "--seed", 7, "--json", tmp_path / "summary.json")
    assert done.exit_code == 0, done
    assert "verdict: PASS" in done.output
    assert "\x1b" not in done.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["schema"], summary["seed"], summary["verdict"]) == ("mdmsim/report/1", 7, "pass")
    assert summary["devices"] == {"iPhone": 4, "iPad": 4}
    assert summary["proofs"] == {"Mdm-Signature": 4, "client certificate": 4}
    assert summary["woken_by"] == "push"
    assert summary["happened"]["SetupAssistantReached"] == 1
    *first_act, staging, apple = summary["expectations"]
    assert [one["found"] for one in first_act] == [*["8 of 8"] * 4, *["1 of 1"] * 3, "27 of 27"]
    assert staging["passed"], done.output
    assert apple["passed"], done.output
    assert "removes its management profile: refused, removal_disallowed" in done.output
    assert "bo enrols phone: refused, REG_USER_MISMATCH" in done.output
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == {"summary.json"}
    assert set(temporary.iterdir()) <= before


def test_a_bug_of_ours_has_an_exit_code_of_its_own(emulate_here: EmulateHere, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says so, and how to see more: nobody is to mistake it for a verdict."""

    def broken(**_: object) -> int:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(demo, "callback", broken)
    monkeypatch.delenv("MDMSIM_TRACEBACK", raising=False)
    done = emulate_here("demo")
    assert done.exit_code == 4
    assert done.errors.count("\n") == 1
    assert "this is a bug in mdmsim: ZeroDivisionError('of ours')" in done.errors
