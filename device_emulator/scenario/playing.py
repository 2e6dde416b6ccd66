"""Playing a scenario from beginning to end: the stage is chosen by the clock, set, and taken down again."""

from __future__ import annotations

from collections.abc import Mapping

from device_emulator.scenario.checking import Script
from device_emulator.scenario.errors import ScenarioError
from device_emulator.scenario.outcome import Outcome
from device_emulator.scenario.runner import SetTheStage, Tell, perform, silently
from device_emulator.scenario.socket_stage import socket_stage
from device_emulator.scenario.virtual_stage import virtual_stage

STAGES: Mapping[str, SetTheStage] = {"real": socket_stage, "virtual": virtual_stage}
"""The stage of each clock."""


async def run(
    script: Script,
    *,
    clock: str | None = None,
    seed: int | None = None,
    tell: Tell = silently,
    keep_going: bool = False,
) -> Outcome:
    """Play a scenario and return what came of it; what is not said here, its document says.

    Raises:
        StillWaiting: the scenario needs what this version does not have.
        StageError: the stage could not be set, or broke.

    """
    chosen = clock or script.document.clock
    if chosen not in STAGES:
        raise ScenarioError(f"there is no clock {chosen!r}; expected one of {', '.join(STAGES)}")
    return await perform(script, STAGES[chosen], seed=seed, clock=chosen, tell=tell, keep_going=keep_going)
