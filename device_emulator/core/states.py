"""The device's states and the tables that say how one leads to another.

Each table maps `(state, trigger)` to the next state; what is absent cannot happen. The tables are data: the tests walk
over every pair, and `Device` has exactly one place where a state is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class LifeState(StrEnum):
    """Where a device is in its life."""

    SETUP_ASSISTANT = "setup_assistant"
    IN_USE = "in_use"
    ENROLLING = "enrolling"
    ENROLLING_IN_SETUP = "enrolling_in_setup"
    """Before anybody may use it: Setup Assistant goes on when the device is enrolled, and not before."""
    AWAITING_CONFIGURATION = "awaiting_configuration"
    """Managed, and still in Setup Assistant: it goes on when the server has said that all is as it should be."""
    ENROLLED = "enrolled"


class LifeTrigger(StrEnum):
    """What moves a device on in life."""

    SETUP_FINISHED = "setup_finished"
    ENROLLMENT_STARTED = "enrollment_started"
    ENROLLMENT_SUCCEEDED = "enrollment_succeeded"
    ENROLLMENT_FAILED = "enrollment_failed"
    CONFIGURATION_AWAITED = "configuration_awaited"
    CONFIGURED = "configured"
    MANAGEMENT_ENDED = "management_ended"
    ERASED = "erased"


UNDER_WAY = frozenset({LifeState.ENROLLING, LifeState.ENROLLING_IN_SETUP})
"""The device is about to be enrolled."""
MANAGED = frozenset({LifeState.ENROLLED, LifeState.AWAITING_CONFIGURATION})
"""The device has a server that commands it."""
BEFORE_HOME = frozenset({LifeState.SETUP_ASSISTANT, LifeState.ENROLLING_IN_SETUP, LifeState.AWAITING_CONFIGURATION})
"""The device is in Setup Assistant, and nobody gets past that to anything else."""


class LockState(StrEnum):
    """What the screen lets its person do."""

    UNLOCKED = "unlocked"
    LOCKED = "locked"
    DISABLED = "disabled"
    LOST = "lost"


class LockTrigger(StrEnum):
    """What changes the screen."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    BLOCK_ENDED = "block_ended"
    PASSCODE_CLEARED = "passcode_cleared"
    LOST_MODE_ENABLED = "lost_mode_enabled"
    LOST_MODE_DISABLED = "lost_mode_disabled"
    RESTARTED = "restarted"
    ERASED = "erased"


class PowerState(StrEnum):
    """Whether the device runs, and whether its data has been unlocked since it started."""

    OFF = "off"
    STARTING = "starting"
    BEFORE_FIRST_UNLOCK = "before_first_unlock"
    ON = "on"


class PowerTrigger(StrEnum):
    """What switches the device."""

    SHUT_DOWN = "shut_down"
    RESTARTED = "restarted"
    TURNED_ON = "turned_on"
    STARTED_WITH_PASSCODE = "started_with_passcode"
    STARTED_WITHOUT_PASSCODE = "started_without_passcode"
    UNLOCKED = "unlocked"


LIFE: Mapping[tuple[LifeState, LifeTrigger], LifeState] = MappingProxyType(
    {
        (LifeState.SETUP_ASSISTANT, LifeTrigger.SETUP_FINISHED): LifeState.IN_USE,
        (LifeState.SETUP_ASSISTANT, LifeTrigger.ENROLLMENT_STARTED): LifeState.ENROLLING_IN_SETUP,
        (LifeState.SETUP_ASSISTANT, LifeTrigger.ERASED): LifeState.SETUP_ASSISTANT,
        (LifeState.ENROLLING_IN_SETUP, LifeTrigger.ENROLLMENT_SUCCEEDED): LifeState.ENROLLED,
        (LifeState.ENROLLING_IN_SETUP, LifeTrigger.CONFIGURATION_AWAITED): LifeState.AWAITING_CONFIGURATION,
        (LifeState.ENROLLING_IN_SETUP, LifeTrigger.ENROLLMENT_FAILED): LifeState.SETUP_ASSISTANT,
        (LifeState.ENROLLING_IN_SETUP, LifeTrigger.ERASED): LifeState.SETUP_ASSISTANT,
        (LifeState.AWAITING_CONFIGURATION, LifeTrigger.CONFIGURED): LifeState.ENROLLED,
        (LifeState.AWAITING_CONFIGURATION, LifeTrigger.MANAGEMENT_ENDED): LifeState.SETUP_ASSISTANT,
        (LifeState.AWAITING_CONFIGURATION, LifeTrigger.ERASED): LifeState.SETUP_ASSISTANT,
        (LifeState.IN_USE, LifeTrigger.ENROLLMENT_STARTED): LifeState.ENROLLING,
        (LifeState.IN_USE, LifeTrigger.ERASED): LifeState.SETUP_ASSISTANT,
        (LifeState.ENROLLING, LifeTrigger.ENROLLMENT_SUCCEEDED): LifeState.ENROLLED,
        (LifeState.ENROLLING, LifeTrigger.ENROLLMENT_FAILED): LifeState.IN_USE,
        (LifeState.ENROLLING, LifeTrigger.ERASED): LifeState.SETUP_ASSISTANT,
        (LifeState.ENROLLED, LifeTrigger.MANAGEMENT_ENDED): LifeState.IN_USE,
        (LifeState.ENROLLED, LifeTrigger.ERASED): LifeState.SETUP_ASSISTANT,
    }
)

