"""A device that is left alone: what is under way comes to its end at the moment at which it is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from device_emulator.core.actions import AnswerPrompt, HaveTrouble, RemoveProfile, ShutDown, TurnOn, UpdateSystem
from device_emulator.core.device import Device
from device_emulator.core.events import SessionEnded, SystemUpdated
from device_emulator.core.hardware import SYSTEM_VERSIONS
from device_emulator.core.messages import PersonActs, PushArrived, RequestKind, TimePassed
from device_emulator.core.settings import DeviceSettings, Pace
from device_emulator.core.system_update import UpdateState
from device_emulator.core.troubles import Trouble
from device_emulator.core.update_events import UpdateFailed, UpdatePrompted
from mdm_server.wire.commands import version_number
from rigs.play_server import LINK, MovingClock, PlayServer, play

NEWEST = max(SYSTEM_VERSIONS, key=lambda each: version_number(each.version))
HOUR = 3600


@pytest.fixture
def phone(make_device: Callable[..., Device], server: PlayServer) -> Device:
    """Return a supervised device, enrolled, with its passcode set and an old system."""
    device = make_device(supervised=True, pace=Pace(consent=None))
    device.handheld.system = SYSTEM_VERSIONS[0]
    play(device, server, LINK)
    return device


def pushed(device: Device) -> PushArrived:
    """Return a push for a device."""
    assert device.push_magic is not None
    return PushArrived(device.push_magic)


def order(device: Device, server: PlayServer) -> dict[str, str]:
    """Have the server order the newest update, and return what the device says."""
    assert device.push_magic is not None
    uuid = server.command("ScheduleOSUpdate", Updates=[{"InstallAction": "Default"}])
    play(device, server, pushed(device))
    (result,) = server.answers[uuid]["UpdateResults"]
    return dict(result)


def test_a_device_wakes_up_for_what_is_due(phone: Device, server: PlayServer, moving: MovingClock) -> None:
    """Downloaded, asked about, agreed to, installed, restarted: each at its time, and the server is told the truth."""
    assert order(phone, server)["Status"] == "Downloading"
    assert phone.deadline == moving() + timedelta(minutes=10)
    play(phone, server, clock=moving, patience=HOUR)
    assert order(phone, server) == {
        "ProductKey": f"iOSUpdate{NEWEST.build}",
        "InstallAction": "InstallASAP",
        "Status": "Idle",
    }
    events = play(phone, server, PersonActs(AnswerPrompt()), clock=moving, patience=HOUR)

    assert SystemUpdated(NEWEST.version) in events
    assert any(isinstance(event, SessionEnded) for event in events), "the device asks for commands after a restart"
    uuid = server.command("DeviceInformation", Queries=["OSVersion"])
    play(phone, server, pushed(phone))
    assert server.answers[uuid]["QueryResponses"] == {"OSVersion": NEWEST.version}


def test_the_new_version_is_what_the_next_enrolment_says(
    phone: Device, server: PlayServer, moving: MovingClock
) -> None:
    """Authenticate carries the version; a TokenUpdate has no room for it."""
    play(phone, server, PersonActs(UpdateSystem()), clock=moving, patience=HOUR)
    assert phone.handheld.system == NEWEST
    play(phone, server, PersonActs(RemoveProfile()))
    play(phone, server, LINK)
    message = [each for each in server.requests if each.kind is RequestKind.AUTHENTICATE][-1]
    assert f"<string>{NEWEST.version}</string>".encode() in message.body


def test_a_device_goes_on_after_it_was_switched_off(phone: Device, server: PlayServer, moving: MovingClock) -> None:
    """The rest of the download, and not the whole of it."""
    phone.handle(PersonActs(UpdateSystem()))
    moving.move(minutes=4)
    phone.handle(PersonActs(ShutDown()))
    assert phone.deadline is None
    moving.move(days=1)
    play(phone, server, PersonActs(TurnOn()), clock=moving, patience=60)
    update = phone.handheld.belongings.update
    assert update is not None
    assert update.state is UpdateState.DOWNLOADING
    assert phone.deadline == update.since + timedelta(minutes=6)


def test_a_device_on_paper_goes_on_where_it_was(phone: Device, server: PlayServer, moving: MovingClock) -> None:
    """Update, orders and bad luck are all in the snapshot."""
    phone.handle(PersonActs(HaveTrouble(Trouble.DOWNLOAD_FAILED)))
    phone.handle(PersonActs(UpdateSystem()))
    moving.move(minutes=4)
    handheld = phone.handheld
    restored = Device.restore(
        phone.snapshot(),
        handheld.settings,
        clock=moving,
        randomness=handheld.randomness,
        key_source=handheld.keychain.source,
    )
    assert restored.deadline == phone.deadline
    assert restored.snapshot() == phone.snapshot()

    moving.move(minutes=6)
    restored.handle(TimePassed())
    assert UpdateFailed(NEWEST.version, "DownloadFailed") in restored.events()


def test_a_person_of_a_fleet_makes_up_their_mind(
    make_device: Callable[..., Device], server: PlayServer, moving: MovingClock
) -> None:
    """Left to themselves they agree after two minutes."""
    device = make_device(supervised=True)
    assert device.handheld.settings.pace == DeviceSettings().pace
    device.handheld.system = SYSTEM_VERSIONS[0]
    play(device, server, LINK)
    order(device, server)
    play(device, server, clock=moving, patience=HOUR)
    order(device, server)
    asked_at = moving()
    play(device, server, clock=moving, patience=HOUR)
    assert device.handheld.system == NEWEST
    assert asked_at + timedelta(minutes=7) <= moving() <= asked_at + timedelta(minutes=8)


def test_a_reminder_wakes_the_device(phone: Device, server: PlayServer, moving: MovingClock) -> None:
    """A day after the update was put off."""
    order(phone, server)
    play(phone, server, clock=moving, patience=HOUR)
    order(phone, server)
    play(phone, server, PersonActs(AnswerPrompt(agree=False)))
    deferred_at = moving()
    assert UpdatePrompted(NEWEST.version) in play(phone, server, clock=moving, patience=25 * HOUR)
    assert moving() == deferred_at + timedelta(days=1)
