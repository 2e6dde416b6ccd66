from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from device_emulator.scenario import names, runner
from device_emulator.scenario.findings import Deed
from device_emulator.scenario.stage import Stage
from device_emulator.scenario.steps.circumstances import Wait
from rigs.processes import Ended

EmulateHere = Callable[..., Ended]
FIRST = "lockout/wrong-user-on-registered-device"
SHORT = """\
scenario: mine/short
description: A short one.
organization: {groups: [ACME], users: [ada]}
devices: [phone]
steps:
  - enrol: {device: phone, as: ada%s}
"""
CLASH = (
    (SHORT % "")
    .replace("users: [ada]", "users: [ada, bo]")
    .replace("steps:", "registrations: [{user: ada, device: phone}, {user: bo, device: phone}]\nsteps:")
)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return the file of somebody's own scenario."""
    path = tmp_path / "mine.yaml"
    path.write_text(SHORT % "")
    return path


def test_the_first_scenario_tells_its_story_and_leaves_what_was_asked_for(
    emulate_here: EmulateHere, tmp_path: Path
) -> None:
    """A story for people, a summary for machines, a journal to explain from, and a JUnit file."""
    done = emulate_here(
        "scenario", "run", FIRST, "--clock", "virtual", "--seed", 7, "--report", "out", "--junit", "junit.xml"
    )
    assert done.exit_code == 0, done
    assert "bo enrols phone: refused, REG_USER_MISMATCH – “This device is registered to another user." in done.output
    assert "verdict: PASS" in done.output
    assert "seed 7, virtual clock" in done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"journal.jsonl", "story.txt", "summary.json"}
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["schema"], summary["verdict"], summary["seed"]) == ("mdmsim/scenario/1", "pass", 7)
    cases = ElementTree.parse(tmp_path / "junit.xml").getroot().findall("testsuite/testcase")
    assert len(cases) == len(summary["findings"])
    assert "Why? device-emulator explain phone --journal out/journal.jsonl" in done.output
    explained = emulate_here("explain", "phone", "--journal", "out/journal.jsonl")
    assert explained.exit_code == 0, explained
    assert "REG_USER_MISMATCH" in explained.output


def test_two_runs_of_one_seed_leave_the_same_journal(emulate_here: EmulateHere, tmp_path: Path) -> None:
    """Byte for byte, and another seed another one."""
    for folder, seed in (("a", 7), ("b", 7), ("c", 8)):
        emulate_here("scenario", "run", FIRST, "--clock", "virtual", "--seed", seed, "--report", folder)
    a, b, c = ((tmp_path / folder / "journal.jsonl").read_bytes() for folder in "abc")
    assert a == b
    assert a != c


def test_several_scenarios_are_played_in_turn(emulate_here: EmulateHere, mine: Path, tmp_path: Path) -> None:
    """Each reports into a folder of its own."""
    done = emulate_here("scenario", "run", mine, "registration/open-enrolment", "--clock", "virtual", "--report", "out")
    assert done.exit_code == 0, done
    assert done.output.count("verdict: PASS") == 2
    assert (tmp_path / "out/mine/short/story.txt").is_file()
    assert (tmp_path / "out/registration/open-enrolment/story.txt").is_file()


def test_a_scenario_that_does_not_end_as_expected_exits_with_1(emulate_here: EmulateHere, mine: Path) -> None:
    """And says what was found instead."""
    mine.write_text(SHORT % ", refused: BAD_CREDENTIALS")
    done = emulate_here("scenario", "run", mine, "--clock", "virtual", "--junit", "junit.xml")
    assert done.exit_code == 1
    assert "expected otherwise; found: done" in done.output
    assert "verdict: FAIL" in done.output
    assert b"<failure" in Path("junit.xml").read_bytes()


