"""The drawings in docs/flows are what the code obeys."""

from __future__ import annotations

from pathlib import Path

import pytest

from mdm_server.domain.command_queue import TRANSITIONS, CommandState
from mdm_server.domain.draw import diagram, drawings, main

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


def test_drawing_writes_one_file_for_each_page(tmp_path: Path) -> None:
    """Into whatever folder is asked for."""
    main(tmp_path / "flows")
    assert {path.name for path in (tmp_path / "flows").iterdir()} == set(drawings())
