from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import mean

from device_emulator.fleet.arrival import arrivals


def test_without_a_rate_everybody_starts_at_once() -> None:
    """The concurrency decides then."""
    assert list(arrivals(3, None, Random(1))) == [0.0, 0.0, 0.0]


def test_with_a_rate_the_gaps_are_exponential_around_its_inverse() -> None:
    """A Poisson process: the mean gap is 1/rate and the spread is as large as the mean."""
    moments = list(arrivals(20_000, 50.0, Random(1)))
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert abs(mean(gaps) - 0.02) < 0.001
    assert abs(mean(gap * gap for gap in gaps) - 2 * 0.02**2) < 0.0001


def test_the_same_seed_gives_the_same_schedule() -> None:
    """A run can be had again."""
    assert list(arrivals(10, 5.0, Random("7/arrival"))) == list(arrivals(10, 5.0, Random("7/arrival")))
