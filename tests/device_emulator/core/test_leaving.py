"""The ends of things: an erase, and the end of management."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from device_emulator.core import installing, leaving
from device_emulator.core.actions import FinishSetupAssistant, Lock, OpenEnrollmentLink, Restart
from device_emulator.core.applications import CATALOGUE, Application
from device_emulator.core.device import Device
from device_emulator.core.events import DeviceErased, SetupAssistantReached, Unenrolled
from device_emulator.core.messages import (
    Errand,
    PersonActs,
    Prompted,
    PushArrived,
    RequestFailed,
    RequestKind,
    TimePassed,
)
from device_emulator.core.states import LifeState, LockState, PowerState
from rigs.play_server import LINK, PROFILE_URL, MovingClock, PlayServer, play


def test_an_erase_brings_setup_assistant_and_a_stranger(enrolled: Device, server: PlayServer) -> None:
    """Token, magic, unlock token, key, passcode, profiles and applications are gone; the machine is the same."""
    handheld = enrolled.handheld
    before = (enrolled.push_token, enrolled.push_magic, handheld.keychain.certificate, handheld.passcode.generation)
    udid = handheld.hardware.udid
    server.command("EraseDevice")
    events = play(enrolled, server, PushArrived(enrolled.push_magic or ""))
    assert {DeviceErased(), SetupAssistantReached()} <= set(events)
    assert (enrolled.life, enrolled.lock, enrolled.power) == (
        LifeState.SETUP_ASSISTANT,
        LockState.UNLOCKED,
        PowerState.ON,
    )
    assert (len(handheld.profiles), len(handheld.applications), handheld.passcode.is_set) == (0, 0, False)
    assert (enrolled.push_token, enrolled.deadline, enrolled.is_busy) == (None, None, False)
    play(enrolled, server, LINK)
    after = (enrolled.push_token, enrolled.push_magic, handheld.keychain.certificate, handheld.passcode.generation)
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert handheld.hardware.udid == udid
    assert enrolled.life is LifeState.ENROLLED


def test_an_erased_device_makes_a_new_key(enrolled: Device, server: PlayServer) -> None:
    """The pool's key was the old owner's."""
    first = enrolled.handheld.keychain.identity
    leaving.erase(enrolled.handheld)
    play(enrolled, server, LINK)
    second = enrolled.handheld.keychain.identity
    assert first is not None
    assert second is not None
    assert first.key.public_key() != second.key.public_key()


def test_an_erase_ends_what_was_under_way(enrolled: Device, server: PlayServer) -> None:
    """The reply to a question from before the erase finds nobody."""
    enrolled.handle(PushArrived(enrolled.push_magic or ""))
    (idle,) = enrolled.requests()
    leaving.erase(enrolled.handheld)
    enrolled.handle(TimePassed())
    enrolled.events()
    server.command("DeviceLock")
    assert play(enrolled, server, server.answer(idle)) == []
    assert enrolled.lock is LockState.UNLOCKED


def test_a_sealed_device_is_open_after_an_erase(device: Device, moving: MovingClock) -> None:
    """There is nothing left to be sealed."""
    for action in (FinishSetupAssistant(), Restart()):
        device.handle(PersonActs(action))
    moving.move(minutes=1)
    device.handle(TimePassed())
    leaving.erase(device.handheld)
    assert (device.power, device.lock) == (PowerState.ON, LockState.UNLOCKED)


def test_the_end_of_management_takes_what_management_brought(enrolled: Device, server: PlayServer) -> None:
    """Managed profiles and applications go; the person's own stay."""
    handheld = enrolled.handheld
    for identifier, managed in (("example.theirs", True), ("example.mine", False)):
        document = server.configuration(identifier, "com.apple.wifi.managed", {})
        installing.install_profile(handheld, document, managed=managed)
    mine = next(iter(handheld.applications))
    goes = Application(
        identifier="goes", name="Goes", version="1", short_version="1", bundle_size=1, is_managed=True,
        removed_with_management=True,
    )  # fmt: skip
    stays = Application(
        identifier="stays", name="Stays", version="1", short_version="1", bundle_size=1, is_managed=True,
        configuration={"key": "value"},
    )  # fmt: skip
    handheld.applications.install(goes)
    handheld.applications.install(stays)
    events = play(enrolled, server, Prompted(Errand.CHECK_OUT))
    assert Unenrolled("checked_out") in events
    assert server.requests[-1].kind is RequestKind.CHECK_OUT
    assert [profile.identifier for profile in handheld.profiles] == ["example.mine"]
    assert handheld.applications.find("goes") is None
    left = handheld.applications.find("stays")
    assert left is not None
    assert (left.is_managed, left.configuration) == (False, None)
    assert handheld.applications.find(mine.identifier) == mine
    assert mine in CATALOGUE


def test_an_erase_needs_no_blessing(enrolled: Device, server: PlayServer) -> None:
    """The device erases itself although its acknowledgement got lost, and has nothing left to try again with."""
    server.command("EraseDevice")
    server.script(RequestKind.ANSWER, RequestFailed(0, "connection.reset"))
    play(enrolled, server, PushArrived(enrolled.push_magic or ""))
    assert enrolled.life is LifeState.SETUP_ASSISTANT
    assert (enrolled.is_busy, enrolled.deadline) == (False, None)


def test_the_first_reason_to_leave_counts(enrolled: Device, server: PlayServer) -> None:
    """Who asks a second time while the device says good-bye changes nothing."""
    leaving.ask_to_leave(enrolled.handheld, "first")
    leaving.ask_to_leave(enrolled.handheld, "second")
    assert Unenrolled("first") in play(enrolled, server, TimePassed())


def test_ending_management_twice_changes_nothing(enrolled: Device) -> None:
    """The second time there is none."""
    leaving.end_management(enrolled.handheld, "first")
    enrolled.events()
    leaving.end_management(enrolled.handheld, "second")
    assert enrolled.events() == []


def test_lost_mode_ends_with_management(
    enrolled: Device, server: PlayServer, make_device: Callable[..., Device]
) -> None:
    """Nobody would be left to end it."""
    device = make_device(number=3, supervised=True)
    play(device, server, LINK)
    server.command("EnableLostMode", Message="Please call")
    play(device, server, PersonActs(Lock()), PushArrived(device.push_magic or ""))
    assert device.lock is LockState.LOST
    leaving.end_management(device.handheld, "test")
    assert (device.lock, device.handheld.lost_mode) == (LockState.LOCKED, None)


@pytest.mark.parametrize("by_date", [True, False])
def test_an_expired_profile_removes_itself(
    device: Device, server: PlayServer, moving: MovingClock, *, by_date: bool
) -> None:
    """At its RemovalDate, or as long after installation as it says; the device is woken for it."""
    when = {"removal_date": moving() + timedelta(hours=1)} if by_date else {"duration_until_removal": 3600.0}
    document = server.configuration("example.short", "com.apple.wifi.managed", {}, **when)
    installing.install_profile(device.handheld, document, managed=True)
    assert device.deadline is not None
    assert (device.deadline - moving()).total_seconds() == 3600
    moving.now = device.deadline
    device.handle(TimePassed())
    assert len(device.handheld.profiles) == 0
    assert device.deadline is None


def test_the_link_of_the_person_is_taken_again_after_an_erase(enrolled: Device, server: PlayServer) -> None:
    """Setup Assistant first, then the enrolment."""
    leaving.erase(enrolled.handheld)
    play(enrolled, server, PersonActs(OpenEnrollmentLink(PROFILE_URL)))
    assert enrolled.life is LifeState.ENROLLED
    assert enrolled.handheld.passcode.is_set
