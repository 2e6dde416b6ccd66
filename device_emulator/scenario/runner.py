"""Playing a scenario: step by step on a stage, told in sentences, up to the first thing that is not as expected."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from device_emulator.scenario.checking import Line, Script
from device_emulator.scenario.errors import StillWaiting
from device_emulator.scenario.findings import Deed, Finding
from device_emulator.scenario.outcome import Outcome
from device_emulator.scenario.stage import Stage

Tell = Callable[[str], None]
SetTheStage = Callable[[Script, int], AbstractAsyncContextManager[Stage]]
"""Makes the world of a script, from a seed."""

AVAILABLE: frozenset[str] = frozenset({"dep"})
"""What a scenario may `need` and has."""


def missing_needs(script: Script) -> list[str]:
    """Return what a scenario needs and this version does not have."""
    return sorted(set(script.document.needs) - AVAILABLE)


def silently(_: str) -> None:
    """Tell nobody."""


async def play(
    script: Script, stage: Stage, *, seed: int, clock: str, tell: Tell = silently, keep_going: bool = False
) -> Outcome:
    """Play a script on a stage that is set.

    The play stops at the first step that is not as expected, unless it shall `keep_going`: what comes after would be
    judged by a world that is not the one the author had in mind. Interrupted, it returns what there is.
    """
    outcome = Outcome(script=script, seed=seed, clock=clock)
    player = _Player(stage, outcome, tell)
    began = stage.now
    try:
        for line in script.steps:
            if not await player.step(line) and not keep_going:
                outcome.left_out = len(script.steps) - line.number
                break
    except asyncio.CancelledError:
        outcome.interrupted = True
    outcome.seconds = (stage.now - began).total_seconds()
    outcome.journal = await stage.journal()
    outcome.in_the_end = [await stage.own_side(name) for name in stage.devices("*")]
    outcome.apple = Counter(stage.apple_journal())
    outcome.devices = {name: stage.identifier(name) for name in stage.devices("*")}
    if not outcome.left_out and not outcome.interrupted:
        player.note_missing_faults()
        for number, threshold in script.thresholds:
            player.note(threshold.judge(outcome.measured, line=number))
    return outcome


async def perform(
    script: Script, set_the_stage: SetTheStage, *, seed: int | None, clock: str, tell: Tell, keep_going: bool
) -> Outcome:
    """Set the stage, play, and take everything down again.

    Raises:
        StillWaiting: the scenario needs what this version does not have.
        StageError: the stage could not be set.

    """
    if missing := missing_needs(script):
        raise StillWaiting(
            f"{script.name} waits for {', '.join(missing)}, which this version of mdmsim does not have yet"
        )
    chosen = script.document.seed if seed is None else seed
    async with set_the_stage(script, chosen) as stage:
        return await play(script, stage, seed=chosen, clock=clock, tell=tell, keep_going=keep_going)


class _Player:
    """Plays steps and writes down what comes of them."""

    def __init__(self, stage: Stage, outcome: Outcome, tell: Tell) -> None:
        self._stage = stage
        self._outcome = outcome
        self._tell = tell

    async def step(self, line: Line) -> bool:
        """Play one step; return whether everything in it was as expected."""
        passed = True
        async for came in line.step.perform(self._stage):
            if isinstance(came, Deed):
                passed &= self._deed(came, line)
            else:
                passed &= self.note(replace(came, step=line.number, line=line.line))
        for fault in self._stage.faults_struck():
            self._outcome.faults.append(fault)
            self._say(f"     ⚡ {fault}", True, "")
        return passed

    def note_missing_faults(self) -> None:
        """Let a fault that never happened fail the play: it was written to see what comes of it."""
        for fault in self._stage.faults_waiting():
            self.note(Finding(sentence=f"the fault happens: {fault}", found="it never did", passed=False))

    def note(self, finding: Finding) -> bool:
        """Write a finding down and tell it."""
        self._outcome.findings.append(finding)
        self._say(f"     {'✓' if finding.passed else '✗'} {finding.sentence}", finding.passed, finding.found)
        return finding.passed

    def _deed(self, deed: Deed, line: Line) -> bool:
        self._outcome.deeds.append(deed)
        finding = Finding(
            sentence=f"{deed.sentence}: {f'refused, {deed.expected}' if deed.expected else 'done'}",
            found=deed.ending,
            passed=deed.passed,
            step=line.number,
            line=line.line,
            seconds=deed.seconds,
        )
        self._outcome.findings.append(finding)
        self._say(f"{line.number:>3}. {deed.sentence}{_how(deed)}", deed.passed, deed.ending)
        return deed.passed

    def _say(self, sentence: str, passed: bool, found: str) -> None:
        told = sentence if passed else f"{sentence}\n     expected otherwise; found: {found}"
        self._outcome.story.append(told)
        self._tell(told)


def _how(deed: Deed) -> str:
    if deed.code:
        return f": refused, {deed.code}" + (f" – “{deed.text.rstrip('.')}.”" if deed.text else ".")
    return f"; {deed.text}." if deed.text else "."
