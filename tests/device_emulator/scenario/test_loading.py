from __future__ import annotations

from pathlib import Path

import pytest

from device_emulator.scenario import DocumentError, UnknownScenario, load, names
from device_emulator.scenario.library import text_of

NAME = "registration/open-enrolment"


def test_a_shipped_scenario_is_found_by_its_name() -> None:
    """And its text is what was written."""
    assert load(NAME).name == NAME
    assert NAME in names()
    assert text_of(NAME).startswith(f"scenario: {NAME}\n")


def test_a_scenario_of_ones_own_is_a_file(tmp_path: Path) -> None:
    """A path is always a file, and so is a text that ends like one."""
    for name in ("mine.yaml", "mine.yml"):
        path = tmp_path / name
        path.write_text(text_of(NAME), encoding="utf-8")
        assert load(path).steps == load(str(path)).steps == load(NAME).steps
        assert load(path).source == str(path)


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    """With the nearest name, or the reason why a file cannot be read."""
    with pytest.raises(UnknownScenario, match=f'did you mean "{NAME}"'):
        load("registration/open-enrollment")
    with pytest.raises(UnknownScenario, match="no such file or directory"):
        load(tmp_path / "nothing.yaml")
    with pytest.raises(UnknownScenario, match="is a directory"):
        load(tmp_path)
    (tmp_path / "other.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="expected text in UTF-8"):
        load(tmp_path / "other.yaml")
