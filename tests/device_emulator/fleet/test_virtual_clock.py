from __future__ import annotations

from datetime import timedelta

import pytest

from device_emulator.fleet.virtual_clock import EPOCH, Agenda, VirtualClock

HOUR = timedelta(hours=1)


def test_a_virtual_clock_stands_still_until_it_is_moved() -> None:
    """It tells the moment that it was set to, however often it is asked."""
    clock = VirtualClock()
    assert [clock(), clock()] == [EPOCH, EPOCH]
    clock.move_to(EPOCH + HOUR)
    assert clock() == EPOCH + HOUR


def test_virtual_time_does_not_run_backwards() -> None:
    """Whoever would set the clock back is told so, and it stays where it was."""
    clock = VirtualClock(EPOCH + HOUR)
    with pytest.raises(ValueError, match="expected a moment after"):
        clock.move_to(EPOCH)
    assert clock() == EPOCH + HOUR


def test_an_agenda_goes_by_time_and_then_by_who_asked_first() -> None:
    """Appointments at one moment keep the order in which they were made: no tie is left to chance."""
    agenda: Agenda[str] = Agenda()
    assert agenda.next is None
    for moment, whom in [(2, "late"), (1, "first of two"), (1, "second of two")]:
        agenda.add(EPOCH + moment * HOUR, whom)
    assert agenda.next == EPOCH + HOUR
    assert [agenda.take()[1] for _ in range(3)] == ["first of two", "second of two", "late"]