def test_an_interrupted_run_exits_with_130_and_still_writes_what_was_asked_for(
    emulate_here: EmulateHere, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of it so far, and no verdict that could be taken for one."""

    async def interrupted(_: Wait, stage: Stage) -> AsyncIterator[Deed]:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)
        yield Deed(kind="wait", sentence=f"never, at {stage.now}")

    monkeypatch.setattr(Wait, "perform", interrupted)
    mine.write_text(SHORT % "" + "  - wait: 1 hour\n")
    done = emulate_here("scenario", "run", mine, mine, "--clock", "virtual", "--report", "out", "--junit", "junit.xml")
    assert done.exit_code == 130
    assert done.output.count("verdict: INTERRUPTED, 1 of 1 expectation met") == 1
    assert json.loads(Path("out/mine/short/summary.json").read_text())["verdict"] == "interrupted"
    assert b"the scenario was interrupted" in Path("junit.xml").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "lockout/wrong-user"), "there is no scenario 'lockout/wrong-user'"),
        (("run", "lockout/wrong-usr-on-registered-device"), f'did you mean "{FIRST}"?'),
        (("run", "nothing.yaml"), "cannot read nothing.yaml: no such file or directory"),
        (("check", "nothing.yaml"), "cannot read nothing.yaml"),
        (("run", "wrong.yaml"), 'wrong.yaml:6:37: steps[0].enrol.refusd: unknown key; did you mean "refused"?'),
        (("check", "wrong.yaml"), 'wrong.yaml:6:37: steps[0].enrol.refusd: unknown key; did you mean "refused"?'),
        (("check", "binary.yaml"), "expected text in UTF-8"),
        (("run", "settings.yaml"), "settings.mode"),
        (("run", "clash.yaml", "--clock", "virtual"), "the server does not take what the document says"),
        (("run", FIRST, "--clock", "sundial"), "sundial"),
        (("run", FIRST, "--junit", "no/such/junit.xml"), "cannot write"),
        (("run",), "Missing argument"),
    ],
)
def test_bad_input_exits_with_2_and_says_what_to_do(
    emulate_here: EmulateHere, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Nothing is played."""
    (tmp_path / "wrong.yaml").write_text(SHORT % ", refusd: BAD_CREDENTIALS")
    (tmp_path / "settings.yaml").write_text(
        (SHORT % "").replace("groups: [ACME]", "groups: [{id: ACME, settings: {mode: Closed}}]")
    )
    (tmp_path / "clash.yaml").write_text(CLASH)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    done = emulate_here("scenario", *arguments)
    assert done.exit_code == 2, done
    assert said in done.errors
    assert "verdict" not in done.output


def test_checking_says_what_is_wrong_with_every_file(emulate_here: EmulateHere, mine: Path, tmp_path: Path) -> None:
    """And that nothing is wrong with the others."""
    (tmp_path / "wrong.yaml").write_text((SHORT % ", refusd: X").replace("phone]", "phone, phon]"))
    done = emulate_here("scenario", "check", mine, "wrong.yaml", FIRST)
    assert done.exit_code == 2
    assert "mine/short, 1 step: nothing wrong with it" in done.output
    assert f"{FIRST}, " in done.output
    assert done.errors.endswith("1 problem found\n")
    assert emulate_here("scenario", "check", mine).exit_code == 0


def test_the_list_shows_every_scenario_and_which_ones_wait(
    emulate_here: EmulateHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line each, not broken where something may search it; what waits is not played."""
    monkeypatch.setattr(runner, "AVAILABLE", frozenset())
    done = emulate_here("scenario", "list")
    assert done.exit_code == 0
    for name in names():
        assert any(line.startswith(name) for line in done.output.splitlines())
    [waiting] = [line for line in done.output.splitlines() if line.startswith("dep/update-required")]
    assert "waits for dep" in waiting
    played = emulate_here("scenario", "run", "dep/update-required")
    assert (played.exit_code, "waits for dep" in played.errors) == (2, True)


def test_the_list_can_be_searched_and_read_by_a_program(emulate_here: EmulateHere) -> None:
    """By a word of the name or of the description."""
    done = emulate_here("scenario", "list", "configurator", "--json")
    listed = json.loads(done.output)
    assert {one["scenario"] for one in listed} >= {"configurator/cart-of-twenty", "configurator/one-of-twenty-denied"}
    assert next(one for one in listed if one["scenario"] == "configurator/cart-of-twenty")["rows"] == ["52"]
    assert emulate_here("scenario", "list", "nothing of the kind").exit_code == 1


@pytest.mark.parametrize("arguments", [(), ("check",), ("list",), ("run",)])
def test_help_shows_examples(emulate_here: EmulateHere, arguments: tuple[str, ...]) -> None:
    """Lines that can be copied."""
    done = emulate_here("scenario", *arguments, "--help")
    assert done.exit_code == 0
    assert "device-emulator scenario" in done.output
