"""Factory reset protection, the passcode's back-off, and what a person can do with a device that is off or locked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from device_emulator.core.actions import FinishSetupAssistant, Lock, Restart, SetPasscode, ShutDown, TurnOn, Unlock
from device_emulator.core.android.actions import FactoryReset, ProveAccount, ScanCode
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.passcode import LONGEST_PAUSE, SHORTEST_PAUSE, AndroidPasscode
from device_emulator.core.android.states import Life, Protection, Screen
from device_emulator.core.events import PersonRefused
from device_emulator.core.messages import PushArrived
from device_emulator.core.passcode import Try
from device_emulator.core.states import PowerState
from mdm_server.wire.android_channel import WAKE_MAGIC, CommandType, PasswordQuality, PasswordRequirements, Policy
from mdm_server.wire.android_provisioning import staging_code
from rigs.android_server import EXTRAS, Act, AndroidServer
from rigs.play_server import MovingClock

PUSH = PushArrived(WAKE_MAGIC)
ACCOUNT = "it@example.com"
PROTECTED = Policy(version=2, reset_protection_accounts=(ACCOUNT,))


@pytest.mark.parametrize(
    ("policy", "command", "action", "asks"),
    [
        (PROTECTED, None, FactoryReset(), False),
        (PROTECTED, None, FactoryReset(recovery=True), True),
        (PROTECTED, {}, None, False),
        (PROTECTED, {"preserveResetProtection": True}, None, True),
        (Policy(version=2), {"preserveResetProtection": True}, None, False),
        (Policy(version=2), None, FactoryReset(recovery=True), False),
    ],
)
def test_a_reset_arms_protection_only_as_google_says(
    policy: Policy,
    command: dict[str, object] | None,
    action: object,
    asks: bool,
    managed: AndroidDevice,
    act: Act,
    server: AndroidServer,
) -> None:
    """Never from Settings, always from recovery, by a WIPE that says so; and only if the policy named an account."""
    server.policy = policy
    act(managed, PUSH)
    if command is not None:
        server.command(CommandType.WIPE, **command)
        act(managed, PUSH, patience=60)
    else:
        act(managed, action, patience=60)
    assert managed.life is Life.SETUP_WIZARD
    assert (managed.handheld.protection is Protection.ASKING) is asks


def test_a_protected_device_opens_for_its_account_alone(
    managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """Neither the wizard, nor a code, nor another reset gets around it; the account does, whatever its case."""
    server.policy = PROTECTED
    act(managed, PUSH)
    act(managed, FactoryReset(recovery=True), patience=60)
    code = ScanCode(staging_code(EXTRAS))
    for action in (code, FinishSetupAssistant()):
        assert PersonRefused(type(action).__name__, "reset_protection") in act(managed, action)
    act(managed, FactoryReset(recovery=True), patience=60)
    assert managed.handheld.protection is Protection.ASKING
    assert PersonRefused("ProveAccount", "wrong_account") in act(managed, ProveAccount("me@example.com"))
    act(managed, ProveAccount("IT@example.com"), code)
    assert managed.life is Life.MANAGED
    assert PersonRefused("ProveAccount", "nobody_asks") in act(managed, ProveAccount(ACCOUNT))


def test_a_policy_can_forbid_a_reset_in_settings(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """The buttons on the side know nothing of it."""
    server.policy = Policy(version=2, factory_reset_disabled=True)
    act(managed, PUSH)
    assert PersonRefused("FactoryReset", "restricted") in act(managed, FactoryReset())
    act(managed, FactoryReset(recovery=True))
    assert managed.life is Life.FACTORY


@pytest.mark.parametrize(
    ("wrong", "pause"),
    [
        (4, None),
        (5, SHORTEST_PAUSE),
        (6, None),
        (10, SHORTEST_PAUSE),
        (11, SHORTEST_PAUSE),
        (30, SHORTEST_PAUSE),
        (40, 2 * SHORTEST_PAUSE),
        (139, 1024 * SHORTEST_PAUSE),
        (140, LONGEST_PAUSE),
    ],
)
def test_wrong_passcodes_cost_what_gatekeeper_charges(wrong: int, pause: timedelta | None, clock: MovingClock) -> None:
    """Half a minute after the fifth, and from the thirtieth on twice as long for every ten, up to a day."""
    passcode = AndroidPasscode("271828")
    for _ in range(wrong):
        clock.move(days=2)
        assert passcode.attempt("0000", clock()) is Try.WRONG
    assert passcode.blocked_until == (None if pause is None else clock() + pause)
    clock.move(days=2)
    assert passcode.attempt("271828", clock()) is Try.RIGHT


def test_a_blocked_screen_opens_again_by_itself(android: AndroidDevice, act: Act) -> None:
    """For half a minute not even the right passcode is taken, across a restart, too; then it is."""
    act(android, SetPasscode("271828"), Lock(), *[Unlock("000000")] * 5)
    assert android.screen is Screen.BLOCKED
    act(android, Unlock("271828"))
    assert android.screen is Screen.BLOCKED
    act(android, patience=30)
    act(android, Unlock("271828"))
    assert android.screen is Screen.UNLOCKED


@pytest.mark.parametrize(
    ("code", "quality", "length", "good"),
    [
        (None, PasswordQuality.UNSPECIFIED, 0, True),
        (None, PasswordQuality.SOMETHING, 0, False),
        ("1111", PasswordQuality.NUMERIC, 4, True),
        ("1111", PasswordQuality.NUMERIC_COMPLEX, 4, False),
        ("1234", PasswordQuality.NUMERIC_COMPLEX, 4, False),
        ("2718", PasswordQuality.NUMERIC_COMPLEX, 4, True),
        ("2718", PasswordQuality.NUMERIC_COMPLEX, 6, False),
        ("271828", PasswordQuality.ALPHANUMERIC, 6, False),
        ("x71828", PasswordQuality.ALPHANUMERIC, 6, True),
    ],
)
def test_a_passcode_is_judged_by_quality_and_length(
    code: str | None, quality: PasswordQuality, length: int, good: bool
) -> None:
    """As the Android Management API describes its qualities."""
    requirements = PasswordRequirements(quality=quality, minimum_length=length)
    assert AndroidPasscode(code).satisfies(requirements) is good
    assert AndroidPasscode(code).satisfies(None)


def test_after_a_restart_data_is_sealed_until_the_passcode_is_typed(android: AndroidDevice, act: Act) -> None:
    """File-based encryption: before the first unlock most of the device cannot be read."""
    act(android, SetPasscode("271828"), Restart(), patience=60)
    assert (android.power, android.screen) == (PowerState.BEFORE_FIRST_UNLOCK, Screen.LOCKED)
    act(android, Unlock())
    assert (android.power, android.screen) == (PowerState.ON, Screen.UNLOCKED)


def test_nobody_does_anything_with_a_device_that_is_off(android: AndroidDevice, act: Act) -> None:
    """But switch it on, once."""
    act(android, ShutDown())
    assert PersonRefused("Lock", "off") in act(android, Lock())
    act(android, TurnOn())
    assert PersonRefused("TurnOn", "already_on") in act(android, TurnOn())
    assert PersonRefused("Lock", "starting") in act(android, Lock())
