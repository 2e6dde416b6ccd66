"""The drawing of a device's states."""

from __future__ import annotations

from pathlib import Path

from device_emulator.core import draw
from device_emulator.core.application_states import APPLICATION
from device_emulator.core.states import LIFE, LOCK, POWER
from device_emulator.core.system_update import UPDATE

FLOWS = Path(__file__).resolve().parents[3] / "docs" / "flows"


def test_the_drawing_is_as_new_as_the_tables(tmp_path: Path) -> None:
    """Run `python -m device_emulator.core.draw` if this fails."""
    draw.main(tmp_path)
    assert (tmp_path / draw.PAGE).read_text() == (FLOWS / draw.PAGE).read_text()


def test_every_move_is_drawn() -> None:
    """With all the triggers that cause it."""
    page = draw.page()
    for table in (LIFE, LOCK, POWER, UPDATE, APPLICATION):
        for (before, trigger), after in table.items():
            if before is not after:
                assert any(
                    line.startswith(f"    {before} --> {after}: ") and trigger in line.split(": ")[1].split(", ")
                    for line in page.splitlines()
                )
