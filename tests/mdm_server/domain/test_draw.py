"""The drawings in docs/flows are what the code obeys."""

from __future__ import annotations

from pathlib import Path

import pytest

from mdm_server.domain.command_queue import TRANSITIONS, CommandState
from mdm_server.domain.draw import diagram, drawings, guard_order, lockouts, main
from mdm_server.domain.staging.guards import GUARDS
from mdm_server.domain.staging.hub_session import HUB_SESSION, on_the_full_walk
from mdm_server.domain.staging.refusals import STAGING_REFUSALS

FLOWS = Path(__file__).resolve().parents[3] / "docs" / "flows"


@pytest.mark.parametrize("name", list(drawings()))
def test_a_drawing_is_current(name: str) -> None:
    """Run `python -m mdm_server.domain.draw` when this fails."""
    assert (FLOWS / name).read_text(encoding="utf-8") == drawings()[name]


def test_every_state_is_in_its_diagram() -> None:
    """And terminal states lead out."""
    lines = diagram(TRANSITIONS)
    assert all(any(str(state) in line for line in lines) for state in CommandState)
    assert "    Acknowledged --> [*]" in lines
    assert "    NotNow --> Queued: Idle" in lines


def test_a_diagram_may_show_a_part_of_its_table() -> None:
    """The Hub session skips what needs no answer: drawn in full, nobody could read it."""
    whole, part = diagram(HUB_SESSION), diagram(HUB_SESSION, on_the_full_walk)
    assert len(part) < len(whole)
    assert set(part) - {"    Start --> Group: AskGroup"} < set(whole)
    assert not any("Start --> Install" in line for line in part)


def test_the_guards_are_drawn_in_their_order() -> None:
    """One row each, numbered."""
    rows = [line for line in guard_order().splitlines() if line[2:3].isdigit()]
    assert [row.split(" | ")[1] for row in rows] == [guard.name for guard in GUARDS]


def test_every_refusal_of_staging_is_on_its_page() -> None:
    """With both sentences: what the user sees, and what an administrator does."""
    page = lockouts()
    for code, refusal in STAGING_REFUSALS.items():
        assert f"| `{code}` |" in page
        assert f"| {refusal.text} | {refusal.remedy} |" in page


def test_drawing_writes_one_file_for_each_page(tmp_path: Path) -> None:
    """Into whatever folder is asked for."""
    main(tmp_path / "flows")
    assert {path.name for path in (tmp_path / "flows").iterdir()} == set(drawings())
