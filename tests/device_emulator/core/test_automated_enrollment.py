"""Setup Assistant of a device of the company's: what it says, what it is told, and when its person gets to use it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from certs import signed_data
from certs.authority import Authority
from certs.keys import KeyKind
from certs.names import hardware_of
from device_emulator.core.actions import FinishSetupAssistant, RemoveProfile, RenameDevice, SetUp
from device_emulator.core.activation import SettingUp
from device_emulator.core.device import Device
from device_emulator.core.events import (
    Enrolled,
    EnrollmentFailed,
    Event,
    PersonRefused,
    SetupAssistantFinished,
    SystemUpdated,
)
from device_emulator.core.messages import PersonActs, PushArrived, RequestFailed, RequestKind, TimePassed
from device_emulator.core.setting_up.answers import SetupAnswers
from device_emulator.core.setting_up.events import (
    ConfigurationAwaited,
    ConfigurationFinished,
    PaneShown,
    RemoteManagementSkipped,
    SystemUpdateRequired,
)
from device_emulator.core.states import LifeState
from mdm_server.wire.device_errors import JSON, encode_device_error, software_update_required
from mdm_server.wire.plist import loads_dict
from rigs.play_apple import APPLE, DEP_URL, PlayApple
from rigs.play_server import MovingClock, PlayServer, play

Make = Callable[..., Device]
MakeApple = Callable[..., PlayApple]


def set_up(**answers: Any) -> PersonActs:
    """Return the passage of somebody through Setup Assistant."""
    return PersonActs(SetUp(SettingUp(answers=SetupAnswers(**answers))))


def shown(events: list[Event]) -> tuple[str, ...]:
    """Return the panes that were shown."""
    (finished,) = [event for event in events if isinstance(event, SetupAssistantFinished)]
    return finished.panes


def failures(events: list[Event]) -> list[str]:
    """Return why enrolments failed."""
    return [event.reason for event in events if isinstance(event, EnrollmentFailed)]


def test_it_says_who_it_is_with_the_key_it_was_made_with(
    boxed: Device, apple: PlayApple, server: PlayServer, authority: Authority
) -> None:
    """A MachineInfo in CMS, whose signer Apple's authority names as this device; the profile comes back."""
    events = play(boxed, apple, set_up(language="fr"))
    asked = server.requests[0]
    assert (asked.kind, asked.method, asked.url) == (RequestKind.PROFILE, "POST", DEP_URL)
    assert asked.headers["Content-Type"] == "application/pkcs7-signature"
    signed = signed_data.verify(asked.body)
    said = loads_dict(signed.content)
    machine = boxed.handheld.hardware
    assert (said["UDID"], said["SERIAL"], said["LANGUAGE"]) == (machine.udid, machine.serial_number, "fr")
    assert said["MDM_CAN_REQUEST_SOFTWARE_UPDATE"] is True
    assert hardware_of(signed.signer.subject) == (machine.udid, machine.serial_number)
    assert signed.signer.issuer == authority.issuing.certificate.subject
    assert any(isinstance(event, Enrolled) for event in events)
    assert boxed.life is LifeState.ENROLLED


def test_its_person_gets_to_the_panes_only_when_it_is_enrolled_and_sees_those_that_are_not_skipped(
    boxed: Device, make_apple: MakeApple
) -> None:
    """The greeting comes first, then remote management, then what is left."""
    events = play(boxed, make_apple(skip_setup_items=("AppleID", "Siri", "Language")), set_up())
    panes = shown(events)
    assert {"AppleID", "Siri"}.isdisjoint(panes)
    assert "Language" in panes, "what comes before Apple is asked cannot be skipped"
    kinds = [type(event) for event in events]
    assert events.index(PaneShown("WiFi")) < events.index(PaneShown("RemoteManagement")) < kinds.index(Enrolled)
    assert kinds.index(Enrolled) < events.index(PaneShown("Passcode")) < kinds.index(SetupAssistantFinished)
    assert boxed.handheld.passcode.is_set


def test_it_becomes_supervised_and_its_person_cannot_remove_what_is_locked(
    boxed: Device, make_apple: MakeApple
) -> None:
    """Row 44; the DEP profile says so, and the enrolment profile forgot to."""
    apple = make_apple(is_mdm_removable=False)
    play(boxed, apple, set_up())
    assert boxed.handheld.is_supervised
    assert PersonRefused("RemoveProfile", "removal_disallowed") in play(boxed, apple, PersonActs(RemoveProfile()))
    assert boxed.life is LifeState.ENROLLED


