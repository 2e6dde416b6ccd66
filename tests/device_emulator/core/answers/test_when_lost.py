"""A lost device: what it still does for its server, and for whoever found it."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from device_emulator.core import leaving, powering, snapshots
from device_emulator.core.actions import (
    EraseAllContent,
    HandOver,
    Lock,
    PersonAction,
    Restart,
    ShutDown,
    TurnOn,
    Unlock,
)
from device_emulator.core.android.actions import AndroidAction
from device_emulator.core.answers.registry import ANSWERERS
from device_emulator.core.answers.when_lost import WHEN_LOST, WhenLost
from device_emulator.core.events import PersonRefused
from device_emulator.core.handheld import Handheld, LostMode
from device_emulator.core.person import Person
from device_emulator.core.person_actions import WHILE_LOST, act
from device_emulator.core.states import LifeState, LockState
from mdm_server.wire.commands import COMMANDS, may_run
from mdm_server.wire.results import Status
from rigs.managed_device import PASSCODE, Clock, ask
from rigs.plain_commands import plain_fields

LOST = LostMode(message="Please call", phone_number="+49 30 1")
EVERY_ACTION = [each for each in get_args(PersonAction) if each not in get_args(AndroidAction)]


def lose(handheld: Handheld) -> Handheld:
    """Have a device lost."""
    assert ask(handheld, "EnableLostMode", Message=LOST.message, PhoneNumber=LOST.phone_number).error_chain == ()
    handheld.take_events()
    return handheld


def test_the_table_has_every_request_type_once() -> None:
    """Sixty-six commands, sixty-six verdicts."""
    assert set(WHEN_LOST) == set(COMMANDS) == set(ANSWERERS)
    assert sum(verdict is WhenLost.DOCUMENTED for verdict in WHEN_LOST.values()) == 7


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize("passcode", [None, PASSCODE])
def test_a_lost_device_runs_what_the_table_says(make: Callable[..., Handheld], name: str, passcode: str | None) -> None:
    """What runs is not refused for the sake of lost mode; what does not gets 12078 and leaves everything as it was."""
    handheld = lose(make(passcode=passcode))
    before = snapshots.take(handheld)

    reply = ask(handheld, name, **plain_fields(name))

    codes = [link.code for link in reply.error_chain]
    if may_run(COMMANDS[name], handheld.situation) is not None:
        assert codes
        assert codes != [12078]
    elif WHEN_LOST[name].runs:
        assert 12078 not in codes
        assert reply.status is not Status.NOT_NOW
    else:
        assert (reply.status, codes, reply.afterwards) == (Status.ERROR, [12078], None)
        assert snapshots.take(handheld) == before
        assert handheld.take_events() == []


@pytest.mark.parametrize("action", [each for each in EVERY_ACTION if each not in WHILE_LOST])
def test_nobody_uses_a_lost_device(make: Callable[..., Handheld], action: type[PersonAction]) -> None:
    """Whatever a person wants of it, they are told that it is lost, and nothing changes."""
    handheld = lose(make(passcode=PASSCODE))
    before = snapshots.take(handheld)

    assert act(handheld, object.__new__(action)) is None

    assert handheld.take_events() == [PersonRefused(action.__name__, "lost")]
    assert snapshots.take(handheld) == before


def test_a_lost_device_can_be_carried_and_switched(make: Callable[..., Handheld]) -> None:
    """Its buttons work, it changes hands, and it stays lost: the right passcode opens nothing."""
    handheld = lose(make(passcode=PASSCODE))
    for action in (Lock(), HandOver(Person(name="Finder")), Restart()):
        act(handheld, action)
    powering.finish_starting(handheld)
    act(handheld, ShutDown())
    act(handheld, TurnOn())
    powering.finish_starting(handheld)
    assert (handheld.lock, handheld.lost_mode) == (LockState.LOST, LOST)
    handheld.take_events()
    attempts: tuple[PersonAction, ...] = (Unlock(PASSCODE), EraseAllContent())
    for attempt in attempts:
        act(handheld, attempt)
    assert [event.reason for event in handheld.take_events() if isinstance(event, PersonRefused)] == ["lost", "lost"]
    assert handheld.lock is LockState.LOST


def test_lost_mode_survives_being_written_down(make: Callable[..., Handheld], ticking: Clock) -> None:
    """An emulator that is started again has the same lost device, with its message."""
    handheld = lose(make())
    restored = snapshots.restore(
        snapshots.take(handheld), handheld.settings, clock=ticking, randomness=handheld.randomness, key_source=None
    )
    assert (restored.lock, restored.lost_mode) == (LockState.LOST, LOST)


def test_an_erase_ends_lost_mode(make: Callable[..., Handheld]) -> None:
    """By command or otherwise; the server has to enable it anew (Apple, disable-lost-mode-command)."""
    handheld = lose(make(passcode=PASSCODE))
    reply = ask(handheld, "EraseDevice")
    assert reply.afterwards is not None
    reply.afterwards(handheld)
    assert (handheld.life, handheld.lock, handheld.lost_mode) == (
        LifeState.SETUP_ASSISTANT,
        LockState.UNLOCKED,
        None,
    )


def test_the_end_of_management_ends_lost_mode(make: Callable[..., Handheld]) -> None:
    """Nobody would be left to end it."""
    handheld = lose(make())
    leaving.end_management(handheld, "checked_out")
    assert (handheld.lock, handheld.lost_mode) == (LockState.LOCKED, None)


def test_a_lost_device_is_carried_about(make: Callable[..., Handheld], ticking: Clock) -> None:
    """Asked twice it is where it was; an hour later it is somewhere else, and not far away."""
    handheld = lose(make())
    first = ask(handheld, "DeviceLocation").values
    assert ask(handheld, "DeviceLocation").values == first
    ticking.advance(hours=1)
    second = ask(handheld, "DeviceLocation").values
    assert first["Latitude"] != second["Latitude"]
    assert abs(first["Latitude"] - second["Latitude"]) < 0.01
    assert second["Timestamp"] == ticking.now.strftime("%Y-%m-%dT%H:%M:%SZ")
