"""Apple Configurator prepares a device."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from device_emulator.core import leaving, locking
from device_emulator.core.actions import FinishSetupAssistant, GoOffline, HubLogin, Prepare, SetPasscode, SetUp
from device_emulator.core.activation import SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import (
    DeviceErased,
    DevicePrepared,
    Enrolled,
    HubRefused,
    PersonRefused,
    SetupAssistantFinished,
)
from device_emulator.core.handheld import LostMode
from device_emulator.core.hub.intent import Channel, HubIntent
from device_emulator.core.messages import PersonActs, PushArrived, RequestKind, ResponseArrived
from device_emulator.core.setting_up.events import ActivationFailed
from device_emulator.core.states import LifeState
from mdm_server.wire.hub import DeviceReply, encode
from rigs.play_apple import PlayApple
from rigs.play_hub import HUB, offers, refuses
from rigs.play_server import MovingClock, PlayServer, play

PREPARE = PersonActs(Prepare(HubIntent(url=HUB, group="MAIN", channel=Channel.CONFIGURATOR)))


def accept(server: PlayServer) -> None:
    """Let the server enrol the device without a question."""
    server.script(RequestKind.HUB_WIZARD, (200, encode(offers())))
    server.script(RequestKind.HUB_STATUS, (200, encode(DeviceReply(state="Assigned", user="ada"))))


def test_a_prepared_device_is_supervised_and_enrolled_without_a_passcode(device: Device, server: PlayServer) -> None:
    """All panes are skipped; nobody taps anything."""
    accept(server)
    events = play(device, server, PREPARE)
    assert SetupAssistantFinished(()) in events
    assert DevicePrepared(supervised=True) in events
    assert Enrolled("https://mdm.example/mdm") in events
    assert device.handheld.situation.supervised
    assert not device.handheld.passcode.is_set


def test_a_used_device_is_erased_first(enrolled: Device, server: PlayServer) -> None:
    """Its passcode, its profiles and its management go; then it is enrolled anew."""
    play(enrolled, server, PersonActs(SetPasscode()))
    accept(server)
    events = play(enrolled, server, PREPARE)
    kinds = [type(event) for event in events]
    assert kinds.index(DeviceErased) < kinds.index(DevicePrepared) < kinds.index(Enrolled)
    assert not enrolled.handheld.passcode.is_set
    assert enrolled.life is LifeState.ENROLLED


def test_what_was_under_way_ends_with_the_erase(enrolled: Device, server: PlayServer) -> None:
    """Nobody waits for the reply of the device that was."""
    enrolled.handle(PushArrived(enrolled.push_magic or ""))
    (idle,) = enrolled.requests()
    accept(server)
    enrolled.handle(PREPARE)
    (request,) = enrolled.requests()
    assert (idle.kind, request.kind) == (RequestKind.IDLE, RequestKind.HUB_WIZARD)
    enrolled.events()
    server.command("DeviceLock")
    assert play(enrolled, server, server.answer(idle)) == []
    play(enrolled, server, server.answer(request))
    assert enrolled.life is LifeState.ENROLLED


def test_what_its_person_wanted_is_forgotten_with_the_erase(enrolled: Device, server: PlayServer) -> None:
    """Configurator does not wait for a login that nobody will finish."""
    enrolled.handle(PersonActs(HubLogin("ada", "engine")))
    enrolled.handle(PersonActs(HubLogin("ada", "engine")))
    accept(server)
    events = play(enrolled, server, PREPARE)
    assert not [event for event in events if isinstance(event, PersonRefused)]
    assert RequestKind.HUB_LOGIN not in {request.kind for request in server.requests}
    assert enrolled.life is LifeState.ENROLLED


def test_a_device_that_the_server_refuses_is_prepared_and_not_enrolled(device: Device, server: PlayServer) -> None:
    """It lands on the home screen, supervised."""
    server.script(RequestKind.HUB_WIZARD, (200, encode(refuses("DEVICE_DENYLISTED"))))
    events = play(device, server, PREPARE)
    assert isinstance(events[-1], HubRefused)
    assert (device.life, device.handheld.is_supervised) == (LifeState.IN_USE, True)


def test_supervision_by_cable_ends_with_an_erase(device: Device, server: PlayServer) -> None:
    """Another Mac, another supervision; on paper it stays."""
    accept(server)
    play(device, server, PREPARE)
    handheld = device.handheld
    copy = Device.restore(
        device.snapshot(), handheld.settings, clock=handheld.clock, randomness=handheld.randomness,
        key_source=handheld.keychain.source,
    )  # fmt: skip
    assert copy.handheld.is_supervised
    assert copy.handheld.hub is not None
    assert (copy.handheld.hub.state, copy.handheld.hub.user) == ("Assigned", "ada")
    leaving.erase(handheld)
    assert not handheld.is_supervised


def test_a_supervised_fleet_stays_supervised(make_device: Callable[..., Device]) -> None:
    """What the settings say of all outlives an erase, and Configurator does not take it away."""
    device = make_device(supervised=True)
    device.handle(PersonActs(Prepare(HubIntent(url=HUB), supervise=False)))
    assert device.handheld.is_supervised


def test_a_lost_device_and_one_without_a_network_are_not_prepared(device: Device) -> None:
    """Nothing is erased."""
    device.handle(PersonActs(FinishSetupAssistant()))
    locking.enable_lost_mode(device.handheld, LostMode())
    device.handle(PREPARE)
    locking.disable_lost_mode(device.handheld)
    device.handle(PersonActs(GoOffline()))
    device.handle(PREPARE)
    refused = [event for event in device.events() if isinstance(event, PersonRefused)]
    assert refused == [PersonRefused("Prepare", "lost"), PersonRefused("Prepare", "offline")]
    assert device.life is LifeState.IN_USE


def test_a_device_of_an_organizations_goes_to_that_whatever_the_mac_wanted(boxed: Device, apple: PlayApple) -> None:
    """Apple is asked on this way, too: nobody gets past mandatory enrolment by a cable."""
    events = play(boxed, apple, PREPARE)
    assert SetupAssistantFinished(()) in events
    assert RequestKind.HUB_WIZARD not in {request.kind for request in apple.requests}
    assert boxed.handheld.management is not None
    assert boxed.handheld.management.automated
    assert not boxed.handheld.passcode.is_set


def test_a_device_of_nobodys_enrols_as_the_mac_wants(boxed: Device, nobodys: PlayApple, server: PlayServer) -> None:
    """First activation, then the Hub."""
    accept(server)
    events = play(boxed, nobodys, PREPARE)
    kinds = [request.kind for request in nobodys.requests]
    assert kinds.index(RequestKind.ACTIVATION) < kinds.index(RequestKind.HUB_WIZARD)
    assert DevicePrepared(supervised=True) in events
    assert boxed.life is LifeState.ENROLLED


def test_a_mac_does_not_wait_for_a_device_that_apple_does_not_activate(boxed: Device, apple: PlayApple) -> None:
    """What was to come after Setup Assistant does not come."""
    apple.scripted.append(ResponseArrived(0, 403))
    events = play(boxed, apple, PREPARE)
    assert any(isinstance(event, ActivationFailed) for event in events)
    assert (boxed.life, boxed.is_busy) == (LifeState.SETUP_ASSISTANT, False)


def test_a_device_that_is_added_to_abm_is_provisional_for_thirty_days(
    boxed: Device, device: Device, apple: PlayApple, moving: MovingClock
) -> None:
    """Also after an erase, for that is Apple's to say; without Apple there is nothing to be added to."""
    order = PersonActs(Prepare(HubIntent(url=HUB), add_to_abm=True))
    play(boxed, apple, order)
    assert boxed.handheld.provisional_until == moving.now + timedelta(days=30)
    leaving.erase(boxed.handheld)
    assert boxed.handheld.provisional_until is not None
    assert play(device, apple, order) == [PersonRefused("Prepare", "no_apple")]


def test_whoever_was_in_setup_assistant_has_to_let_go(boxed: Device, apple: PlayApple) -> None:
    """The Mac begins at the beginning."""
    boxed.handle(PersonActs(SetUp(SettingUp())))
    boxed.requests()
    events = play(boxed, apple, PREPARE)
    assert any(isinstance(event, DeviceErased) for event in events)
    assert boxed.life is LifeState.ENROLLED
