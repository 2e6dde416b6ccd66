from __future__ import annotations

from pathlib import Path

from device_emulator.scenario.page import ROWS, main, page

PAGE = Path(__file__).resolve().parents[3] / "docs/scenarios.md"


def test_the_page_is_as_new_as_the_scenarios(tmp_path: Path) -> None:
    """`make docs` writes it again."""
    main(tmp_path / "page.md")
    assert PAGE.read_text(encoding="utf-8") == (tmp_path / "page.md").read_text(encoding="utf-8")


def test_every_row_has_a_line() -> None:
    """All 68 of them, with what plays them or why nothing does."""
    lines = page().splitlines()
    assert len(ROWS) == 68
    for row in ROWS:
        [line] = [line for line in lines if line.startswith(f"| {row} |")]
        assert "test_library.py" in line or "waits for dep" in line
