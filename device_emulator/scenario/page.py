"""The page of the shipped scenarios: `python -m device_emulator.scenario.page > docs/scenarios.md`.

Every row of the staging flows (reference: the 68 Given/When/Then rows of `staging-flows.md` §7) is reached by a named
scenario, and every scenario is played by a test; a test fails when a row is not, or when the page is older than that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

from device_emulator.scenario.checking import Script
from device_emulator.scenario.library import load, names
from device_emulator.scenario.runner import missing_needs

ROWS: tuple[str, ...] = ("1", "2", "3", "3a", *(str(row) for row in range(4, 68)))
"""The rows of the staging flows."""
TEST = "tests/device_emulator/scenarios/test_library.py"
ELSEWHERE: Mapping[str, str] = {"67": "tests/conformance/test_pyws1uem.py"}
"""Rows that somebody else's program plays as well."""

INTRODUCTION = """\
# Scenarios

What happens to devices and their users, as plays with an expected ending. Each ships with the emulator:

    device-emulator scenario list
    device-emulator scenario run lockout/wrong-user-on-registered-device
    device-emulator scenario run lockout/wrong-user-on-registered-device --clock virtual --seed 7 --report out/
    device-emulator explain phone --journal out/journal.jsonl

To write your own, copy the nearest one from `device_emulator/scenarios/` and check it with `device-emulator scenario
check FILE`. `docs/scenario.schema.json` is its form, for editors that complete and underline
(`# yaml-language-server: $schema=…` in the first line).

This page is made from the scenarios; do not edit it: run `python -m device_emulator.scenario.page > docs/scenarios.md`.
"""


def page() -> str:
    """Return the page."""
    scripts = [load(name) for name in names()]
    return "\n".join([INTRODUCTION, *_library(scripts), *_rows(scripts)])


def _library(scripts: Sequence[Script]) -> Iterator[str]:
    yield from ("## What there is", "", "| scenario | what happens |", "|---|---|")
    for script in scripts:
        yield f"| `{script.name}` | {_told(script)} |"
    yield ""


def _rows(scripts: Sequence[Script]) -> Iterator[str]:
    yield from (
        "## Row by row",
        "",
        "The rows are those of the staging flows that the server is specified by. Each scenario is played by",
        f"`{TEST}`, on the virtual clock (twice, and the journals compared) and on real sockets.",
        "",
        "| row | scenario | test |",
        "|---|---|---|",
    )
    for row in ROWS:
        reaching = [script for script in scripts if row in script.rows]
        named = "<br>".join(f"`{script.name}`" for script in reaching) or "—"
        yield f"| {row} | {named} | {_tests(row, reaching)} |"
    yield ""


def _tests(row: str, reaching: Sequence[Script]) -> str:
    waiting = [script for script in reaching if missing_needs(script)]
    if len(waiting) == len(reaching):
        return f"waits for {', '.join(missing_needs(waiting[0]))}" if waiting else "none"
    tests = [f"`{TEST}`", *([f"`{ELSEWHERE[row]}`"] if row in ELSEWHERE else [])]
    return "<br>".join(tests)


def _told(script: Script) -> str:
    told = " ".join(script.document.description.split())
    missing = missing_needs(script)
    return f"*Waits for {', '.join(missing)}.* {told}" if missing else told


if __name__ == "__main__":
    sys.stdout.write(page())
