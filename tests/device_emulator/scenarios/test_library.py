from __future__ import annotations

from pathlib import Path

import pytest

from device_emulator.scenario import Outcome, Script, load, names, run
from device_emulator.scenario.page import ELSEWHERE, ROWS
from device_emulator.scenario.runner import missing_needs
from mdm_server.domain.staging.refusals import STAGING_REFUSALS

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = {name: load(name) for name in names()}
PLAYED = [name for name, script in SCRIPTS.items() if not missing_needs(script)]
PROMISES = (
    "dep/promise-enforced-for-everybody",
    "dep/promise-forced-updates",
    "dep/promise-no-icloud",
    "dep/promise-non-removable",
    "dep/promise-streamlined-setup",
    "dep/promise-supervised",
)
"""The six things that the Device Enrollment Program promises."""
LIBRARY = ROOT / "device_emulator/scenarios"
NOT_REFUSED = {
    "ACTIVATION_LOCK": "Apple's, and with Apple Business Manager",
    "GROUP_EXIT_WIPE": "nobody is refused; limits/leaving-the-user-group plays it",
    "HUB_PINNED": "a device that asks for a password, and not the server",
    "PASSCODE_LOCKED": "a device that asks for a passcode; lockout/forgotten-passcode plays it",
    "PENDING_VERIFICATION": "a state; registration/android-work-profile-is-verified plays it",
    "PROFILE_REMOVED": "a state; lockout/bound-to-its-last-owner plays it",
    "SESSION_EXPIRED": "people are not so slow: tests/mdm_server/service/staging",
    "SHARED_USER_UNKNOWN": "nobody is refused, and Shared iPad is not simulated",
    "TOU_PENDING": "a question, which people answer",
}
"""Codes of the catalogue that no step can be refused with, and why."""


def told(outcome: Outcome) -> str:
    """Return the story of a play, for whoever has to find out what went wrong in it."""
    return "\n".join([outcome.script.name, *outcome.story])


@pytest.mark.parametrize("name", PLAYED)
async def test_a_scenario_ends_as_expected_on_the_virtual_clock_and_twice_alike(name: str) -> None:
    """Two plays of one seed write the same journal, byte for byte."""
    first = await run(SCRIPTS[name], clock="virtual", seed=7)
    second = await run(SCRIPTS[name], clock="virtual", seed=7)
    assert first.passed, told(first)
    assert first.journal
    assert list(first.journal) == list(second.journal)
    assert first.story == second.story


@pytest.mark.parametrize("name", [name for name in PLAYED if SCRIPTS[name].rows and not SCRIPTS[name].plays_apple])
async def test_a_scenario_ends_as_expected_on_real_sockets(name: str) -> None:
    """The same play, with a server that listens and devices that connect; those that reach a row."""
    outcome = await run(SCRIPTS[name], clock="real")
    assert outcome.passed, told(outcome)


def found_in(outcome: Outcome) -> list[tuple[str, str]]:
    """Return what was found, and of a figure that need only be large enough, that it was looked at."""
    return [(one.sentence, "" if " >= " in one.sentence else one.found) for one in outcome.findings]


@pytest.mark.parametrize("name", [name for name in PLAYED if SCRIPTS[name].plays_apple])
async def test_a_scenario_with_apple_comes_to_the_same_on_sockets_and_on_the_virtual_clock(name: str) -> None:
    """What is found is the same, word by word, and so is what every device sees of itself in the end.

    But for figures that need only be large enough: on sockets, pushes that wait for a connection become one.
    """
    real, virtual = [await run(SCRIPTS[name], clock=clock) for clock in ("real", "virtual")]
    assert real.passed, told(real)
    assert virtual.passed, told(virtual)
    assert found_in(real) == found_in(virtual)
    assert real.in_the_end == virtual.in_the_end


@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_is_kept_by_a_scenario_of_its_own(name: str) -> None:
    """What the Device Enrollment Program has to give, each to be seen on a device."""
    assert name in PLAYED
    assert SCRIPTS[name].plays_apple
    assert SCRIPTS[name].document.description.startswith("The promise of ")


def test_every_theme_of_apples_side_is_played() -> None:
    """In more than twenty-five plays."""
    themes = {name.partition("/")[0] for name in PLAYED if SCRIPTS[name].plays_apple}
    assert themes - {"demo"} == {"dep", "ade", "apns", "osupdate", "lostmode", "activation-lock", "setup"}
    assert len([name for name in PLAYED if SCRIPTS[name].plays_apple]) > 25


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_reached_by_a_scenario(row: str) -> None:
    """One that is played, and waits for nothing."""
    assert [name for name in PLAYED if row in SCRIPTS[name].rows]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_scenario_is_named_like_its_file_and_expects_something(script: Script) -> None:
    """Its rows are rows there are; what is played has steps."""
    assert script.source == f"{script.name}.yaml"
    assert set(script.rows) <= set(ROWS)
    assert bool(script.steps) is not bool(missing_needs(script))


def test_every_way_to_be_refused_is_in_a_scenario() -> None:
    """In one command; what is not there has its reason here."""
    said = "".join(path.read_text(encoding="utf-8") for path in LIBRARY.rglob("*.yaml"))
    assert {code for code in STAGING_REFUSALS if code not in said} == set(NOT_REFUSED)


def test_what_is_tested_elsewhere_is_there() -> None:
    """The page names no test that does not exist."""
    assert all((ROOT / path).is_file() for path in ELSEWHERE.values())
