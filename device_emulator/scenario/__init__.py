"""Scenarios: a document that says who is there, what happens, and what is to come of it; played, and judged.

from device_emulator.scenario import load, run

outcome = await run(load("lockout/wrong-user-on-registered-device"), clock="virtual", seed=7)
assert outcome.passed, outcome.findings
"""

from __future__ import annotations

from device_emulator.scenario.checking import Script, check
from device_emulator.scenario.errors import DocumentError, ScenarioError, StageError, StillWaiting, UnknownScenario
from device_emulator.scenario.findings import Finding
from device_emulator.scenario.library import load, names
from device_emulator.scenario.outcome import Outcome
from device_emulator.scenario.playing import run

__all__ = [
    "DocumentError",
    "Finding",
    "Outcome",
    "ScenarioError",
    "Script",
    "StageError",
    "StillWaiting",
    "UnknownScenario",
    "check",
    "load",
    "names",
    "run",
]
