"""The lock screen: wrong passcodes, waiting, ClearPasscode, lost mode."""

from __future__ import annotations

import pytest

from device_emulator.core import locking
from device_emulator.core.actions import Lock, SetPasscode, Unlock
from device_emulator.core.device import Device
from device_emulator.core.effects import PASSCODE_POLICY
from device_emulator.core.events import DeviceErased, LockChanged, PasscodeRefused, PersonRefused
from device_emulator.core.handheld import LostMode
from device_emulator.core.installed_profiles import InstalledPayload, InstalledProfile
from device_emulator.core.messages import PersonActs, TimePassed
from device_emulator.core.passcode import Try
from device_emulator.core.states import LifeState, LockState
from rigs.play_server import MovingClock


@pytest.fixture
def locked(device: Device) -> Device:
    """Return a device that is set up, has the passcode 483920, and is locked."""
    device.handle(PersonActs(SetPasscode("483920")))
    device.handle(PersonActs(Lock()))
    device.events()
    return device


def guess(device: Device, times: int, clock: MovingClock | None = None) -> None:
    """Type wrong passcodes, each as soon as the device takes one."""
    for _ in range(times):
        if clock is not None and device.handheld.passcode.blocked_until is not None:
            clock.now = max(clock.now, device.handheld.passcode.blocked_until)
        device.handle(PersonActs(Unlock("00000")))


def test_the_right_passcode_opens(locked: Device) -> None:
    """Its person gets in."""
    locked.handle(PersonActs(Unlock()))
    assert locked.lock is LockState.UNLOCKED
    assert locked.events() == [LockChanged(LockState.LOCKED, LockState.UNLOCKED)]


def test_the_sixth_wrong_passcode_disables_the_device_for_a_minute(locked: Device, moving: MovingClock) -> None:
    """It is woken when the minute is over, and then takes the right one."""
    guess(locked, 6)
    assert locked.lock is LockState.DISABLED
    assert locked.events()[-2] == PasscodeRefused(6, locked.deadline)
    locked.handle(PersonActs(Unlock()))
    assert locked.lock is LockState.DISABLED
    moving.move(minutes=1)
    locked.handle(TimePassed())
    assert locked.lock is LockState.LOCKED
    assert locked.deadline is None
    locked.handle(PersonActs(Unlock()))
    assert locked.lock is LockState.UNLOCKED


def test_after_ten_wrong_passcodes_only_clear_passcode_helps(locked: Device, moving: MovingClock) -> None:
    """The device stays disabled however long its person waits."""
    guess(locked, 10, moving)
    moving.move(days=30)
    locked.handle(PersonActs(Unlock()))
    assert (locked.lock, locked.deadline) == (LockState.DISABLED, None)
    locking.clear_passcode(locked.handheld)
    assert locked.lock is LockState.LOCKED
    locked.handle(PersonActs(Unlock()))
    assert locked.lock is LockState.UNLOCKED


def test_a_policy_erases_a_device_that_somebody_guesses_at(locked: Device) -> None:
    """MaxFailedAttempts of a passcode policy is obeyed before the device would disable itself."""
    payload = InstalledPayload(PASSCODE_POLICY, "p", "1", content={"maxFailedAttempts": 4})
    locked.handheld.profiles.install(InstalledProfile(identifier="policy", uuid="2", payloads=(payload,)))
    guess(locked, 3)
    assert locked.life is LifeState.IN_USE
    guess(locked, 1)
    assert locked.life is LifeState.SETUP_ASSISTANT
    assert DeviceErased() in locked.events()
    assert not locked.handheld.passcode.is_set


def test_nothing_can_be_typed_into_a_lost_device(locked: Device) -> None:
    """Lost mode ends by its own command only, and leaves the device locked."""
    locking.enable_lost_mode(locked.handheld, LostMode("Please call", "+49 30 1234"))
    locked.handle(PersonActs(Unlock()))
    assert locked.lock is LockState.LOST
    assert PersonRefused("Unlock", "lost") in locked.events()
    assert locking.try_passcode(locked.handheld, "483920") is Try.BLOCKED
    locking.disable_lost_mode(locked.handheld)
    assert locked.lock is LockState.LOCKED
    assert locked.handheld.lost_mode is None
