"""What a locked device is not given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceLock, DeviceRecord
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.settings import EnrollmentSettings
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    MismatchLock,
    Platform,
    RegistrationState,
)
from mdm_server.domain.staging.withholding import (
    GIVEN_TO_LOCKED_ANDROIDS,
    GIVEN_TO_LOCKED_DEVICES,
    withholds,
)
from mdm_server.wire.android_channel import CommandType
from mdm_server.wire.commands import COMMANDS

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
THIS = DeviceIdentifiers(serial_number="C02X")
HELD = DeviceRecord(1, "d", Platform.IOS, THIS, assignment=Assignment(AssignmentState.ASSIGNED, 7))
HERS = Registration(1, "r", 7, 1, identifiers=THIS, state=RegistrationState.BOUND)
EVERYBODY, OTHERS = EnrollmentSettings(), EnrollmentSettings(reg_mismatch_lock=MismatchLock.USER)


def test_a_device_that_is_not_locked_is_given_everything() -> None:
    """Whosever it is."""
    assert not withholds(HELD, [], EVERYBODY)


@pytest.mark.parametrize("reason", list(DeviceLockReason))
def test_a_lock_withholds_unless_it_spares_who_has_the_device(reason: DeviceLockReason) -> None:
    """A lock against others does not keep its owner's profiles from the owner's device (I-24)."""
    locked = replace(HELD, lock=DeviceLock(reason, NOW))
    spares = {DeviceLockReason.REG_BOUND_TO_OTHER}
    assert withholds(locked, [HERS], EVERYBODY) == (reason not in spares)
    spares |= {DeviceLockReason.REG_USER_MISMATCH}
    assert withholds(locked, [HERS], OTHERS) == (reason not in spares)
    somebody_elses = replace(locked, assignment=Assignment(AssignmentState.ASSIGNED, 8))
    assert withholds(somebody_elses, [HERS], OTHERS)
    assert withholds(replace(locked, assignment=Assignment()), [HERS], OTHERS)


def test_nothing_on_the_list_gives_anything_away() -> None:
    """Every word of it is a request of Apple's; none installs, unlocks, or hands a secret over."""
    assert set(COMMANDS) >= GIVEN_TO_LOCKED_DEVICES
    giving = ("Install", "Clear", "Unlock", "Set", "Apply", "Invite", "Request", "Rotate", "ActivationLock")
    asking = {name for name in GIVEN_TO_LOCKED_DEVICES if name.endswith("List")}
    assert [name for name in GIVEN_TO_LOCKED_DEVICES - asking if name.startswith(giving)] == []


def test_of_the_commands_of_an_android_only_those_wait_that_give() -> None:
    """A new passcode would open the device, and a kiosk an application; a new command waits until it is named."""
    assert set(CommandType) - GIVEN_TO_LOCKED_ANDROIDS == {CommandType.RESET_PASSWORD, CommandType.START_KIOSK}
