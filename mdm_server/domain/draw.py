"""Draws the transition tables and the refusals into Markdown: `python -m mdm_server.domain.draw [docs/flows]`.

What is drawn is what the code obeys; a test fails while a drawing is older than its table.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from mdm_server.domain import command_queue, enrollment
from mdm_server.domain.refusal import REFUSALS
from mdm_server.domain.table import TransitionTable

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)

_NOTICE = "Drawn by `python -m mdm_server.domain.draw`; change the table in the code, not this page."


def drawings() -> Mapping[str, str]:
    """Return every page by its file name."""
    return {
        "command-queue.md": page("The command queue", command_queue.TRANSITIONS, "mdm_server/domain/command_queue.py"),
        "enrollment.md": page("The enrolment of a device", enrollment.TRANSITIONS, "mdm_server/domain/enrollment.py"),
        "refusals.md": refusals(),
    }


def page(title: str, table: TransitionTable[State, Event], source: str) -> str:
    """Return one state machine as a page: the diagram, then what every pair of state and event leads to."""
    return "\n".join(
        [
            f"# {title}",
            "",
            f"{_NOTICE} Source: `{source}`.",
            "",
            "```mermaid",
            *diagram(table),
            "```",
            "",
            "Every pair of state and event. `–`: not allowed, and nothing changes; `·`: allowed, and the state stays.",
            "",
            *grid(table),
            "",
        ]
    )


def diagram(table: TransitionTable[State, Event]) -> list[str]:
    """Return the moves that change a state as a mermaid diagram; events with the same effect share an arrow."""
    arrows: dict[tuple[State, State], list[Event]] = {}
    for (before, event), after in table.moves.items():
        if before is not after:
            arrows.setdefault((before, after), []).append(event)
    states, events = list(table.states), list(table.events)
    lines = ["stateDiagram-v2", f"    [*] --> {table.initial}"]
    for before, after in sorted(arrows, key=lambda arrow: (states.index(arrow[0]), states.index(arrow[1]))):
        label = ", ".join(event for event in events if event in arrows[before, after])
        lines.append(f"    {before} --> {after}: {label}")
    lines.extend(f"    {state} --> [*]" for state in states if state in table.final())
    return lines


def grid(table: TransitionTable[State, Event]) -> list[str]:
    """Return all pairs as a Markdown table."""
    lines = [f"| | {' | '.join(table.events)} |", f"|---|{'---|' * len(table.events)}"]
    for state in table.states:
        cells = []
        for event in table.events:
            after = table.after(state, event)
            cells.append("–" if after is None else "·" if after is state else str(after))
        lines.append(f"| **{state}** | {' | '.join(cells)} |")
    return lines


def refusals() -> str:
    """Return every refusal as a page."""
    lines = [
        "# Refusals",
        "",
        f"{_NOTICE} Source: `mdm_server/domain/refusal.py`.",
        "",
        "A refused request changes nothing but counters and the journal. SCEP refusals travel inside a signed CertRep",
        "(HTTP 200); their status here is for messages that cannot be answered so.",
        "",
        "| code | status | what it means | way out |",
        "|---|---|---|---|",
    ]
    lines.extend(f"| `{code}` | {kind.status} | {kind.text} | {kind.remedy} |" for code, kind in REFUSALS.items())
    return "\n".join([*lines, ""])


def main(folder: Path) -> None:
    """Write every page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in drawings().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/flows"))
