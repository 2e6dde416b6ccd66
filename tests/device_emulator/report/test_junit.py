from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from device_emulator.report.junit import render_junit, write_junit
from device_emulator.scenario.findings import Finding
from device_emulator.scenario.library import load
from device_emulator.scenario.outcome import Outcome

SCRIPT = load("registration/open-enrolment")
GOOD = Finding(sentence="phone: status is Enrolled", found="Enrolled", passed=True, step=2, line=15, seconds=0.5)
BAD = Finding(sentence="refused == 0", found="1\x00<&", passed=False, line=20)


def outcome(*findings: Finding, interrupted: bool = False, left_out: int = 0) -> Outcome:
    """Return the outcome of a play."""
    return Outcome(
        script=SCRIPT,
        seed=7,
        clock="virtual",
        findings=list(findings),
        story=["  1. ada enrols phone \x1b."],
        seconds=1.25,
        interrupted=interrupted,
        left_out=left_out,
    )


def suites(*outcomes: Outcome) -> Element:
    """Return the document as a program reads it."""
    return fromstring(render_junit(outcomes))


def test_every_expectation_is_a_test_case_of_its_scenario() -> None:
    """With the file, the line and the time, and what was found instead."""
    root = suites(outcome(GOOD, BAD))
    [suite] = root.findall("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("time")) == (
        "registration/open-enrolment",
        "2",
        "1",
        "1.250",
    )
    good, bad = suite.findall("testcase")
    assert (good.get("name"), good.get("line"), good.get("time")) == (
        "step 2: phone: status is Enrolled",
        "15",
        "0.500",
    )
    assert good.get("classname") == "registration.open-enrolment"
    assert good.get("file") == "registration/open-enrolment.yaml"
    assert good.find("failure") is None
    failure = bad.find("failure")
    assert failure is not None
    assert failure.get("message") == "found: 1�<&"
    assert {one.get("name"): one.get("value") for one in suite.findall("properties/property")} == {
        "seed": "7",
        "clock": "virtual",
        "rows": "1",
    }
    assert suite.findtext("system-out") == "  1. ada enrols phone �."


def test_several_scenarios_are_counted_together() -> None:
    """And each by itself."""
    root = suites(outcome(GOOD), outcome(GOOD, BAD))
    assert (root.get("tests"), root.get("failures"), len(root.findall("testsuite"))) == ("3", "1", 2)


def test_what_was_not_played_is_skipped() -> None:
    """It neither passed nor failed."""
    root = suites(outcome(BAD, left_out=3))
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("2", "1", "1")


def test_a_play_that_was_interrupted_or_of_which_nothing_was_expected_fails() -> None:
    """A suite without a test case would pass in many a CI."""
    assert suites(outcome(GOOD, interrupted=True)).get("failures") == "1"
    assert suites(outcome()).get("failures") == "1"


def test_the_document_is_written_to_a_file(tmp_path: Path) -> None:
    """As UTF-8, and says so."""
    write_junit(tmp_path / "junit.xml", [outcome(GOOD)])
    assert (tmp_path / "junit.xml").read_bytes().startswith(b"<?xml version='1.0' encoding='utf-8'?>")
