"""Who holds a device: what they know, what they type, and what comes over them on some days.

A device that has been nobody's in particular has no holder; its person then has no credentials and no habits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from device_emulator.core.person import Habits, Person
from device_emulator.core.randomness import Randomness

DAY = timedelta(days=1)
# Somebody out of reach is so for this many hours, at least and at most.
SHORTEST_ABSENCE, LONGEST_ABSENCE = 1.0, 8.0


class Impulse(StrEnum):
    """What comes over a person."""

    REMOVE_MANAGEMENT = "remove_management"
    GO_OFFLINE = "go_offline"
    COME_BACK = "come_back"


class Holder:
    """A person with a device in their hand.

    `knows_passcode` is false for somebody who was given a locked device and not told the code. `turns` counts what was
    left to chance, so that each turn has a stream of its own.
    """

    __slots__ = ("back_at", "day_ends", "knows_passcode", "person", "stirs_at", "turns")

    def __init__(self, person: Person, *, turns: int = 0, knows_passcode: bool = True) -> None:
        self.person = person
        self.knows_passcode = knows_passcode
        self.turns = turns
        self.stirs_at: datetime | None = None
        self.day_ends: datetime | None = None
        self.back_at: datetime | None = None

    # What they type

    def types(self, randomness: Randomness, password: str) -> str:
        """Return what the keyboard gets when they type a password."""
        if not self._gives_way(randomness, "mistypes", self.person.habits.mistypes):
            return password
        return mistyped(password, randomness, self.turns)

    def forgets_to_log_out(self, randomness: Randomness) -> bool:
        """Say whether they leave a shared device as it is this time."""
        return self._gives_way(randomness, "forgets", self.person.habits.forgets_to_log_out)

    # What comes over them

    def impulses(self, randomness: Randomness, now: datetime) -> tuple[Impulse, ...]:
        """Return, once, what has come over them up to now."""
        habits = self.person.habits
        if not (habits.removes_management or habits.goes_offline):
            return ()
        if self.day_ends is None:
            self._plan_day(randomness, now)
        come: list[Impulse] = []
        if self.back_at is not None and self.back_at <= now:
            self.back_at = None
            come.append(Impulse.COME_BACK)
        if self.stirs_at is not None and self.stirs_at <= now:
            self.stirs_at = None
            come += self._stir(randomness, now)
        if self.day_ends is not None and self.day_ends <= now:
            self._plan_day(randomness, now)
        return tuple(come)

    @property
    def next_impulse(self) -> datetime | None:
        """When something may come over them next."""
        planned = (self.back_at, self.stirs_at, self.day_ends)
        return min((moment for moment in planned if moment is not None), default=None)

    def _plan_day(self, randomness: Randomness, now: datetime) -> None:
        self.turns += 1
        self.day_ends = now + DAY
        self.stirs_at = now + DAY * randomness.stream("stirs at", self.turns).random()

    def _stir(self, randomness: Randomness, now: datetime) -> list[Impulse]:
        come: list[Impulse] = []
        if self._gives_way(randomness, "removes", self.person.habits.removes_management):
            come.append(Impulse.REMOVE_MANAGEMENT)
        if self.back_at is None and self._gives_way(randomness, "offline", self.person.habits.goes_offline):
            hours = randomness.stream("absence", self.turns).uniform(SHORTEST_ABSENCE, LONGEST_ABSENCE)
            self.back_at = now + timedelta(hours=hours)
            come.append(Impulse.GO_OFFLINE)
        return come

    def _gives_way(self, randomness: Randomness, habit: str, likelihood: float) -> bool:
        """Throw the dice for a habit; one that they do not have leaves chance alone."""
        if likelihood <= 0.0:
            return False
        self.turns += 1
        return randomness.stream(f"habit {habit}", self.turns).random() < likelihood

    # On paper

    def snapshot(self) -> dict[str, object]:
        """Return the state in plain JSON types; it holds what the person knows by heart."""
        return {
            "person": asdict(self.person),
            "turns": self.turns,
            "knows_passcode": self.knows_passcode,
            **{name: _text(getattr(self, name)) for name in ("stirs_at", "day_ends", "back_at")},
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> Holder:
        """Return the holder that `snapshot` describes."""
        facts = dict(snapshot["person"])
        person = Person(**{**facts, "habits": Habits(**facts["habits"])})
        holder = cls(person, turns=snapshot["turns"], knows_passcode=snapshot["knows_passcode"])
        for name in ("stirs_at", "day_ends", "back_at"):
            setattr(holder, name, _moment(snapshot[name]))
        return holder


def mistyped(password: str, randomness: Randomness, turn: int) -> str:
    """Return a password with one letter doubled, dropped or swapped with its neighbour; never the password itself."""
    stream = randomness.stream("slip", turn)
    place = stream.randrange(len(password)) if password else 0
    before, letter, after = password[:place], password[place : place + 1], password[place + 1 :]
    slips = (before + letter * 2 + after, before + after, before + after[:1] + letter + after[1:])
    wrong = [slip for slip in slips if slip != password]
    return stream.choice(wrong) if wrong else "x"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
