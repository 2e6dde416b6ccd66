"""What a person does with an Apple Account, and with remote management."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from device_emulator.core.actions import (
    BackUp,
    GoOffline,
    GoOnline,
    LeaveRemoteManagement,
    OpenProfile,
    PersonAction,
    RemoveProfile,
    SetUp,
    SignInAppleAccount,
    SignOutAppleAccount,
)
from device_emulator.core.activation import SettingUp
from device_emulator.core.answers.habits import backs_up_to_cloud, can_be_located, last_backup, store_account_hash
from device_emulator.core.device import Device
from device_emulator.core.events import PersonRefused, Unenrolled
from device_emulator.core.messages import PersonActs, RequestKind
from device_emulator.core.setting_up.answers import AppleAccount, SetupAnswers
from device_emulator.core.setting_up.events import (
    AppleAccountSignedIn,
    AppleAccountSignedOut,
    BackedUp,
    RemoteManagementLeft,
)
from device_emulator.core.states import LifeState
from rigs.play_apple import PlayApple
from rigs.play_server import MovingClock, PlayServer, play

RESTRICTIONS = "com.apple.applicationaccess"
ADA = AppleAccount(name="ada@icloud.example", password="engine")
BEN = AppleAccount(name="ben@icloud.example", password="benign", find_my=False, backs_up=False)


def set_up(**answers: Any) -> PersonActs:
    """Return a passage through Setup Assistant."""
    return PersonActs(SetUp(SettingUp(answers=SetupAnswers(**answers))))


def refusal(device: Device, apple: PlayApple, action: PersonAction) -> str | None:
    """Let the person act, and return why the device did not let them; None if it did."""
    events = play(device, apple, PersonActs(action))
    return next((event.reason for event in events if isinstance(event, PersonRefused)), None)


def test_who_signs_in_can_back_up_and_be_found(boxed: Device, nobodys: PlayApple, moving: MovingClock) -> None:
    """What the device says of itself agrees with what its person did."""
    play(boxed, nobodys, set_up())
    handheld = boxed.handheld
    assert (backs_up_to_cloud(handheld), can_be_located(handheld), store_account_hash(handheld)) == (False, False, None)
    assert refusal(boxed, nobodys, BackUp()) == "no_apple_account"
    assert last_backup(handheld) is None
    assert AppleAccountSignedIn(ADA.name) in play(boxed, nobodys, PersonActs(SignInAppleAccount(ADA)))
    assert (backs_up_to_cloud(handheld), can_be_located(handheld)) == (True, True)
    assert store_account_hash(handheld) is not None
    assert BackedUp() in play(boxed, nobodys, PersonActs(BackUp()))
    assert last_backup(handheld) == moving.now


def test_find_my_lets_nobody_sign_out_without_the_password(boxed: Device, nobodys: PlayApple) -> None:
    """An account without Find My asks for none; a second account takes the place of the first."""
    play(boxed, nobodys, set_up(apple_account=ADA))
    assert refusal(boxed, nobodys, SignOutAppleAccount("guess")) == "wrong_password"
    assert boxed.handheld.apple_account == ADA
    assert AppleAccountSignedOut(ADA.name) in play(boxed, nobodys, PersonActs(SignOutAppleAccount("engine")))
    assert refusal(boxed, nobodys, SignOutAppleAccount()) == "no_apple_account"
    play(boxed, nobodys, PersonActs(SignInAppleAccount(BEN)))
    assert not backs_up_to_cloud(boxed.handheld)
    assert refusal(boxed, nobodys, SignOutAppleAccount()) is None


def test_an_organization_that_wants_no_apple_account_gets_none(
    boxed: Device, make_apple: Callable[..., PlayApple]
) -> None:
    """Row 50: the pane is gone, and so are signing in and backing up later."""
    apple = make_apple(skip_setup_items=("AppleID",))
    play(boxed, apple, set_up(apple_account=ADA))
    assert boxed.handheld.apple_account is None
    assert refusal(boxed, apple, SignInAppleAccount(ADA)) == "apple_account_disabled"
    assert refusal(boxed, apple, BackUp()) == "apple_account_disabled"
    assert not backs_up_to_cloud(boxed.handheld)


def test_a_pane_that_a_voluntary_profile_skips_comes_back_in_settings(
    boxed: Device, make_apple: Callable[..., PlayApple]
) -> None:
    """Who may refuse management may sign in."""
    apple = make_apple(is_mandatory=False, skip_setup_items=("AppleID",))
    play(boxed, apple, set_up())
    assert refusal(boxed, apple, SignInAppleAccount(ADA)) is None


@pytest.mark.parametrize(
    ("restriction", "action"),
    [
        ("allowAccountModification", SignInAppleAccount(BEN)),
        ("allowAccountModification", SignOutAppleAccount("engine")),
        ("allowCloudBackup", BackUp()),
    ],
)
def test_restrictions_bind_who_has_an_account(
    restriction: str, action: PersonAction, boxed: Device, apple: PlayApple, server: PlayServer
) -> None:
    """On a supervised device; without a network nothing of it works either."""
    play(boxed, apple, set_up(apple_account=ADA))
    play(boxed, apple, PersonActs(GoOffline()))
    assert refusal(boxed, apple, action) == "offline"
    profile = server.configuration("strict", RESTRICTIONS, {restriction: False})
    play(boxed, apple, PersonActs(GoOnline()), PersonActs(OpenProfile(profile)))
    assert refusal(boxed, apple, action) == "restricted"
    assert boxed.handheld.apple_account == ADA


def test_who_holds_a_device_that_configurator_added_may_leave_for_thirty_days(
    boxed: Device, make_apple: Callable[..., PlayApple], moving: MovingClock
) -> None:
    """Even where the profile cannot be removed: management ends, supervision too, and Apple hears of it."""
    apple = make_apple(is_mdm_removable=False)
    boxed.handheld.provisional_until = moving.now.replace(day=30)
    play(boxed, apple, set_up())
    assert refusal(boxed, apple, RemoveProfile()) == "removal_disallowed"
    moving.move(days=28)
    events = play(boxed, apple, PersonActs(LeaveRemoteManagement()))
    assert RemoteManagementLeft(boxed.handheld.hardware.serial_number) in events
    assert any(isinstance(event, Unenrolled) for event in events)
    assert apple.requests[-1].kind is RequestKind.CHECK_OUT
    assert (boxed.life, boxed.handheld.is_supervised) == (LifeState.IN_USE, False)
    assert boxed.handheld.provisional_until is None


def test_nobody_leaves_when_it_is_too_late_or_never_was_provisional(
    boxed: Device, apple: PlayApple, moving: MovingClock
) -> None:
    """A device that was bought by the organization has no such button."""
    play(boxed, apple, set_up())
    assert refusal(boxed, apple, LeaveRemoteManagement()) == "not_provisional"
    boxed.handheld.provisional_until = moving.now
    assert refusal(boxed, apple, LeaveRemoteManagement()) == "not_provisional"
    play(boxed, apple, PersonActs(RemoveProfile()))
    assert refusal(boxed, apple, LeaveRemoteManagement()) == "not_enrolled"