def test_what_is_removable_can_be_removed_and_the_server_hears_of_it(boxed: Device, apple: PlayApple) -> None:
    """Supervision stays: the device is the organization's all the same."""
    play(boxed, apple, set_up())
    play(boxed, apple, PersonActs(RemoveProfile()))
    assert apple.requests[-1].kind is RequestKind.CHECK_OUT
    assert (boxed.life, boxed.handheld.is_supervised) == (LifeState.IN_USE, True)


def test_an_erased_device_enrols_again_whoever_holds_it(make_device: Make, apple: PlayApple) -> None:
    """It forgets what Apple told it, and is told again; its key survives."""
    device = make_device(apple=APPLE, key_kind=KeyKind.P_256)
    play(device, apple, set_up())
    apple.server.command("EraseDevice")
    assert device.push_magic is not None
    play(device, apple, PushArrived(device.push_magic))
    assert (device.life, device.handheld.activation) == (LifeState.SETUP_ASSISTANT, None)
    play(device, apple, set_up(skip_enrollment=True))
    assert device.life is LifeState.ENROLLED
    first, second = apple.asked
    assert first.serial_number == second.serial_number
    handheld = device.handheld
    assert handheld.hardware.key(handheld.randomness).private_numbers() == (
        make_device().handheld.hardware.key(handheld.randomness).private_numbers()
    )


@pytest.mark.parametrize("mandatory", [True, False])
def test_enrolment_can_be_skipped_only_where_it_is_not_mandatory(
    mandatory: bool, boxed: Device, make_apple: MakeApple
) -> None:
    """Where it is, there is no such button."""
    events = play(boxed, make_apple(is_mandatory=mandatory), set_up(skip_enrollment=True))
    assert (RemoteManagementSkipped("Example") in events) is not mandatory
    assert boxed.life is (LifeState.ENROLLED if mandatory else LifeState.IN_USE)
    assert boxed.handheld.is_supervised is mandatory


def test_nothing_else_leads_past_remote_management(boxed: Device, apple: PlayApple) -> None:
    """Not tapping through without a word, and nobody gets at anything behind."""
    refused = play(boxed, apple, PersonActs(RenameDevice("Mine")))
    assert refused == [PersonRefused("RenameDevice", "setup_assistant")]
    play(boxed, apple, PersonActs(FinishSetupAssistant()))
    assert boxed.life is LifeState.ENROLLED


def test_who_is_asked_types_and_is_let_in(boxed: Device, apple: PlayApple, server: PlayServer) -> None:
    """The first question goes without a name, the second with what the person typed (RFC 7617)."""
    server.script(RequestKind.PROFILE, (401, b""))
    play(boxed, apple, set_up(user_name="ann", password="secret: yes"))
    first, second, *_ = server.requests
    assert "Authorization" not in first.headers
    assert base64.b64decode(second.headers["Authorization"].partition(" ")[2]) == b"ann:secret: yes"
    assert boxed.life is LifeState.ENROLLED


ANN = {"user_name": "ann", "password": "wrong"}


@pytest.mark.parametrize(
    ("typed", "replies", "reason"),
    [
        ({}, [(401, b"")], "setup.credentials"),
        (ANN, [(401, b""), (401, b"")], "setup.credentials"),
        (ANN, [(401, b""), (409, b"This device is registered to another user.")], "profile.unavailable"),
        ({}, [(403, b"whatever a proxy says")], "profile.unavailable"),
        ({}, [RequestFailed(0, "tls.untrusted", retryable=False)], "tls.untrusted"),
    ],
)
def test_who_is_not_let_in_stays_in_setup_assistant(
    boxed: Device, apple: PlayApple, server: PlayServer, typed: dict[str, str], replies: list[Any], reason: str
) -> None:
    """Nothing of the attempt stays on the device, nobody gets to use it, and it can be tried again."""
    server.script(RequestKind.PROFILE, *replies)
    assert failures(play(boxed, apple, set_up(**typed))) == [reason]
    assert boxed.life is LifeState.SETUP_ASSISTANT
    assert boxed.handheld.management is None
    assert not boxed.is_busy
    play(boxed, apple, set_up(**typed))
    assert boxed.life is LifeState.ENROLLED


def test_it_updates_its_system_when_it_is_told_to_and_comes_back(
    boxed: Device, apple: PlayApple, server: PlayServer, moving: MovingClock
) -> None:
    """Row 51: it takes a while, nobody has to do anything, and the next question tells the new version."""
    server.script(RequestKind.PROFILE, (403, encode_device_error(software_update_required("99.1"))), content_type=JSON)
    assert SystemUpdateRequired("99.1") in play(boxed, apple, set_up())
    assert boxed.life is LifeState.ENROLLING_IN_SETUP
    assert boxed.deadline is not None
    moving.now = boxed.deadline
    events = play(boxed, apple, TimePassed())
    assert SystemUpdated("99.1") in events
    versions = [loads_dict(signed_data.verify(asked.body).content)["OS_VERSION"] for asked in server.requests[:2]]
    assert versions[0] != versions[1] == "99.1"
    assert PaneShown("UpdateCompleted") in events
    assert boxed.life is LifeState.ENROLLED


