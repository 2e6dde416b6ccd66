from __future__ import annotations

from typing import Any

from device_emulator.report.explain import explanation_lines

MINUTE = "2026-01-05T08:0{}:00Z"


def _happening(number: int, **more: Any) -> dict[str, Any]:
    return {"at": MINUTE.format(number), "sentence": f"Number {number}.", "times": 1, "until": None, **more}


def _shown(**document: Any) -> list[str]:
    whole = {"state": ["It is locked."], "story": [], "remedy": ["What to do: Unlock it."], "left_out": 0, **document}
    return [line.plain for line in explanation_lines(whole)]


def test_state_story_and_remedy_stand_apart() -> None:
    """Why, how it came about with the times, and what to do; nothing stands between where nothing happened."""
    assert _shown(story=[_happening(1)]) == [
        "It is locked.",
        "",
        "2026-01-05 08:01:00 UTC  Number 1.",
        "",
        "What to do: Unlock it.",
    ]
    assert _shown() == ["It is locked.", "", "What to do: Unlock it."]


def test_what_happened_often_is_said_with_how_often() -> None:
    """One line, with how many times and until when."""
    assert _shown(story=[_happening(1, times=3, until=MINUTE.format(4))])[2] == (
        "2026-01-05 08:01:00 UTC  Number 1. (3 times, until 2026-01-05 08:04:00 UTC)"
    )


def test_what_happened_often_in_one_second_has_one_time() -> None:
    """As on a virtual clock, where a conversation takes no time."""
    assert _shown(story=[_happening(1, times=3, until=MINUTE.format(1))])[2] == (
        "2026-01-05 08:01:00 UTC  Number 1. (3 times)"
    )


def test_what_was_left_out_of_a_long_story_is_counted_where_it_was() -> None:
    """In the middle, between its beginning and its end."""
    shown = _shown(story=[_happening(number) for number in range(4)], left_out=7)
    assert shown[4] == "… 7 more happenings …"
    assert len(shown) == 9


def test_a_name_does_nothing_to_the_terminal() -> None:
    """A device may be called an escape sequence; what is shown is that something is there that cannot be shown."""
    evil = "\x1b[2Jphone\x07\n"
    shown = _shown(state=[evil], story=[_happening(1, sentence=evil)], remedy=[evil])
    assert not [letter for line in shown for letter in line if not letter.isprintable()]
    assert shown[0] == "�[2Jphone��"
