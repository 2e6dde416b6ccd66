from __future__ import annotations

from device_emulator.report.verdict import Expectation, all_of, verdict


def test_all_expectations_must_hold() -> None:
    """One that does not is enough to fail."""
    good, bad = Expectation("good", "1", passed=True), Expectation("bad", "0", passed=False)
    assert verdict([good, good]) == "pass"
    assert verdict([good, bad]) == "fail"


def test_a_run_of_which_nothing_was_expected_fails() -> None:
    """No data is no success."""
    assert verdict([]) == "fail"


def test_none_of_none_is_no_success() -> None:
    """An expectation over zero samples must not pass."""
    assert not all_of("devices enrolled", 0, 0).passed
    assert all_of("devices enrolled", 3, 3) == Expectation("devices enrolled", "3 of 3", passed=True)
