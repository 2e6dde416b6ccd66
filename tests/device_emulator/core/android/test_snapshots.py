"""An Android on paper, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from device_emulator.core.actions import HandOver, HubEnroll, Lock, SetPasscode, Unlock
from device_emulator.core.android.actions import FactoryReset, ScanCode
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.android.states import Life, Protection
from device_emulator.core.errors import SnapshotError
from device_emulator.core.messages import PersonActs, PushArrived
from device_emulator.core.person import Habits, Person
from device_emulator.core.randomness import Randomness
from mdm_server.wire.android_channel import WAKE_MAGIC, CommandType, PasswordRequirements, Policy
from mdm_server.wire.android_provisioning import staging_code
from rigs.android_server import EXTRAS, INTENT, Act, AndroidServer
from rigs.play_server import MovingClock

PUSH = PushArrived(WAKE_MAGIC)
APPLICATION = "com.example.kiosk"


@pytest.fixture
def again(clock: MovingClock) -> Callable[[AndroidDevice], AndroidDevice]:
    """Return what puts a device on paper and takes it off again."""

    def through_paper(device: AndroidDevice) -> AndroidDevice:
        paper = json.loads(json.dumps(device.snapshot()))
        return AndroidDevice.restore(paper, AndroidSettings(), clock=clock, randomness=Randomness(1, 17))

    return through_paper


Again = Callable[[AndroidDevice], AndroidDevice]


def test_a_managed_device_goes_on_where_it_was(
    managed: AndroidDevice, act: Act, again: Again, server: AndroidServer
) -> None:
    """With its policy, its kiosk, its passcode and whoever holds it; and the server still knows it."""
    server.policy = Policy(
        version=2,
        applications=(APPLICATION,),
        password=PasswordRequirements(minimum_length=6),
        reset_protection_accounts=("it@example.com",),
    )
    server.command(CommandType.START_KIOSK, application=APPLICATION)
    ada = Person(name="Ada", user_name="ada", password="engine", habits=Habits(mistypes=0.5))
    act(managed, HandOver(ada), SetPasscode("271828"), PUSH)
    act(managed, Lock(), Unlock("000000"))
    restored = again(managed)
    assert restored.snapshot() == managed.snapshot()
    operation = server.command(CommandType.LOCK)
    act(restored, PUSH)
    assert operation in server.results
    assert restored.push_token == managed.push_token


def test_a_device_that_waits_for_its_account_still_does(
    managed: AndroidDevice, act: Act, again: Again, server: AndroidServer
) -> None:
    """Factory reset protection is not gone because somebody stopped the program."""
    server.policy = Policy(version=2, reset_protection_accounts=("it@example.com",))
    act(managed, PUSH)
    act(managed, FactoryReset(recovery=True))
    restored = again(managed)
    act(restored, patience=60)
    assert (restored.life, restored.handheld.protection) == (Life.SETUP_WIZARD, Protection.ASKING)


def test_an_enrolment_under_way_is_begun_anew(
    android: AndroidDevice, act: Act, again: Again, server: AndroidServer
) -> None:
    """The code was scanned and nobody answered: the restored device asks again."""
    android.handle(PersonActs(ScanCode(staging_code(EXTRAS))))
    restored = again(android)
    assert restored.is_busy
    act(restored, PUSH)
    assert restored.life is Life.MANAGED


def test_a_wizard_under_way_is_forgotten(android: AndroidDevice, act: Act, again: Again) -> None:
    """Somebody has to open the Hub again."""
    android.handle(PersonActs(HubEnroll(INTENT)))
    restored = again(android)
    assert not restored.is_busy
    act(restored, HubEnroll(INTENT))
    assert restored.life is Life.WORK_PROFILE


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ({"version": 2}, "of version 1, found"),
        ({"platform": "apple"}, "expected a snapshot of an Android"),
        ({"life": "reborn"}, "damaged"),
        ({"hardware": {"model": "Nexus 1"}}, "damaged"),
        ({"management": {}}, "damaged"),
    ],
)
def test_what_is_no_snapshot_is_not_restored(
    damage: dict[str, Any], found: str, managed: AndroidDevice, clock: MovingClock
) -> None:
    """One clear error."""
    with pytest.raises(SnapshotError, match=found):
        AndroidDevice.restore(
            {**managed.snapshot(), **damage}, AndroidSettings(), clock=clock, randomness=Randomness(1, 17)
        )
