"""docs/threats.md says what every threat gets and which test shows it: here it is held to that."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mdm_server.domain.refusal import REFUSALS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
PROMISED = [*range(1, 47), 48]
FAMILIES = {code.partition(".")[0] for code in REFUSALS}


def _rows() -> dict[str, tuple[str, set[str]]]:
    """Return, by threat, what happens and the tests that show it."""
    rows = re.findall(r"^\| (T-\d\d) \|.*\| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    return {threat: (happens, set(re.findall(r"`(tests/\S+?::\S+?)`", shown))) for threat, happens, shown in rows}


def _tests_in(path: Path) -> set[str]:
    """Return the names of all tests of a file, those in classes too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("number", PROMISED)
def test_every_promised_threat_is_on_the_page_with_a_test(number: int) -> None:
    """A row that nothing shows is a wish."""
    assert _rows()[f"T-{number:02}"][1]


def test_every_test_on_the_page_exists() -> None:
    """Renaming a test renames it there."""
    named = re.findall(r"`(tests/\S+?)::(\S+?)`", PAGE)
    assert named
    missing = [f"{file}::{test}" for file, test in named if test not in _tests_in(ROOT / file)]
    assert missing == []


def test_every_code_on_the_page_exists() -> None:
    """A code that the server cannot say is an error of the page."""
    codes = {code for code in re.findall(r"`([a-z]+\.[a-z_]+)`", PAGE) if code.partition(".")[0] in FAMILIES}
    assert len(codes) > 20
    assert codes <= REFUSALS.keys()


def test_every_attack_in_the_folder_is_on_the_page() -> None:
    """A test whose name has the number of a threat is about a row of the page."""
    rows = _rows()
    for path in (ROOT / "tests" / "threats").glob("test_*.py"):
        for test in _tests_in(path):
            for number in re.findall(r"_t(\d\d)(?=_)", test):
                assert f"T-{number}" in rows, f"{path.name}::{test} is about a threat that is not on the page"
