"""Errands, one at a time: which comes first, what puts one off, and when the next begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from device_emulator.core.actions import GoOffline, GoOnline, PersonAction
from device_emulator.core.conversation import Conversation, Draft, once
from device_emulator.core.device import Device
from device_emulator.core.errand_running import ErrandRunner
from device_emulator.core.events import RetryScheduled
from device_emulator.core.gauges import Network
from device_emulator.core.handheld import Handheld
from device_emulator.core.holder import Impulse
from device_emulator.core.messages import (
    Errand,
    PersonActs,
    Prompted,
    PushArrived,
    RequestFailed,
    RequestKind,
    ResponseArrived,
    TimePassed,
)
from rigs.play_server import MovingClock


class Runner(ErrandRunner):
    """Runs errands of one request each, and notes which it began."""

    handheld: Handheld
    push_magic = "magic"

    def __init__(self, handheld: Handheld) -> None:
        super().__init__(handheld)
        self.begun: list[Errand] = []

    def _act(self, action: PersonAction) -> None:
        self.handheld.network = Network.NONE if isinstance(action, GoOffline) else Network.WIFI

    def _impulsive_action(self, impulse: Impulse) -> PersonAction | None:
        return None

    def _prompt(self, errand: Errand) -> None:
        self._want(errand)

    def _finish_starting(self) -> None:
        self.handheld.starts_until = None

    def _heed_appointments(self, now: datetime) -> None:
        """Keep no appointments."""

    def _notice_state(self) -> None:
        """Notice nothing."""

    def _say_no_good_bye(self) -> None:
        """Leave nothing."""

    def _converse(self, errand: Errand) -> Conversation[None]:
        self.begun.append(errand)
        yield from once(Draft(RequestKind.IDLE, "PUT", "https://mdm.example/mdm"))

    def _own_alarms(self) -> Iterator[datetime]:
        if self._resume_at is not None:
            yield self._resume_at


@pytest.fixture
def runner(enrolled: Device) -> Runner:
    """Return a runner with the state of an enrolled device."""
    enrolled.handheld.take_events()
    return Runner(enrolled.handheld)


def answer(runner: Runner, status: int = 200) -> None:
    """Answer what the runner asks."""
    (request,) = runner.requests()
    runner.handle(ResponseArrived(request.number, status))


def test_the_most_urgent_errand_is_run_first_and_each_to_its_end(runner: Runner) -> None:
    """Whatever comes meanwhile waits its turn."""
    runner.handle(Prompted(Errand.RENEWAL))
    runner.handle(Prompted(Errand.SESSION))
    runner.handle(Prompted(Errand.CHECK_OUT))
    assert runner.begun == [Errand.RENEWAL]
    for _ in range(3):
        assert runner.is_busy
        answer(runner)
    assert runner.begun == [Errand.RENEWAL, Errand.CHECK_OUT, Errand.SESSION]
    assert not runner.is_busy


def test_a_failure_puts_the_errand_off_until_the_clock_or_a_push_says_otherwise(
    runner: Runner, moving: MovingClock
) -> None:
    """An enrolled device never gives up."""
    for wake in (TimePassed(), PushArrived("magic")):
        runner.handle(Prompted(Errand.SESSION))
        answer(runner, 503)
        assert any(isinstance(event, RetryScheduled) for event in runner.events())
        assert runner.requests() == []
        deadline = runner.deadline
        assert deadline is not None
        if isinstance(wake, TimePassed):
            moving.now = deadline
        runner.handle(wake)
        answer(runner)
        assert not runner.is_busy


def test_a_push_with_another_word_is_not_heeded(runner: Runner) -> None:
    """It is for somebody else."""
    runner.handle(PushArrived("other"))
    assert runner.begun == []


def test_who_comes_back_asks_what_was_missed(runner: Runner) -> None:
    """Out of reach nothing begins, and what was under way fails."""
    runner.handle(Prompted(Errand.SESSION))
    runner.handle(PersonActs(GoOffline()))
    runner.handle(RequestFailed(1, "too late"))
    assert runner.requests() == []
    runner.begun.clear()
    runner.handle(TimePassed())
    assert runner.begun == []
    runner.handle(PersonActs(GoOnline()))
    assert Errand.SESSION in runner.begun


def test_an_interruption_ends_what_is_under_way(runner: Runner) -> None:
    """Its reply is nobody's any more, and nothing of it is tried again."""
    runner.handle(Prompted(Errand.RENEWAL))
    runner.handheld.interruptions += 1
    runner.handle(TimePassed())
    assert not runner.is_busy
    runner.handle(ResponseArrived(1, 503))
    assert runner.events() == []
