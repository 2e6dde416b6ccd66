"""Setup Assistant of a device of the company's: what it says, what it is told, and when its person gets to use it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from certs import signed_data
from certs.authority import Authority
from certs.keys import KeyKind
from device_emulator.core.actions import FinishSetupAssistant, RemoveProfile, SetUp
from device_emulator.core.activation import ActivationRecord, SettingUp
from device_emulator.core.answers.habits import backs_up_to_cloud, store_account_hash
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
from device_emulator.core.states import LifeState
from mdm_server.wire.device_errors import JSON, encode_device_error, software_update_required
from mdm_server.wire.plist import loads_dict
from rigs.play_server import MovingClock, PlayServer, play

Make = Callable[..., Device]
URL = "https://mdm.example/enroll/dep"


@pytest.fixture
def device(make_device: Make, authority: Authority) -> Device:
    """Return a device whose vendor vouches for it."""
    return make_device(vendor=authority)


def set_up(*typed: str, **record: Any) -> PersonActs:
    """Return the passage of somebody through Setup Assistant."""
    return PersonActs(SetUp(SettingUp(ActivationRecord(url=URL, **record), *typed)))


def shown(events: list[Event]) -> tuple[str, ...]:
    """Return the panes that were shown."""
    (finished,) = [event for event in events if isinstance(event, SetupAssistantFinished)]
    return finished.panes


def test_it_says_who_it_is_with_the_key_it_was_born_with(
    device: Device, server: PlayServer, authority: Authority
) -> None:
    """A MachineInfo in CMS, whose signer is the device itself; the profile comes back."""
    events = play(device, server, set_up())
    asked = server.requests[0]
    assert (asked.kind, asked.method, asked.url) == (RequestKind.PROFILE, "POST", URL)
    assert asked.headers["Content-Type"] == "application/pkcs7-signature"
    signed = signed_data.verify(asked.body)
    said = loads_dict(signed.content)
    machine = device.handheld.hardware
    assert (said["UDID"], said["SERIAL"]) == (machine.udid, machine.serial_number)
    assert said["MDM_CAN_REQUEST_SOFTWARE_UPDATE"] is True
    assert machine.udid in signed.signer.subject.rfc4514_string()
    assert any(isinstance(event, Enrolled) for event in events)
    assert device.life is LifeState.ENROLLED


def test_its_person_gets_to_the_panes_only_when_it_is_enrolled_and_sees_those_that_are_not_skipped(
    device: Device, server: PlayServer
) -> None:
    """Row 50: no pane for the Apple Account, so nobody signs in, and nothing goes to iCloud."""
    events = play(device, server, set_up(skip_setup_items=frozenset({"AppleID", "Siri"})))
    panes = shown(events)
    assert {"AppleID", "Siri"}.isdisjoint(panes)
    assert {"Passcode", "Welcome"} <= set(panes)
    kinds = [type(event) for event in events]
    assert kinds.index(Enrolled) < kinds.index(SetupAssistantFinished)
    assert device.handheld.passcode.is_set
    assert not backs_up_to_cloud(device.handheld)
    assert store_account_hash(device.handheld) is None


def test_it_becomes_supervised_and_its_person_cannot_remove_what_is_locked(
    make_device: Make, authority: Authority, moving: MovingClock
) -> None:
    """Row 44."""
    device, server = make_device(vendor=authority), PlayServer(authority, moving, removal_disallowed=True)
    play(device, server, set_up())
    assert device.handheld.is_supervised
    events = play(device, server, PersonActs(RemoveProfile()))
    assert PersonRefused("RemoveProfile", "removal_disallowed") in events


def test_who_is_asked_types_and_is_let_in(device: Device, server: PlayServer) -> None:
    """The first question goes without a name, the second with what the person typed (RFC 7617)."""
    server.script(RequestKind.PROFILE, (401, b""))
    play(device, server, set_up("ann", "secret: yes"))
    first, second, *_ = server.requests
    assert "Authorization" not in first.headers
    assert base64.b64decode(second.headers["Authorization"].partition(" ")[2]) == b"ann:secret: yes"
    assert device.life is LifeState.ENROLLED


@pytest.mark.parametrize(
    ("typed", "replies", "reason"),
    [
        ((), [(401, b"")], "setup.credentials"),
        (("ann", "wrong"), [(401, b""), (401, b"")], "setup.credentials"),
        (("bob", "right"), [(401, b""), (409, b"This device is registered to another user.")], "profile.unavailable"),
        ((), [(403, b"whatever a proxy says")], "profile.unavailable"),
        ((), [RequestFailed(0, "tls.untrusted", retryable=False)], "tls.untrusted"),
    ],
)
def test_who_is_not_let_in_stays_in_setup_assistant(
    device: Device, server: PlayServer, typed: tuple[str, ...], replies: list[Any], reason: str
) -> None:
    """Nothing of the attempt stays on the device, nobody gets to use it, and it can be tried again."""
    server.script(RequestKind.PROFILE, *replies)
    events = play(device, server, set_up(*typed))
    (failed,) = [event for event in events if isinstance(event, EnrollmentFailed)]
    assert failed.reason == reason
    assert device.life is LifeState.SETUP_ASSISTANT
    assert device.handheld.management is None
    assert not device.is_busy
    play(device, server, set_up(*typed))
    assert device.life is LifeState.ENROLLED


def test_it_updates_its_system_when_it_is_told_to_and_comes_back(
    device: Device, server: PlayServer, moving: MovingClock
) -> None:
    """Row 51: it takes a while, nobody has to do anything, and the next question tells the new version."""
    server.script(RequestKind.PROFILE, (403, encode_device_error(software_update_required("99.1"))), content_type=JSON)
    play(device, server, set_up())
    assert device.life is LifeState.ENROLLING_IN_SETUP
    assert device.deadline is not None
    moving.now = device.deadline
    assert SystemUpdated("99.1") in play(device, server, TimePassed())
    versions = [loads_dict(signed_data.verify(asked.body).content)["OS_VERSION"] for asked in server.requests[:2]]
    assert versions[0] != versions[1] == "99.1"
    assert device.life is LifeState.ENROLLED


def test_a_server_that_is_never_content_with_the_system_is_given_up(device: Device, server: PlayServer) -> None:
    """It asks for a version that the device already has: no update would help."""
    told = encode_device_error(software_update_required("16.0"))
    server.script(RequestKind.PROFILE, (403, told), content_type=JSON)
    (failed,) = [event for event in play(device, server, set_up()) if isinstance(event, EnrollmentFailed)]
    assert failed.reason == "setup.update"


def test_a_device_nobody_vouches_for_cannot_say_who_it_is(make_device: Make, server: PlayServer) -> None:
    """It has no key of its vendor's: nothing is sent."""
    device = make_device()
    (failed,) = [event for event in play(device, server, set_up()) if isinstance(event, EnrollmentFailed)]
    assert failed.reason == "setup.no_identity"
    assert server.requests == []


def test_only_a_device_in_setup_assistant_is_set_up(device: Device, server: PlayServer) -> None:
    """One in use stays as it is."""
    play(device, server, PersonActs(FinishSetupAssistant()))
    assert PersonRefused("SetUp", "already_set_up") in play(device, server, set_up())


def test_a_skipped_pane_is_remembered_until_the_device_is_erased(
    make_device: Make, server: PlayServer, authority: Authority
) -> None:
    """Tomorrow, too; and after an erase Setup Assistant shows everything again."""
    device = make_device(vendor=authority, key_kind=KeyKind.P_256)
    play(device, server, set_up(skip_setup_items=frozenset({"AppleID"})))
    snapshot = device.snapshot()
    handheld = device.handheld
    again = Device.restore(snapshot, handheld.settings, clock=handheld.clock, randomness=handheld.randomness)
    assert again.handheld.skipped_panes == {"AppleID"}
    server.command("EraseDevice")
    assert device.push_magic is not None
    play(device, server, PushArrived(device.push_magic))
    assert device.life is LifeState.SETUP_ASSISTANT
    assert device.handheld.skipped_panes == frozenset()
