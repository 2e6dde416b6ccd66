"""Off, on, and sealed until the first unlock."""

from __future__ import annotations

import pytest

from device_emulator.core.actions import (
    AnswerCall,
    FinishSetupAssistant,
    PersonAction,
    Restart,
    ShutDown,
    TurnOn,
    Unlock,
)
from device_emulator.core.device import Device
from device_emulator.core.events import PersonRefused
from device_emulator.core.messages import PersonActs, PushArrived, RequestKind, TimePassed
from device_emulator.core.states import LockState, PowerState
from rigs.play_server import MovingClock, PlayServer, play


def test_a_device_without_passcode_is_open_after_a_restart(device: Device, moving: MovingClock) -> None:
    """It takes its time to start, and is then simply on."""
    device.handle(PersonActs(Restart()))
    assert (device.power, device.is_reachable) == (PowerState.STARTING, False)
    assert device.deadline == moving() + device.handheld.settings.start_up
    moving.now = device.deadline
    device.handle(TimePassed())
    assert (device.power, device.lock, device.deadline) == (PowerState.ON, LockState.LOCKED, None)


def test_a_device_with_a_passcode_stays_sealed_until_it_is_typed(device: Device, moving: MovingClock) -> None:
    """Before the first unlock it is reachable but sealed; unlocking breaks the seal."""
    for action in (FinishSetupAssistant(), Restart()):
        device.handle(PersonActs(action))
    moving.move(minutes=1)
    device.handle(TimePassed())
    assert (device.power, device.lock, device.is_reachable) == (
        PowerState.BEFORE_FIRST_UNLOCK,
        LockState.LOCKED,
        True,
    )
    device.handle(PersonActs(Unlock()))
    assert (device.power, device.lock) == (PowerState.ON, LockState.UNLOCKED)


def test_a_device_that_is_off_hears_no_push(enrolled: Device, server: PlayServer, moving: MovingClock) -> None:
    """It is out of reach until its person turns it on; then it asks what it has missed."""
    magic = enrolled.push_magic or ""
    enrolled.handle(PersonActs(ShutDown()))
    assert (enrolled.is_reachable, enrolled.deadline) == (False, None)
    play(enrolled, server, PushArrived(magic))
    assert server.requests[-1].kind is RequestKind.TOKEN_UPDATE
    enrolled.handle(PersonActs(TurnOn()))
    moving.move(minutes=1)
    play(enrolled, server, TimePassed())
    assert server.requests[-1].kind is RequestKind.IDLE


@pytest.mark.parametrize("action", [Unlock(), AnswerCall(), ShutDown()])
def test_nothing_can_be_done_with_a_device_that_is_off(action: PersonAction, device: Device) -> None:
    """Except turning it on."""
    device.handle(PersonActs(ShutDown()))
    device.events()
    device.handle(PersonActs(action))
    assert device.events() == [PersonRefused(type(action).__name__, "off")]


def test_a_device_that_starts_or_runs_cannot_be_turned_on(device: Device) -> None:
    """The button does nothing then."""
    device.handle(PersonActs(TurnOn()))
    device.handle(PersonActs(Restart()))
    device.handle(PersonActs(Unlock()))
    refusals = [event for event in device.events() if isinstance(event, PersonRefused)]
    assert refusals == [PersonRefused("TurnOn", "already_on"), PersonRefused("Unlock", "starting")]


def test_switching_off_in_the_middle_of_a_session_drops_it(enrolled: Device, server: PlayServer) -> None:
    """The reply that comes afterwards is nobody's."""
    enrolled.handle(PushArrived(enrolled.push_magic or ""))
    (idle,) = enrolled.requests()
    server.command("DeviceLock")
    reply = server.answer(idle)
    enrolled.handle(PersonActs(ShutDown()))
    enrolled.events()
    enrolled.handle(reply)
    assert enrolled.requests() == []
    assert enrolled.events() == []
