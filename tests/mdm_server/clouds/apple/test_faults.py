"""Arranged failures: in line, counted, windowed, drawn, journaled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from mdm_server.clouds.apple.faults import Fault, Faults
from mdm_server.clouds.apple.journal import Journal, Service

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Hand:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


def arranged(*faults: Fault, clock: Hand | None = None) -> tuple[Faults, Journal]:
    """Return faults that were put in line, and the journal they write."""
    clock = clock or Hand()
    journal = Journal(clock)
    line = Faults(clock, Random(7), journal)
    for fault in faults:
        line.add(fault)
    return line, journal


def sync(name: str, response: str, **more: object) -> Fault:
    """Return a fault of the sync endpoint."""
    return Fault(name=name, service=Service.DEP, point="post_devices_sync", response=response, **more)  # type: ignore[arg-type]


def struck(line: Faults, calls: int) -> list[str | None]:
    """Return what each of so many calls meets."""
    found = [line.strike(Service.DEP, "post_devices_sync") for _ in range(calls)]
    return [None if fault is None else fault.response for fault in found]


def test_nothing_fails_unless_somebody_arranged_it() -> None:
    """Off by default."""
    line, journal = arranged()
    assert struck(line, 3) == [None, None, None]
    assert not journal.entries()


def test_faults_of_a_point_stand_in_line_as_with_depsim() -> None:
    """One success, two failures, and then all is well again."""
    line, journal = arranged(sync("wait", "success", count=1), sync("twice", "failed", count=2))
    assert struck(line, 5) == [None, "failed", "failed", None, None]
    assert [entry.details["name"] for entry in journal.entries()] == ["twice", "twice"]


def test_a_fault_without_a_count_strikes_once() -> None:
    """Clients exist that would spin for ever."""
    line, _ = arranged(sync("once", "failed"))
    assert struck(line, 3) == ["failed", None, None]


def test_another_point_is_not_touched() -> None:
    """A fault is where it was put."""
    line, _ = arranged(sync("once", "failed"))
    assert line.strike(Service.DEP, "get_session") is None
    assert line.strike(Service.APNS, "post_devices_sync") is None
    assert [fault.name for fault in line.all()] == ["once"]


def test_a_window_opens_and_closes() -> None:
    """It strikes from its start up to, and without, its end."""
    clock = Hand()
    window = sync("window", "failed", count=None, starts=NOON + timedelta(hours=1), ends=NOON + timedelta(hours=2))
    line, _ = arranged(window, clock=clock)
    assert struck(line, 1) == [None]
    clock.now = NOON + timedelta(hours=1)
    assert struck(line, 2) == ["failed", "failed"]
    clock.now = NOON + timedelta(hours=2)
    assert struck(line, 1) == [None]


def test_a_probability_is_drawn_from_the_seed() -> None:
    """Two runs of one seed are struck in the same places, and only what struck was counted."""
    runs = [struck(arranged(sync("half", "failed", count=5, probability=0.5))[0], 40) for _ in range(2)]
    assert runs[0] == runs[1]
    assert runs[0].count("failed") == 5
    assert None in runs[0][: runs[0].index("failed") + 5]


def test_a_name_is_taken_by_its_successor_and_taken_away() -> None:
    """Whoever arranges a fault again changes it."""
    line, _ = arranged(sync("it", "failed", count=9), sync("it", "unauthorized", count=1), sync("other", "failed"))
    assert [(fault.name, fault.response) for fault in line.all()] == [("it", "unauthorized"), ("other", "failed")]
    line.remove("it")
    assert [fault.name for fault in line.all()] == ["other"]
    line.remove()
    assert not line.all()
