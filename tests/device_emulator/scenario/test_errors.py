from __future__ import annotations

import pytest

from device_emulator.scenario.errors import DocumentError, Position, Problem, nearest


@pytest.mark.parametrize(
    ("word", "known", "remedy"),
    [
        ("chek-out", ("check-in", "check-out"), 'did you mean "check-out"?'),
        ("check_out", ("check-in", "check-out"), 'did you mean "check-out"?'),
        ("ENROLLED", ("Enrolled", "Unenrolled"), 'did you mean "Enrolled"?'),
        ("zzz", ("ada", "bo"), "expected one of ada, bo"),
        ("zzz", ("ada",), "expected ada"),
        ("zzz", (), "there is none to choose from"),
    ],
)
def test_the_nearest_right_word_is_the_one_that_was_probably_meant(
    word: str, known: tuple[str, ...], remedy: str
) -> None:
    """Dashes, underscores and capitals are no difference; where nothing is near, all there are."""
    assert nearest(word, known) == remedy


def test_many_words_are_not_all_told() -> None:
    """Nobody reads eighty names."""
    remedy = nearest("zzz", tuple(f"name-{number}" for number in range(80)))
    assert remedy.endswith("… (80 in all)")
    assert len(remedy) < 200


def test_problems_are_told_in_the_order_of_the_file() -> None:
    """However they were found."""
    problems = [Problem("f", Position(line, 1), "key", "wrong") for line in (3, 1, 2)]
    assert str(DocumentError(problems)).splitlines() == [f"f:{line}:1: key: wrong" for line in (1, 2, 3)]
