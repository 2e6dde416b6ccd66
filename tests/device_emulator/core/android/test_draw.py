"""The drawing of an Android's states."""

from __future__ import annotations

from pathlib import Path

from device_emulator.core.android import draw
from device_emulator.core.android.states import KIOSK, LIFE, PROTECTION, SCREEN, VERIFICATION

FLOWS = Path(__file__).resolve().parents[4] / "docs" / "flows"


def test_the_drawing_is_as_new_as_the_tables(tmp_path: Path) -> None:
    """Run `python -m device_emulator.core.android.draw` if this fails."""
    draw.main(tmp_path)
    assert (tmp_path / draw.PAGE).read_text() == (FLOWS / draw.PAGE).read_text()


def test_every_move_is_drawn() -> None:
    """With all the triggers that cause it."""
    moves = [line.strip() for line in draw.page().splitlines() if "-->" in line]
    for table in (LIFE, SCREEN, KIOSK, PROTECTION, VERIFICATION):
        for (before, trigger), after in table.items():
            if before is not after:
                assert any(
                    move.startswith(f"{before} --> {after}: ") and trigger in move.split(": ")[1].split(", ")
                    for move in moves
                )
