"""What a managed Android hears from its server, and what it does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from device_emulator.core.actions import (
    GoOffline,
    GoOnline,
    HandOver,
    HubEnroll,
    HubLogin,
    HubLogout,
    RemoveProfile,
    SetPasscode,
    ShutDown,
    TurnOn,
    Unlock,
)
from device_emulator.core.android.actions import AllowIdentifiers, ScanCode
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.events import AppDataCleared, PolicyApplied, WorkProfileRemoved
from device_emulator.core.android.hardware import PIE_RELEASE, AndroidVersion
from device_emulator.core.android.states import Kiosk, Life, Screen, Verification
from device_emulator.core.events import (
    CheckedOut,
    CommandAnswered,
    DeviceErased,
    HubLoginShown,
    HubSignedIn,
    HubSignedOut,
    PasscodeChanged,
    PersonRefused,
    RetryScheduled,
    SessionEnded,
    Unenrolled,
)
from device_emulator.core.messages import Errand, Prompted, PushArrived, RequestFailed, RequestKind
from device_emulator.core.person import Person
from device_emulator.core.states import PowerState
from mdm_server.wire.android_channel import (
    WAKE_MAGIC,
    Assignment,
    CommandError,
    CommandType,
    ErrorReply,
    Outcome,
    PasswordQuality,
    PasswordRequirements,
    Policy,
)
from mdm_server.wire.android_provisioning import staging_code
from rigs.android_server import EXTRAS, INTENT, Act, AndroidServer
from rigs.play_server import MovingClock

PUSH = PushArrived(WAKE_MAGIC)
LAUNCHER = "com.airwatch.lockdown.launcher"
OLD = AndroidVersion("5.1", 22)


def outcome(server: AndroidServer, operation: str) -> tuple[Outcome, CommandError | None]:
    """Return what the device said of an operation, which it must have said once."""
    (result,) = server.results[operation]
    return result.outcome, result.error


SUCCEEDED = (Outcome.SUCCEEDED, None)


# Commands


def test_a_push_has_a_command_carried_out_and_acknowledged(
    managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """LOCK locks, the server hears of it, and of the screen."""
    act(managed, SetPasscode("271828"))
    operation = server.command(CommandType.LOCK)
    seen = act(managed, PUSH)
    assert managed.screen is Screen.LOCKED
    assert outcome(server, operation) == SUCCEEDED
    assert CommandAnswered(operation, "LOCK", "SUCCEEDED") in seen
    assert server.reports[-1].screen == "locked"


def test_a_push_for_somebody_else_wakes_nobody(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """Only the courier's own word counts."""
    before = len(server.requests)
    assert act(managed, PushArrived("other")) == []
    assert len(server.requests) == before


