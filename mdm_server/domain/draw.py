"""Draws tables, guards and refusals into Markdown: `python -m mdm_server.domain.draw [docs/flows]`.

What is drawn is what the code obeys; a test fails while a drawing is older than its table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from mdm_server.domain import command_queue, enrollment
from mdm_server.domain.refusal import REFUSALS
from mdm_server.domain.staging import (
    android_verification,
    assignment,
    device_lock,
    guards,
    hub_session,
    registration,
    wipe_protection,
)
from mdm_server.domain.staging.refusals import STAGING_REFUSALS
from mdm_server.domain.table import TransitionTable

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)

Shown = Callable[[State, Event], bool]
"""Whether a diagram shows a move; the table below it always does."""

_STAGING = "mdm_server/domain/staging"
_NOTICE = "Drawn by `python -m mdm_server.domain.draw`; change the table in the code, not this page."


def drawings() -> Mapping[str, str]:
    """Return every page by its file name."""
    return {
        "command-queue.md": page("The command queue", command_queue.TRANSITIONS, "mdm_server/domain/command_queue.py"),
        "enrollment.md": page("The enrolment of a device", enrollment.TRANSITIONS, "mdm_server/domain/enrollment.py"),
        "registration.md": page("Registrations", registration.REGISTRATION, f"{_STAGING}/registration.py"),
        "assignment.md": page("Whose a device is", assignment.ASSIGNMENT, f"{_STAGING}/assignment.py"),
        "device-lock.md": page("The lock of a device", device_lock.DEVICE_LOCK, f"{_STAGING}/device_lock.py"),
        "hub-session.md": page(
            "The Hub session",
            hub_session.HUB_SESSION,
            f"{_STAGING}/hub_session.py",
            hub_session.on_the_full_walk,
            "The diagram shows the walk on which every question is asked; what needs no answer is skipped.",
        ),
        "wipe.md": page("Wipes", wipe_protection.WIPE, f"{_STAGING}/wipe_protection.py"),
        "android-verification.md": page(
            "Verifying an Android work profile",
            android_verification.VERIFICATION,
            f"{_STAGING}/android_verification.py",
        ),
        "guards.md": guard_order(),
        "refusals.md": refusals(),
        "lockouts.md": lockouts(),
    }


def page(
    title: str,
    table: TransitionTable[State, Event],
    source: str,
    shown: Shown[State, Event] | None = None,
    note: str = "",
) -> str:
    """Return one state machine as a page: the diagram, then what every pair of state and event leads to.

    `shown` chooses the moves that the diagram shows, and `note` says which.
    """
    return "\n".join(
        [
            f"# {title}",
            "",
            f"{_NOTICE} Source: `{source}`.",
            "",
            *([note, ""] if note else []),
            "```mermaid",
            *diagram(table, shown),
            "```",
            "",
            "Every pair of state and event. `–`: not allowed, and nothing changes; `·`: allowed, and the state stays.",
            "",
            *grid(table),
            "",
        ]
    )


def diagram(table: TransitionTable[State, Event], shown: Shown[State, Event] | None = None) -> list[str]:
    """Return the moves that change a state as a mermaid diagram; events with the same effect share an arrow."""
    arrows: dict[tuple[State, State], list[Event]] = {}
    for (before, event), after in table.moves.items():
        if before is not after and (shown is None or shown(before, event)):
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


def guard_order() -> str:
    """Return the guards as a page, in the order in which they are asked."""
    lines = [
        "# The guards",
        "",
        f"{_NOTICE} Source: `{_STAGING}/guards.py`.",
        "",
        "They are asked in this order, and the first refusal wins. A guard that is a restriction is not asked of a",
        "device that comes through Apple Business Manager.",
        "",
        f"| | guard | {' | '.join(guards.Purpose)} | restriction | may answer |",
        f"|---|---|{'---|' * len(guards.Purpose)}---|---|",
    ]
    for number, guard in enumerate(guards.GUARDS, start=1):
        asked = " | ".join("yes" if purpose in guard.purposes else "–" for purpose in guards.Purpose)
        codes = ", ".join(f"`{code}`" for code in guard.codes)
        lines.append(f"| {number} | {guard.name} | {asked} | {'yes' if guard.restriction else '–'} | {codes} |")
    return "\n".join([*lines, ""])


def lockouts() -> str:
    """Return every refusal of staging, registration and login as a page."""
    lines = [
        "# Refusals of staging, registration and login",
        "",
        f"{_NOTICE} Source: `{_STAGING}/refusals.py`.",
        "",
        "Kinds: R refused, nothing is left behind; L the device is locked; A it is the account; T it passes;",
        "– a notice. A sticky lock survives restarts, re-enrolment and new certificates: an administrator ends it.",
        "",
        "| code | kind | sticky | status | what the user sees | what an administrator does |",
        "|---|---|---|---|---|---|",
    ]
    for refusal in STAGING_REFUSALS.values():
        kind, sticky = refusal.kind.replace("-", "–"), "yes" if refusal.sticky else "–"
        row = (f"`{refusal.code}`", kind, sticky, str(refusal.status), refusal.text, refusal.remedy)
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join([*lines, ""])


def main(folder: Path) -> None:
    """Write every page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in drawings().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/flows"))
