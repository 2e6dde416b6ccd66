"""What is expected of a whole play: `p99(enrol) < 2 s`, `refused == 3`, `journal(lock.set) == 1`.

Nothing measured is no success: a threshold over no data fails, whatever it says.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from device_emulator.scenario.durations import seconds, spoken
from device_emulator.scenario.errors import nearest
from device_emulator.scenario.findings import Deed, Finding

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
PERCENTILES: Mapping[str, float] = {"min": 0.0, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
COUNTS = ("done", "refused", "journal", "apple")
TIMED = ("enrol", "direct-enrol", "cart", "hub-login", "hub-logout", "check-out", "check-in", "admin", "wipe")
_FORM = re.compile(r"\s*([a-z0-9]+)\s*(?:\(\s*([^()\s]+)\s*\))?\s*(<=|>=|==|!=|<|>|=)\s*(\S.*?)\s*")
_NUMBER = re.compile(r"\d{1,9}")


class ThresholdError(ValueError):
    """A threshold cannot be read; `remedy` says what to write instead."""

    def __init__(self, text: str, remedy: str = "") -> None:
        self.remedy = remedy
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Measured:
    """What there is to judge: every deed, and how often each code stands in the server's journal, and in Apple's."""

    deeds: Sequence[Deed]
    journal: Mapping[str, int]
    apple: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure, and the bound it must keep."""

    text: str
    figure: str
    of: str | None
    comparison: str
    bound: float

    @property
    def is_time(self) -> bool:
        """Whether the figure is a length of time."""
        return self.figure in PERCENTILES

    def judge(self, measured: Measured, *, line: int = 0) -> Finding:
        """Hold what was measured against the bound."""
        figure = self._figure(measured)
        if figure is None:
            return Finding(sentence=self.text, found="no data: nothing of the kind was tried", passed=False, line=line)
        found = spoken(figure) if self.is_time else f"{figure:g}"
        return Finding(
            sentence=self.text, found=found, passed=COMPARISONS[self.comparison](figure, self.bound), line=line
        )

    def _figure(self, measured: Measured) -> float | None:
        if self.is_time:
            times = sorted(deed.seconds for deed in measured.deeds if deed.kind == self.of and not deed.code)
            # The nearest rank: a figure that was really measured, never one in between.
            return times[min(len(times) - 1, int(PERCENTILES[self.figure] * len(times)))] if times else None
        if self.figure == "journal":
            return float(measured.journal.get(self.of or "", 0)) if measured.journal else None
        if self.figure == "apple":
            return float(measured.apple.get(self.of or "", 0)) if measured.apple else None
        if not measured.deeds:
            return None
        if self.figure == "refused":
            return float(sum(1 for deed in measured.deeds if deed.code and self.of in (None, deed.code, deed.kind)))
        return float(sum(1 for deed in measured.deeds if not deed.code and self.of in (None, deed.kind)))


def parse_threshold(text: str) -> Threshold:
    """Read a threshold; raises ThresholdError."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise ThresholdError(
            f"expected FIGURE COMPARISON BOUND, found {text!r}", "such as `p99(enrol) < 2 s` or `refused == 3`"
        )
    figure, of, comparison, bound = form.groups()
    if comparison == "=":
        raise ThresholdError('"=" compares nothing', "write `==`")
    if figure in PERCENTILES:
        if of not in TIMED:
            raise ThresholdError(
                f"of what is {figure}?" if of is None else f'"{of}" is not timed', nearest(of or "", TIMED)
            )
        return Threshold(text, figure, of, comparison, _seconds(bound))
    if figure not in COUNTS:
        raise ThresholdError(f'unknown figure "{figure}"', nearest(figure, (*PERCENTILES, *COUNTS)))
    if figure == "journal" and of is None:
        raise ThresholdError("which code of the journal?", "such as `journal(lock.set) == 1`")
    if figure == "apple" and of is None:
        raise ThresholdError("what of Apple's journal?", "such as `apple(apns.lost) == 1`")
    if not _NUMBER.fullmatch(bound):
        raise ThresholdError(f"expected a whole number, found {bound!r}")
    return Threshold(text, figure, of, comparison, float(bound))


def _seconds(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise ThresholdError(str(error)) from None