def test_a_server_that_is_never_content_with_the_system_is_given_up(
    boxed: Device, apple: PlayApple, server: PlayServer
) -> None:
    """It asks for a version that the device already has: no update would help."""
    told = encode_device_error(software_update_required("16.0"))
    server.script(RequestKind.PROFILE, (403, told), content_type=JSON)
    assert failures(play(boxed, apple, set_up())) == ["setup.update"]


def test_it_waits_for_its_configuration_and_nobody_gets_past_that(
    boxed: Device, make_apple: MakeApple, server: PlayServer
) -> None:
    """It says that it waits, asks for commands at once, and shows the other panes when it may."""
    apple = make_apple(await_device_configured=True)
    events = play(boxed, apple, set_up())
    assert ConfigurationAwaited() in events
    assert PaneShown("Passcode") not in events
    assert boxed.life is LifeState.AWAITING_CONFIGURATION
    (announced,) = [each for each in server.requests if each.kind is RequestKind.TOKEN_UPDATE]
    assert loads_dict(announced.body)["AwaitingConfiguration"] is True
    assert server.requests[-1].kind is RequestKind.IDLE
    refused = play(boxed, apple, PersonActs(RenameDevice("Mine")), PersonActs(FinishSetupAssistant()))
    assert refused == [
        PersonRefused("RenameDevice", "setup_assistant"),
        PersonRefused("FinishSetupAssistant", "already_set_up"),
    ]
    server.command("DeviceConfigured")
    events = play(boxed, apple, PushArrived(boxed.push_magic or ""))
    assert events.index(ConfigurationFinished()) < events.index(PaneShown("Passcode"))
    assert boxed.life is LifeState.ENROLLED
    assert boxed.handheld.management is not None
    assert not boxed.handheld.management.awaiting_configuration


def test_who_waits_for_a_configuration_goes_on_waiting_tomorrow(
    boxed: Device, make_apple: MakeApple, server: PlayServer
) -> None:
    """What the person answered is on paper, too: the panes that are left get the same answers."""
    play(boxed, make_apple(await_device_configured=True), set_up(passcode="1379"))
    handheld = boxed.handheld
    again = Device.restore(
        boxed.snapshot(), handheld.settings, clock=handheld.clock, randomness=handheld.randomness,
        key_source=handheld.keychain.source,
    )  # fmt: skip
    server.command("DeviceConfigured")
    play(again, server, PushArrived(again.push_magic or ""))
    assert again.life is LifeState.ENROLLED
    assert again.handheld.passcode.right_code == "1379"


def test_a_server_that_lets_go_of_a_waiting_device_sends_it_back(
    boxed: Device, make_apple: MakeApple, server: PlayServer
) -> None:
    """To the beginning of Setup Assistant, which leads to remote management again."""
    apple = make_apple(await_device_configured=True)
    play(boxed, apple, set_up())
    server.script(RequestKind.IDLE, (401, b""))
    play(boxed, apple, PushArrived(boxed.push_magic or ""))
    assert boxed.life is LifeState.SETUP_ASSISTANT
    play(boxed, apple, set_up())
    assert boxed.life is LifeState.AWAITING_CONFIGURATION


def test_only_a_device_in_setup_assistant_is_set_up(boxed: Device, apple: PlayApple) -> None:
    """One in use stays as it is."""
    play(boxed, apple, set_up())
    assert play(boxed, apple, set_up()) == [PersonRefused("SetUp", "already_set_up")]


def test_what_apple_said_is_remembered_until_the_device_is_erased(
    make_device: Make, make_apple: MakeApple, server: PlayServer
) -> None:
    """Tomorrow, too; and after an erase nothing of it is left."""
    device = make_device(apple=APPLE, key_kind=KeyKind.P_256)
    play(device, make_apple(skip_setup_items=("AppleID",)), set_up())
    handheld = device.handheld
    again = Device.restore(device.snapshot(), handheld.settings, clock=handheld.clock, randomness=handheld.randomness)
    assert again.handheld.activation == handheld.activation
    assert again.handheld.skipped_panes == {"AppleID"}
    server.command("EraseDevice")
    assert device.push_magic is not None
    play(device, server, PushArrived(device.push_magic))
    assert device.life is LifeState.SETUP_ASSISTANT
    assert device.handheld.skipped_panes == frozenset()
