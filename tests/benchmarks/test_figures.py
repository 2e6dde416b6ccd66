from __future__ import annotations

import pytest

from benchmarks.figures import Figure, at_least, at_most


@pytest.mark.parametrize(
    ("aim", "value", "reached"),
    [(at_least(120), 120, True), (at_least(120), 119.9, False), (at_most(5), 5, True), (at_most(5), 5.1, False)],
)
def test_a_rate_must_not_fall_short_and_a_cost_must_not_exceed(aim, value, reached) -> None:
    """An aim is reached by its own value, and missed on the wrong side of it."""
    assert Figure(name="x", value=value, unit="", aim=aim).reached is reached


def test_a_figure_without_an_aim_is_neither_reached_nor_missed() -> None:
    """Nothing is claimed where nothing was promised."""
    assert Figure(name="x", value=1, unit="").reached is None


def test_the_ratio_says_how_many_times_the_floor_something_costs() -> None:
    """Six milliseconds over a floor of two are three times the floor."""
    assert Figure(name="x", value=6, unit="ms", floor=2).ratio == 3
    assert Figure(name="x", value=6, unit="ms").ratio is None
