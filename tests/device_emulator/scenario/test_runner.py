from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from device_emulator.core.events import Enrolled
from device_emulator.scenario import runner
from device_emulator.scenario.checking import Script, check
from device_emulator.scenario.errors import StillWaiting
from device_emulator.scenario.look import Look
from device_emulator.scenario.runner import perform, play
from rigs.pretend_stage import REFUSED, PretendStage

Write = Callable[..., Script]


async def test_a_play_that_goes_as_expected_passes_and_is_told(write: Write, stage: PretendStage) -> None:
    """One finding for each deed and each expectation, and a sentence for each in the story."""
    stage.shows = [REFUSED, [Enrolled("x")]]
    stage.looks["phone"] = Look(status="Enrolled")
    stage.lines = ['{"code":"lock.set"}']
    script = write(
        "enrol: {device: phone, as: bo, refused: REG_USER_MISMATCH}",
        "enrol: {device: phone, as: ada}",
        "expect: {device: phone, status: Enrolled}",
        expect=("refused == 1", "journal(lock.set) == 1"),
    )
    told: list[str] = []
    outcome = await play(script, stage, seed=7, clock="virtual", tell=told.append)
    assert outcome.verdict == "pass"
    assert [finding.step for finding in outcome.findings] == [1, 2, 3, None, None]
    assert told == outcome.story
    assert told[0].endswith(
        "1. bo enrols phone: refused, REG_USER_MISMATCH – “This device is registered to another user.”"
    )
    assert told[1].endswith("2. ada enrols phone.")
    assert told[2].endswith("✓ phone: status is Enrolled")
    assert outcome.seconds == 2.0
    assert outcome.devices == {name: f"UDID of {name}" for name in stage.names}


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("enrol: {device: phone, as: ada}", REFUSED),
        ("enrol: {device: phone, as: ada}", ()),
        ("enrol: {device: phone, as: ada, refused: REG_USER_MISMATCH}", [Enrolled("x")]),
        ("enrol: {device: phone, as: ada, refused: BAD_CREDENTIALS}", REFUSED),
        ("expect: {device: phone, status: Enrolled}", ()),
    ],
)
async def test_the_play_stops_at_the_first_thing_that_is_not_as_expected(
    write: Write, stage: PretendStage, step: str, shown: tuple[object, ...]
) -> None:
    """What comes after is left out, and so are the thresholds: they would judge half a play."""
    stage.shows = [shown]  # type: ignore[list-item]
    script = write(step, "restart-server:", expect=("refused == 0",))
    outcome = await play(script, stage, seed=1, clock="real")
    assert outcome.verdict == "fail"
    assert (len(outcome.findings), outcome.left_out, stage.restarts) == (1, 1, 0)
    assert "expected otherwise" in outcome.story[0]


async def test_a_play_that_is_told_to_goes_on(write: Write, stage: PretendStage) -> None:
    """The verdict is the same."""
    stage.shows = [REFUSED]
    script = write("enrol: {device: phone, as: ada}", "restart-server:", expect=("refused == 1",))
    outcome = await play(script, stage, seed=1, clock="real", keep_going=True)
    assert outcome.verdict == "fail"
    assert (len(outcome.findings), outcome.left_out, stage.restarts) == (3, 0, 1)


async def test_a_threshold_that_is_not_met_fails_the_play(write: Write, stage: PretendStage) -> None:
    """Although every step went well."""
    outcome = await play(
        write("enrol: {device: phone, as: ada}", expect=("refused == 1",)), stage, seed=1, clock="real"
    )
    assert outcome.verdict == "fail"


async def test_a_play_of_which_nothing_is_expected_fails(write: Write, stage: PretendStage) -> None:
    """Nothing was tried."""
    assert (await play(write(), stage, seed=1, clock="real")).verdict == "fail"


async def test_an_interrupted_play_returns_what_there_is(write: Write, stage: PretendStage) -> None:
    """Findings and journal so far, and a verdict of its own."""
    stage.lines = ['{"code":"hub.session_started"}']
    begun = asyncio.Event()

    async def never(seconds: float) -> None:
        begun.set()
        await asyncio.sleep(3600)

    stage.pass_time = never  # type: ignore[method-assign]
    script = write("enrol: {device: phone, as: ada}", "wait: 1 hour", expect=("refused == 0",))
    playing = asyncio.create_task(play(script, stage, seed=1, clock="real"))
    await begun.wait()
    playing.cancel()
    outcome = await playing
    assert (outcome.verdict, len(outcome.findings), len(outcome.journal)) == ("interrupted", 1, 1)


async def test_the_seed_is_the_documents_unless_another_is_given(head: str, stage: PretendStage) -> None:
    """And the stage is set with it."""
    seeds: list[int] = []

    @asynccontextmanager
    async def set_the_stage(script: Script, seed: int) -> AsyncIterator[PretendStage]:
        seeds.append(seed)
        yield stage

    script = check(f"seed: 12\n{head}steps: []\n", "f")
    for seed in (None, 0, 7):
        await perform(script, set_the_stage, seed=seed, clock="real", tell=print, keep_going=False)
    assert seeds == [12, 0, 7]


async def test_a_scenario_that_waits_for_something_is_not_played(head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says for what."""
    monkeypatch.setattr(runner, "AVAILABLE", frozenset())
    script = check(f"needs: [dep]\n{head}steps: []\n", "f")
    with pytest.raises(StillWaiting, match="waits for dep"):
        await perform(script, None, seed=None, clock="real", tell=print, keep_going=False)  # type: ignore[arg-type]


async def test_a_fault_that_happens_is_told_and_one_that_never_does_fails_the_play(
    write: Write, stage: PretendStage
) -> None:
    """It was written to see what comes of it."""
    stage.struck = ["phone: message 1 of kind token_update got no answer"]
    outcome = await play(write("enrol: {device: phone, as: ada}"), stage, seed=1, clock="real")
    assert outcome.passed
    assert outcome.faults == ["phone: message 1 of kind token_update got no answer"]
    assert any("⚡ phone: message 1" in line for line in outcome.story)
    stage.waiting = ["phone: message 9 of kind idle was lost"]
    outcome = await play(write("enrol: {device: phone, as: ada}"), stage, seed=1, clock="real")
    assert not outcome.passed
    assert outcome.findings[-1].found == "it never did"
