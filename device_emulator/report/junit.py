"""The outcomes of scenarios as JUnit XML: a suite for each scenario, a test case for each expectation.

The form is the one that continuous integration reads everywhere: `testsuites/testsuite/testcase/failure`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from device_emulator.scenario.findings import Finding
from device_emulator.scenario.outcome import Outcome

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(outcomes: Sequence[Outcome]) -> bytes:
    """Return the document."""
    root = Element("testsuites", name="mdmsim")
    for outcome in outcomes:
        _suite(root, outcome)
    _count(root, [case for suite in root for case in suite if case.tag == "testcase"])
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def write_junit(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the document to a file."""
    path.write_bytes(render_junit(outcomes))


def _suite(root: Element, outcome: Outcome) -> None:
    suite = SubElement(root, "testsuite", name=outcome.script.name, time=f"{outcome.seconds:.3f}")
    properties = SubElement(suite, "properties")
    facts = {"seed": str(outcome.seed), "clock": outcome.clock, "rows": " ".join(outcome.script.rows)}
    for name, value in facts.items():
        SubElement(properties, "property", name=name, value=value)
    for finding in outcome.findings:
        _case(suite, outcome, finding)
    if outcome.left_out:
        case = SubElement(suite, "testcase", classname=_class(outcome), name="the rest of the scenario", time="0.000")
        SubElement(case, "skipped", message=f"{outcome.left_out} steps were not played, because an earlier one failed")
    if outcome.interrupted or not outcome.findings:
        what = "the scenario was interrupted" if outcome.interrupted else "nothing was expected"
        case = SubElement(
            suite, "testcase", classname=_class(outcome), name="the scenario comes to its end", time="0.000"
        )
        SubElement(case, "failure", message=what)
    _count(suite, suite.findall("testcase"))
    story = SubElement(suite, "system-out")
    story.text = _clean("\n".join(outcome.story))


def _case(suite: Element, outcome: Outcome, finding: Finding) -> None:
    where = f"step {finding.step}: " if finding.step is not None else ""
    case = SubElement(
        suite,
        "testcase",
        classname=_class(outcome),
        name=_clean(f"{where}{finding.sentence}"),
        file=outcome.script.source,
        line=str(finding.line),
        time=f"{finding.seconds:.3f}",
    )
    if not finding.passed:
        failure = SubElement(case, "failure", message=_clean(f"found: {finding.found}"))
        failure.text = _clean(f"{outcome.script.source}:{finding.line}: expected: {finding.sentence}; {finding.found}")


def _count(element: Element, cases: Sequence[Element]) -> None:
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(1 for case in cases if case.find("failure") is not None)))
    element.set("errors", "0")
    element.set("skipped", str(sum(1 for case in cases if case.find("skipped") is not None)))


def _class(outcome: Outcome) -> str:
    """Return the scenario's name as CI servers like it: a package and a class."""
    return outcome.script.name.replace("/", ".")


def _clean(text: str) -> str:
    """Return the text without characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("�", text)
