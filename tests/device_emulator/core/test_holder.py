"""What somebody who holds a device types, forgets and does on some days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from device_emulator.core.holder import LONGEST_ABSENCE, Holder, Impulse, mistyped
from device_emulator.core.person import Habits, Person
from device_emulator.core.randomness import Randomness

CHANCE = Randomness(1, 17)


def holder(**habits: float) -> Holder:
    """Return somebody with these habits."""
    return Holder(Person(name="Ada", user_name="ada", password="engine", passcode="271828", habits=Habits(**habits)))


def week(somebody: Holder, now: datetime) -> Iterator[tuple[datetime, Impulse]]:
    """Follow somebody for a week, from one impulse to the next."""
    end, moment = now + timedelta(days=7), now
    while moment <= end:
        for impulse in somebody.impulses(CHANCE, moment):
            yield moment, impulse
        planned = somebody.next_impulse
        assert planned is not None
        assert planned > moment
        moment = planned


def test_somebody_careful_types_what_they_mean() -> None:
    """And chance is left alone."""
    careful = holder()
    assert careful.types(CHANCE, "engine") == "engine"
    assert careful.turns == 0


def test_somebody_careless_never_types_what_they_mean() -> None:
    """At the likelihood 1 every time, and not always the same slip."""
    careless = holder(mistypes=1.0)
    typed = {careless.types(CHANCE, "engine") for _ in range(20)}
    assert "engine" not in typed
    assert len(typed) > 1


def test_a_habit_shows_as_often_as_it_is_likely() -> None:
    """Half of the time, more or less."""
    somebody = holder(forgets_to_log_out=0.5)
    assert 60 < sum(somebody.forgets_to_log_out(CHANCE) for _ in range(200)) < 140


def test_chance_is_the_same_in_every_run() -> None:
    """The same person with the same device makes the same slips."""
    first, second = holder(mistypes=0.5), holder(mistypes=0.5)
    assert [first.types(CHANCE, "engine") for _ in range(20)] == [second.types(CHANCE, "engine") for _ in range(20)]


@pytest.mark.parametrize("password", ["engine", "aa", "a", ""])
def test_a_slip_is_never_the_password(password: str) -> None:
    """However short, and whatever letters it repeats."""
    assert all(mistyped(password, CHANCE, turn) != password for turn in range(50))


def test_somebody_without_such_habits_needs_no_clock(now: datetime) -> None:
    """An idle device with a holder has no deadline."""
    quiet = holder(mistypes=1.0, forgets_to_log_out=1.0)
    assert quiet.impulses(CHANCE, now) == ()
    assert quiet.next_impulse is None


def test_an_impulse_comes_at_most_once_a_day(now: datetime) -> None:
    """Each day at another hour."""
    found = list(week(holder(removes_management=1.0), now))
    assert [impulse for _, impulse in found] == [Impulse.REMOVE_MANAGEMENT] * len(found)
    assert 6 <= len(found) <= 8
    assert len({moment.time() for moment, _ in found}) == len(found)


def test_whoever_goes_offline_comes_back(now: datetime) -> None:
    """Within hours."""
    found = list(week(holder(goes_offline=1.0), now))
    went, back = found[:-1:2], found[1::2]
    assert went
    assert {impulse for _, impulse in went} == {Impulse.GO_OFFLINE}
    assert {impulse for _, impulse in back} == {Impulse.COME_BACK}
    for (gone, _), (returned, _) in zip(went, back, strict=False):
        assert timedelta(0) < returned - gone <= timedelta(hours=LONGEST_ABSENCE)


def test_an_impulse_is_told_once(now: datetime) -> None:
    """Asking again in the same moment gives nothing."""
    somebody = holder(removes_management=1.0)
    somebody.impulses(CHANCE, now)
    moment = somebody.stirs_at
    assert moment is not None
    assert somebody.impulses(CHANCE, moment) == (Impulse.REMOVE_MANAGEMENT,)
    assert somebody.impulses(CHANCE, moment) == ()


def test_a_holder_can_be_put_on_paper(now: datetime) -> None:
    """With what they know, and with what is planned."""
    somebody = holder(goes_offline=1.0, mistypes=0.5)
    somebody.knows_passcode = False
    moments = [moment for moment, _ in week(somebody, now)]
    copy = Holder.restore(json.loads(json.dumps(somebody.snapshot())))
    assert copy.snapshot() == somebody.snapshot()
    assert copy.person == somebody.person
    assert list(week(copy, moments[-1])) == list(week(somebody, moments[-1]))


def test_what_somebody_knows_by_heart_is_not_shown() -> None:
    """Neither password nor passcode is for logs."""
    shown = repr(holder().person)
    assert "engine" not in shown
    assert "271828" not in shown
