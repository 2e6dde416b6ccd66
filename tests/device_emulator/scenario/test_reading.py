from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_emulator.scenario.errors import DocumentError, Position
from device_emulator.scenario.reading import MAX_CHARACTERS, MAX_DEPTH, read, spell


def test_everything_is_read_with_its_place() -> None:
    """A value in a mapping stands where its key stands, an item of a list where it begins."""
    tree = read("a: 1\nb:\n  - x: no\n    y: '12'\n  - 2.5\n", "f.yaml")
    assert tree.value == {"a": 1, "b": [{"x": "no", "y": "12"}, 2.5]}
    assert tree.position(("b", 0, "y")) == Position(4, 5)
    assert tree.position(("b", 1)) == Position(5, 5)
    assert tree.position(("b", 0, "nothing", "there")) == Position(3, 5)
    assert str(tree.problem(("b", 0, "x"), "is wrong", "right it")) == "f.yaml:3:5: b[0].x: is wrong; right it"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None),
        ("true", True),
        ("yes", "yes"),
        ("off", "off"),
        ("0", 0),
        ("-7", -7),
        ("007", "007"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("2026-01-05", "2026-01-05"),
        ("1.5", 1.5),
        ('"1"', "1"),
        ("12:30", "12:30"),
    ],
)
def test_a_word_is_what_it_looks_like(text: str, value: object) -> None:
    """Dates, octal numbers and YAML 1.1's yes and no are text: nobody is surprised by what became of a name."""
    assert read(f"x: {text}", "f").value == {"x": value}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "expected a scenario, found an empty file"),
        ("a: 1\na: 2", 2, '"a" is here twice, first in line 1'),
        ("a: &x 1", 1, "anchors and aliases"),
        ("a: *x", 1, "anchors and aliases"),
        ("a: !!int 1", 1, "tags are not read"),
        ("a: !!python/object:os.system {}", 1, "tags are not read"),
        ("---\na: 1\n---\nb: 2", 3, "expected one document"),
        ("a: [", 1, "this is not YAML"),
        ("a: \x00", 1, "this is not YAML"),
        ("? [1]\n: 2", 1, "expected a word as the key"),
        ("[" * 3000, 1, f"at most {MAX_DEPTH} levels deep"),
        ("- " * 3000 + "1", 1, f"at most {MAX_DEPTH} levels deep"),
        ("x" * (MAX_CHARACTERS + 1), 1, "characters"),
        ("[" + "1," * 50_001 + "]", 1, "at most 50,000 values"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    """One problem, at the line where it is, however hostile the text."""
    with pytest.raises(DocumentError) as caught:
        read(text, "f.yaml")
    [problem] = caught.value.problems
    assert problem.position.line == line
    assert said in str(problem)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else happens, whatever the text."""
    with contextlib.suppress(DocumentError):
        assert read(text, "f.yaml").source == "f.yaml"


def test_a_path_is_spelled_as_a_person_writes_it() -> None:
    """Keys with dots, positions in brackets."""
    assert spell(("steps", 2, "enrol", "as")) == "steps[2].enrol.as"
    assert spell(()) == ""