# Lost mode outlives everything but its end and an erase: not even a restart or the right passcode ends it.
LOCK: Mapping[tuple[LockState, LockTrigger], LockState] = MappingProxyType(
    {
        (LockState.UNLOCKED, LockTrigger.LOCKED): LockState.LOCKED,
        (LockState.UNLOCKED, LockTrigger.PASSCODE_CLEARED): LockState.UNLOCKED,
        (LockState.UNLOCKED, LockTrigger.LOST_MODE_ENABLED): LockState.LOST,
        (LockState.UNLOCKED, LockTrigger.RESTARTED): LockState.LOCKED,
        (LockState.UNLOCKED, LockTrigger.ERASED): LockState.UNLOCKED,
        (LockState.LOCKED, LockTrigger.LOCKED): LockState.LOCKED,
        (LockState.LOCKED, LockTrigger.UNLOCKED): LockState.UNLOCKED,
        (LockState.LOCKED, LockTrigger.TOO_MANY_ATTEMPTS): LockState.DISABLED,
        (LockState.LOCKED, LockTrigger.PASSCODE_CLEARED): LockState.LOCKED,
        (LockState.LOCKED, LockTrigger.LOST_MODE_ENABLED): LockState.LOST,
        (LockState.LOCKED, LockTrigger.RESTARTED): LockState.LOCKED,
        (LockState.LOCKED, LockTrigger.ERASED): LockState.UNLOCKED,
        (LockState.DISABLED, LockTrigger.LOCKED): LockState.DISABLED,
        (LockState.DISABLED, LockTrigger.BLOCK_ENDED): LockState.LOCKED,
        (LockState.DISABLED, LockTrigger.PASSCODE_CLEARED): LockState.LOCKED,
        (LockState.DISABLED, LockTrigger.LOST_MODE_ENABLED): LockState.LOST,
        (LockState.DISABLED, LockTrigger.RESTARTED): LockState.DISABLED,
        (LockState.DISABLED, LockTrigger.ERASED): LockState.UNLOCKED,
        (LockState.LOST, LockTrigger.LOCKED): LockState.LOST,
        (LockState.LOST, LockTrigger.PASSCODE_CLEARED): LockState.LOST,
        (LockState.LOST, LockTrigger.LOST_MODE_ENABLED): LockState.LOST,
        (LockState.LOST, LockTrigger.LOST_MODE_DISABLED): LockState.LOCKED,
        (LockState.LOST, LockTrigger.RESTARTED): LockState.LOST,
        (LockState.LOST, LockTrigger.ERASED): LockState.UNLOCKED,
    }
)

POWER: Mapping[tuple[PowerState, PowerTrigger], PowerState] = MappingProxyType(
    {
        (PowerState.OFF, PowerTrigger.TURNED_ON): PowerState.STARTING,
        (PowerState.STARTING, PowerTrigger.STARTED_WITH_PASSCODE): PowerState.BEFORE_FIRST_UNLOCK,
        (PowerState.STARTING, PowerTrigger.STARTED_WITHOUT_PASSCODE): PowerState.ON,
        (PowerState.STARTING, PowerTrigger.SHUT_DOWN): PowerState.OFF,
        (PowerState.BEFORE_FIRST_UNLOCK, PowerTrigger.UNLOCKED): PowerState.ON,
        (PowerState.BEFORE_FIRST_UNLOCK, PowerTrigger.SHUT_DOWN): PowerState.OFF,
        (PowerState.BEFORE_FIRST_UNLOCK, PowerTrigger.RESTARTED): PowerState.STARTING,
        (PowerState.ON, PowerTrigger.UNLOCKED): PowerState.ON,
        (PowerState.ON, PowerTrigger.SHUT_DOWN): PowerState.OFF,
        (PowerState.ON, PowerTrigger.RESTARTED): PowerState.STARTING,
    }
)
