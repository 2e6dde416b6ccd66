"""What was expected of a run, and whether it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expectation:
    """One sentence about the run, what was found, and whether that is good."""

    sentence: str
    found: str
    passed: bool


def all_of(sentence: str, found: int, expected: int) -> Expectation:
    """Expect `expected` of something. None expected and none found is no success: nothing was tried."""
    return Expectation(sentence, f"{found} of {expected}", found == expected and expected > 0)


def verdict(expectations: Sequence[Expectation]) -> str:
    """Return `pass` or `fail`; a run of which nothing was expected fails."""
    return "pass" if expectations and all(expectation.passed for expectation in expectations) else "fail"
