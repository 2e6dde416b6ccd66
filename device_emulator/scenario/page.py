"""The page of the shipped scenarios: `python -m device_emulator.scenario.page [docs/scenarios.md]`.

Every row of the staging flows (reference: the 68 Given/When/Then rows of `staging-flows.md` §7) is reached by a named
scenario, and every scenario is played by a test; a test fails when a row is not, or when the page is older than that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import fields

from device_emulator.scenario.checking import Script
from device_emulator.scenario.library import load, names, text_of
from device_emulator.scenario.runner import missing_needs
from device_emulator.scenario.steps import ADMINISTRATION, STEPS

PAGE = Path("docs/scenarios.md")
ROWS: tuple[str, ...] = ("1", "2", "3", "3a", *(str(row) for row in range(4, 68)))
"""The rows of the staging flows."""
EXAMPLE = "lockout/wrong-user-on-registered-device"
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

From Python, in a test of your own:

    from device_emulator.scenario import load, run

    outcome = await run(load("mine.yaml"), clock="virtual", seed=7)
    assert outcome.passed, outcome.story

The same play runs on real sockets (`--clock real`: a server that listens, devices that connect over TLS and are woken
by push; waiting puts their clocks forward) and on a virtual clock (one process in which nothing waits; two plays of one
seed leave the same journal, byte for byte). A play stops at the first thing that is not as expected, unless it is told
to `--keep-going`. Exit codes: 0 as expected, 1 not, 2 something is wrong with the scenario, 3 the server could not be
reached, 4 our bug, 130 interrupted.

This page is made from the scenarios; do not edit it: run `python -m device_emulator.scenario.page`.
"""


def page() -> str:
    """Return the page."""
    scripts = [load(name) for name in names()]
    return "\n".join([INTRODUCTION, *_library(scripts), *_writing(), *_verbs(), *_rows(scripts)])


def _library(scripts: Sequence[Script]) -> Iterator[str]:
    yield from ("## What there is", "", "| scenario | what happens |", "|---|---|")
    for script in scripts:
        yield f"| `{script.name}` | {_told(script)} |"
    yield ""


def _writing() -> Iterator[str]:
    yield from (
        "## How one is written",
        "",
        "Copy the nearest one from `device_emulator/scenarios/`, and check it with `device-emulator scenario check",
        "FILE`: every mistake is told with its line, its key, and the nearest right word. `docs/scenario.schema.json`",
        "is the form, for editors that complete and underline (`# yaml-language-server: $schema=…` in the first line).",
        "",
        "```yaml",
        text_of(EXAMPLE).rstrip(),
        "```",
        "",
        "- Whatever is not `refused: CODE` is expected to be done.",
        "- `count: 20` makes a series, `ipad-1` to `ipad-20`, and `ipad-*` means all of it.",
        "- At the end, `expect` holds figures against bounds: `done`, `refused`, each also of a verb or a code, as in",
        "  `refused(CHECKED_OUT) == 1`; `journal(CODE)` of the server; `apple(SERVICE.EVENT)` of Apple's services, as",
        "  in `apple(apns.refused) == 2`; and `min`, `p50`, `p90`, `p95`, `p99`, `max` of a verb, as in",
        "  `p99(enrol) < 2 s`. No data is no success.",
        "- `needs: [dep]` plays Apple: a device with `abm: true` was bought by the organization, and a failure of one",
        "  of Apple's services is arranged for with `fail`, in the words of that service.",
        "- The report of a play ends with what every device is by then, as whoever holds it sees it.",
        "",
    )


def _verbs() -> Iterator[str]:
    for title, intro, verbs in (
        ("Verbs", "Each step is one of them.", STEPS),
        ("Orders", "What the administrator does: `- admin: {unlock: phone}`.", ADMINISTRATION),
    ):
        yield from (f"### {title}", "", intro, "", "| verb | what happens | keys |", "|---|---|---|")
        for verb, kind in verbs.items():
            meaning = (kind.__doc__ or "").partition("\n")[0]
            named = sorted((field.encode_name for field in fields(kind)), key="refused".__eq__)
            keys = ", ".join(f"`{name}`" for name in named)
            yield f"| `{verb}` | {meaning} | {keys} |"
        yield ""


def _rows(scripts: Sequence[Script]) -> Iterator[str]:
    yield from (
        "## Row by row",
        "",
        "The rows are those of the staging flows that the server is specified by. Every scenario is played by",
        f"`{TEST}` on the virtual clock, twice, and the journals are compared;",
        "every one that reaches a row, or in which Apple plays, is played on real sockets, too.",
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


def main(path: Path) -> None:
    """Write the page to a file."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE)
