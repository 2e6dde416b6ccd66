from __future__ import annotations

import pytest

from device_emulator.scenario.durations import seconds, spoken


@pytest.mark.parametrize(
    ("text", "length"),
    [("250 ms", 0.25), ("2s", 2), ("61 minutes", 3660), ("1h 30m", 5400), ("2 days", 172800), ("1.5 hours", 5400)],
)
def test_a_length_of_time_is_read_as_people_write_it(text: str, length: float) -> None:
    """Numbers and units, as many as one likes."""
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "5", "five minutes", "5 minuts", "-3 s", "3 s later", "1h30"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    """The error shows how one is written."""
    with pytest.raises(ValueError, match=r"such as `90 s`"):
        seconds(text)


@pytest.mark.parametrize(
    ("length", "said"),
    [(3660, "61 minutes"), (86400, "1 day"), (0.25, "0.25 seconds"), (1, "1 second"), (7200, "2 hours")],
)
def test_a_length_of_time_is_said_in_its_largest_unit(length: float, said: str) -> None:
    """Whole ones only: 61 minutes are not an hour."""
    assert spoken(length) == said
