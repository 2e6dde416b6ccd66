from __future__ import annotations

import pytest

from device_emulator.scenario.findings import Deed
from device_emulator.scenario.thresholds import Measured, ThresholdError, parse_threshold


def deed(kind: str = "enrol", *, code: str = "", seconds: float = 1.0) -> Deed:
    """Return something that was done."""
    return Deed(kind=kind, sentence="somebody did something", code=code, seconds=seconds)


TEN = Measured([deed(seconds=number) for number in range(1, 11)], {"lock.set": 2})
MIXED = Measured([deed(), deed(code="BAD_CREDENTIALS"), deed("check-out", code="CHECKED_OUT"), deed("check-out")], {})
AT_APPLE = Measured([deed()], {}, {"apns.lost": 2})


@pytest.mark.parametrize(
    ("text", "measured", "found"),
    [
        ("p50(enrol) <= 6 s", TEN, "6 seconds"),
        ("p99(enrol) == 10 s", TEN, "10 seconds"),
        ("max(enrol) < 1 minute", TEN, "10 seconds"),
        ("min(enrol)>=1000ms", TEN, "1 second"),
        ("journal(lock.set) == 2", TEN, "2"),
        ("journal(lock.released) == 0", TEN, "0"),
        ("apple(apns.lost) == 2", AT_APPLE, "2"),
        ("apple(dep.fault) == 0", AT_APPLE, "0"),
        ("refused == 2", MIXED, "2"),
        ("refused(BAD_CREDENTIALS) == 1", MIXED, "1"),
        ("refused(check-out) == 1", MIXED, "1"),
        ("done == 2", MIXED, "2"),
        ("done(check-out) != 0", MIXED, "1"),
        ("refused(MAX_DEVICES) == 0", MIXED, "0"),
    ],
)
def test_a_threshold_holds_what_was_measured_against_its_bound(text: str, measured: Measured, found: str) -> None:
    """Percentiles of what was done, and counts."""
    finding = parse_threshold(text).judge(measured, line=3)
    assert (finding.passed, finding.found, finding.sentence, finding.line) == (True, found, text, 3)


@pytest.mark.parametrize("text", ["p99(enrol) < 10 s", "refused == 1", "journal(lock.set) > 2", "done(enrol) < 10"])
def test_a_threshold_that_is_not_met_fails(text: str) -> None:
    """A bound that is reached is not kept by `<`."""
    assert not parse_threshold(text).judge(TEN).passed


@pytest.mark.parametrize(
    "text",
    [
        "p99(check-out) < 100 s",
        "refused == 0",
        "done >= 0",
        "journal(lock.set) == 0",
        "apple(dep.fault) == 0",
        "max(enrol) < 1 day",
    ],
)
def test_no_data_is_no_success(text: str) -> None:
    """Whatever the bound: nothing of the kind was tried."""
    nothing = Measured([], {}) if "check-out" not in text else TEN
    finding = parse_threshold(text).judge(nothing)
    assert not finding.passed
    assert finding.found.startswith("no data")


def test_only_what_was_done_is_timed() -> None:
    """A refusal is quick, and would make an enrolment look quick."""
    measured = Measured([deed(seconds=5.0), deed(code="BAD_CREDENTIALS", seconds=0.1)], {})
    assert parse_threshold("min(enrol) == 5 s").judge(measured).passed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected FIGURE COMPARISON BOUND"),
        ("refused", "expected FIGURE COMPARISON BOUND"),
        ("refused = 2", '"=" compares nothing'),
        ("refussed == 2", 'unknown figure "refussed"'),
        ("p99 < 2 s", "of what is p99?"),
        ("p99(enroll) < 2 s", '"enroll" is not timed'),
        ("p99(enrol) < 2", "expected a length of time"),
        ("refused == 2 s", "expected a whole number"),
        ("journal == 2", "which code of the journal?"),
        ("apple == 2", "what of Apple's journal?"),
    ],
)
def test_what_is_no_threshold_is_refused(text: str, said: str) -> None:
    """The error says what was expected, and the remedy what to write."""
    with pytest.raises(ThresholdError, match=r".") as caught:
        parse_threshold(text)
    assert said in str(caught.value)


def test_the_remedy_is_the_nearest_right_word() -> None:
    """Somebody who writes in American is understood."""
    with pytest.raises(ThresholdError) as caught:
        parse_threshold("p99(enroll) < 2 s")
    assert caught.value.remedy == 'did you mean "enrol"?'