def test_a_reset_passcode_opens_the_device(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """The old one opens it no longer, and what was typed wrong before is forgotten."""
    act(managed, SetPasscode("271828"))
    server.command(CommandType.LOCK)
    operation = server.command(CommandType.RESET_PASSWORD, newPassword="314159")
    act(managed, PUSH)
    act(managed, *[Unlock("271828")] * 2)
    assert outcome(server, operation) == SUCCEEDED
    assert managed.screen is Screen.LOCKED
    act(managed, Unlock("314159"))
    assert managed.screen is Screen.UNLOCKED


@pytest.mark.parametrize("password", ["12345", "abc", None])
def test_a_passcode_that_is_too_short_is_refused(
    password: str | None, managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """From Android 14 on a PIN has six digits at least; nothing has fewer than four characters."""
    operation = server.command(CommandType.RESET_PASSWORD, newPassword=password)
    act(managed, PUSH)
    assert outcome(server, operation) == (Outcome.FAILED, CommandError.INVALID_VALUE)
    assert not managed.handheld.passcode.is_set


def test_in_a_work_profile_only_the_profiles_passcode_is_reset(
    with_profile: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """The person's own stays what it was."""
    own = with_profile.handheld.passcode.right_code
    operation = server.command(CommandType.RESET_PASSWORD, newPassword="314159")
    act(with_profile, PUSH)
    assert outcome(server, operation) == SUCCEEDED
    assert with_profile.handheld.passcode.right_code == own
    management = with_profile.handheld.management
    assert management is not None
    assert management.work_passcode.right_code == "314159"


def test_a_wipe_takes_the_device_back_to_its_wizard(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """It is acknowledged, everything goes, and after a restart the wizard greets; a code makes it managed again."""
    operation = server.command(CommandType.WIPE)
    seen = act(managed, PUSH)
    assert outcome(server, operation) == SUCCEEDED
    assert any(isinstance(event, DeviceErased) for event in seen)
    assert (managed.life, managed.power) == (Life.FACTORY, PowerState.STARTING)
    assert managed.push_token is None
    act(managed, patience=60)
    assert managed.life is Life.SETUP_WIZARD
    act(managed, ScanCode(staging_code(EXTRAS)))
    assert managed.life is Life.MANAGED
    first, second = (request.hardware for request in server.enrolments)
    assert first.serial_number == second.serial_number
    assert first.identifier != second.identifier


@pytest.mark.parametrize("kind", [CommandType.WIPE, CommandType.ENTERPRISE_WIPE])
def test_a_wipe_takes_only_the_work_profile_from_somebodys_own_device(
    kind: CommandType, with_profile: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """The person's things, and their passcode, stay."""
    server.command(kind)
    seen = act(with_profile, PUSH)
    assert with_profile.life is Life.UNMANAGED
    assert with_profile.handheld.passcode.is_set
    assert any(isinstance(event, WorkProfileRemoved) for event in seen)
    assert not any(isinstance(event, DeviceErased) for event in seen)


def test_an_enterprise_wipe_of_an_owned_device_leaves_nothing(
    managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """All of it was the organization's."""
    server.command(CommandType.ENTERPRISE_WIPE)
    act(managed, PUSH)
    assert managed.life is Life.FACTORY


def test_a_wipe_that_nobody_took_note_of_is_repeated(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """While its acknowledgement fails the device stays as it is, and does not forget."""
    server.script(RequestKind.ANDROID_ACKNOWLEDGE, RequestFailed(0, "timeout"))
    server.command(CommandType.WIPE)
    seen = act(managed, PUSH)
    assert managed.life is Life.MANAGED
    assert any(isinstance(event, RetryScheduled) for event in seen)
    act(managed, patience=10)
    assert managed.life is Life.FACTORY


def test_a_command_is_carried_out_once_however_often_it_comes(
    managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """Its result is said again, and nothing is done."""
    server.script(RequestKind.ANDROID_ACKNOWLEDGE, RequestFailed(0, "timeout"))
    operation = server.command(CommandType.RESET_PASSWORD, newPassword="314159")
    seen = act(managed, PUSH, patience=10)
    assert len([event for event in seen if isinstance(event, PasscodeChanged)]) == 1
    assert outcome(server, operation) == SUCCEEDED


def test_a_restart_is_acknowledged_first(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """Then the device is gone for a while, and asks what it missed when it is back."""
    operation = server.command(CommandType.REBOOT)
    act(managed, PUSH)
    assert (outcome(server, operation), managed.power) == (SUCCEEDED, PowerState.STARTING)
    reports = len(server.reports)
    act(managed, patience=60)
    assert managed.power is PowerState.ON
    assert len(server.reports) > reports


@pytest.mark.parametrize(
    ("version", "kind", "parameters", "error"),
    [
        (OLD, CommandType.REBOOT, {}, CommandError.API_LEVEL),
        (OLD, CommandType.CLEAR_APP_DATA, {"applications": (LAUNCHER,)}, CommandError.API_LEVEL),
        (PIE_RELEASE, CommandType.CLEAR_APP_DATA, {"applications": ("com.example.none",)}, CommandError.INVALID_VALUE),
        (PIE_RELEASE, CommandType.START_KIOSK, {"application": "com.example.none"}, CommandError.INVALID_VALUE),
    ],
)
def test_what_cannot_be_done_is_said(
    version: AndroidVersion,
    kind: CommandType,
    parameters: dict[str, object],
    error: CommandError,
    make_android: Callable[..., AndroidDevice],
    act: Act,
    server: AndroidServer,
) -> None:
    """In the words of the Android Management API."""
    server.policy = Policy(version=1, applications=(LAUNCHER,))
    device = make_android(version)
    act(device, ScanCode(staging_code(EXTRAS)))
    operation = server.command(kind, **parameters)
    act(device, PUSH)
    assert outcome(server, operation) == (Outcome.FAILED, error)


@pytest.mark.parametrize("kind", [CommandType.REBOOT, CommandType.START_KIOSK, CommandType.STOP_KIOSK])
def test_some_things_only_the_owner_may_do(
    kind: CommandType, with_profile: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """A work profile is a guest on the device."""
    operation = server.command(kind)
    act(with_profile, PUSH)
    assert outcome(server, operation) == (Outcome.FAILED, CommandError.MANAGEMENT_MODE)


def test_a_kiosk_keeps_its_person_out_of_settings(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """Until the server lets go of it."""
    server.policy = Policy(version=2, applications=(LAUNCHER,))
    server.command(CommandType.START_KIOSK, application=LAUNCHER)
    act(managed, PUSH)
    assert managed.kiosk is Kiosk.KIOSK
    assert server.reports[-1].kiosk_application == LAUNCHER
    assert PersonRefused("SetPasscode", "kiosk") in act(managed, SetPasscode())
    server.command(CommandType.STOP_KIOSK)
    act(managed, PUSH)
    assert managed.kiosk is Kiosk.FREE
    assert not [event for event in act(managed, SetPasscode()) if isinstance(event, PersonRefused)]


def test_app_data_is_cleared_of_what_is_there(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """What is not installed is passed over."""
    server.policy = Policy(version=2, applications=(LAUNCHER,))
    server.command(CommandType.CLEAR_APP_DATA, applications=(LAUNCHER, "com.example.none"))
    assert AppDataCleared((LAUNCHER,)) in act(managed, PUSH)


# Policy


def test_a_passcode_policy_makes_a_device_comply_or_say_so(
    managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """A device without a passcode is not compliant; the person's next one must be good enough, and then it is."""
    wanted = PasswordRequirements(quality=PasswordQuality.NUMERIC_COMPLEX, minimum_length=8)
    server.policy = Policy(version=2, password=wanted)
    assert PolicyApplied(2, ("password",)) in act(managed, PUSH)
    assert (server.reports[-1].compliant, server.reports[-1].problems) == (False, ("password",))
    assert PersonRefused("SetPasscode", "passcode_policy") in act(managed, SetPasscode("12345678"))
    act(managed, SetPasscode())
    assert managed.handheld.passcode.length >= 8
    assert server.reports[-1].compliant


def test_too_many_wrong_passcodes_erase_an_owned_device(
    managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """As many as the policy says."""
    server.policy = Policy(version=2, password=PasswordRequirements(maximum_failed_passwords=4))
    server.command(CommandType.LOCK)
    act(managed, SetPasscode("271828"), PUSH)
    act(managed, *[Unlock("000000")] * 3)
    assert managed.life is Life.MANAGED
    act(managed, Unlock("000000"))
    assert managed.life is Life.FACTORY


def test_too_many_wrong_passcodes_take_a_work_profile_away(
    with_profile: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """The rest is the person's, and stays."""
    server.policy = Policy(version=2, password=PasswordRequirements(maximum_failed_passwords=2))
    server.command(CommandType.LOCK)
    act(with_profile, PUSH)
    act(with_profile, *[Unlock("000000")] * 2)
    assert with_profile.life is Life.UNMANAGED


# Whose it is


def test_a_staged_device_shows_its_hub_to_whoever_comes(
    managed: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """Somebody logs in; the device proves itself as it does on its channel."""
    server.assignment = Assignment(state="StagedUnclaimed")
    assert HubLoginShown("StagedUnclaimed") in act(managed, PUSH)
    server.assignment = Assignment(state="Assigned", user="bo")
    seen = act(managed, HandOver(Person(name="Bo", user_name="bo", password="secret")), HubLogin())
    assert HubSignedIn("bo", "Assigned") in seen
    (request,) = server.asked(RequestKind.HUB_LOGIN)
    assert request.headers["Authorization"].startswith("Device ")


def test_a_shared_device_forgets_whoever_gives_it_back(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """What their applications knew is gone, and by the server's command their passcode; the device stays enrolled."""
    server.policy = Policy(version=2, applications=(LAUNCHER,))
    server.assignment = Assignment(state="CheckedOut", user="bo")
    act(managed, PUSH, SetPasscode("271828"))
    server.assignment = Assignment(state="MultiIdle")
    seen = act(managed, HubLogout())
    assert {HubSignedOut("bo"), HubLoginShown("MultiIdle"), AppDataCleared((LAUNCHER,))} <= set(seen)
    server.command(CommandType.RESET_PASSWORD, newPassword="")
    act(managed, PUSH)
    assert not managed.handheld.passcode.is_set
    assert managed.life is Life.MANAGED


def test_a_work_profile_waits_until_the_server_knows_its_device(
    with_profile: AndroidDevice, act: Act, server: AndroidServer, clock: MovingClock
) -> None:
    """No policy until then; after a minute the agent knows the machine's numbers, and says them."""
    server.pending = True
    act(with_profile, PUSH)
    assert with_profile.verification is Verification.PENDING
    assert server.reports[-1].hardware.serial_number is None
    act(with_profile, patience=90)
    assert server.reports[-1].hardware.serial_number == "3A091FDJH000X"
    server.pending = False
    act(with_profile, PUSH)
    assert with_profile.verification is Verification.CLEAR


def test_a_person_can_let_the_agent_know_the_device(
    make_android: Callable[..., AndroidDevice], act: Act, server: AndroidServer
) -> None:
    """Where it does not get to know it by itself, it asks, and reports at once what it was allowed."""
    device = make_android(identifiers_after=None)
    act(device, HubEnroll(INTENT), patience=3600)
    assert server.reports[-1].hardware.imei is None
    act(device, AllowIdentifiers())
    assert server.reports[-1].hardware.imei == "356938035643809"


# The end, and trouble


def test_a_person_can_remove_a_work_profile(with_profile: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """The server hears of it first."""
    seen = act(with_profile, RemoveProfile())
    assert with_profile.life is Life.UNMANAGED
    assert {CheckedOut(), Unenrolled("removed")} <= set(seen)
    assert len(server.left) == 1


def test_nobody_removes_what_owns_the_device(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """There is nothing to remove it with; nor, where the policy says so, a work profile."""
    assert PersonRefused("RemoveProfile", "removal_disallowed") in act(managed, RemoveProfile())
    assert managed.life is Life.MANAGED


def test_a_server_that_knows_the_device_no_longer_ends_management(
    with_profile: AndroidDevice, act: Act, server: AndroidServer
) -> None:
    """410, and only that, says so; the code is the reason."""
    server.gone = "DEVICE_DENYLISTED"
    seen = act(with_profile, PUSH)
    assert Unenrolled("DEVICE_DENYLISTED") in seen
    assert with_profile.life is Life.UNMANAGED


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_any_other_no_is_borne(status: int, managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """The device keeps what holds, and asks again."""
    server.script(RequestKind.ANDROID_SYNC, (status, ErrorReply(code="no", text="No.")))
    seen = act(managed, PUSH)
    assert managed.life is Life.MANAGED
    assert any(isinstance(event, RetryScheduled) for event in seen)
    assert [event for event in act(managed, patience=600) if isinstance(event, SessionEnded)][-1].reason == "finished"


def test_a_device_asks_of_its_own_accord_where_it_is_told_to(
    make_android: Callable[..., AndroidDevice], act: Act, server: AndroidServer
) -> None:
    """Once in every interval."""
    device = make_android(poll=timedelta(hours=1))
    act(device, ScanCode(staging_code(EXTRAS)))
    before = len(server.reports)
    act(device, patience=5 * 3600)
    assert len(server.reports) - before == 5


def test_a_device_that_was_away_asks_what_it_missed(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """Out of reach it hears no push; back again, or on again, it asks."""
    act(managed, GoOffline())
    server.command(CommandType.LOCK)
    act(managed, PUSH)
    assert managed.screen is Screen.UNLOCKED
    act(managed, GoOnline())
    assert managed.screen is Screen.LOCKED
    operation = server.command(CommandType.LOCK)
    act(managed, ShutDown(), PUSH)
    assert operation not in server.results
    act(managed, TurnOn(), patience=60)
    assert operation in server.results


def test_whoever_drives_a_fleet_can_prompt_it(managed: AndroidDevice, act: Act, server: AndroidServer) -> None:
    """SESSION asks, CHECK_OUT ends management."""
    before = len(server.reports)
    act(managed, Prompted(Errand.SESSION))
    assert len(server.reports) == before + 1
    act(managed, Prompted(Errand.CHECK_OUT))
    assert managed.life is Life.FACTORY
