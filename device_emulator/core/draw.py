"""Draws the tables of a device into Markdown: `python -m device_emulator.core.draw [docs/flows]`.

What is drawn is what the code obeys; a test fails while the drawing is older than the tables.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from device_emulator.core.application_states import APPLICATION, ApplicationState
from device_emulator.core.states import LIFE, LOCK, POWER, LifeState, LockState, PowerState
from device_emulator.core.system_update import UPDATE, UpdateState

State = TypeVar("State", bound=StrEnum)
Trigger = TypeVar("Trigger", bound=StrEnum)

PAGE = "device.md"
NOTICE = (
    "Drawn by `python -m device_emulator.core.draw`; change the tables (`states.py`, `system_update.py` and "
    "`application_states.py` in `device_emulator/core`), not this page."
)


def page() -> str:
    """Return the page: one diagram for each table. What no arrow shows cannot happen, or changes nothing."""
    return "\n".join(
        [
            "# A device",
            "",
            NOTICE,
            "",
            *section("Life", "where it is in its life", diagram(LIFE, LifeState.SETUP_ASSISTANT)),
            *section("Lock", "what its screen lets its person do", diagram(LOCK, LockState.UNLOCKED)),
            *section("Power", "whether it runs, and has been unlocked since", diagram(POWER, PowerState.ON)),
            *section("System update", "how far it has come", diagram(UPDATE, UpdateState.IDLE)),
            *section(
                "Application",
                "one that the server wants, in the words of ManagedApplicationList",
                diagram(APPLICATION, ApplicationState.UNMANAGED),
            ),
        ]
    )


def section(title: str, meaning: str, lines: list[str]) -> list[str]:
    """Return a diagram under its title."""
    return [f"## {title}: {meaning}", "", "```mermaid", *lines, "```", ""]


def diagram(table: Mapping[tuple[State, Trigger], State], initial: State) -> list[str]:
    """Return the moves that change a state as a mermaid diagram; triggers with the same effect share an arrow."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (before, trigger), after in table.items():
        if before is not after:
            arrows.setdefault((before, after), []).append(trigger)
    moves = [f"    {before} --> {after}: {', '.join(triggers)}" for (before, after), triggers in arrows.items()]
    return ["stateDiagram-v2", f"    [*] --> {initial}", *moves]


def main(folder: Path) -> None:
    """Write the page into a folder."""
    (folder / PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/flows"))
