"""An Android's states and the tables that say how one leads to another, as `core.states` has them for an iPhone.

Each table is one region of its own: a device is in one state of each at any time. What is absent cannot happen. Whether
it runs is the business of `core.states.POWER`: data that is sealed until the first unlock is common to both platforms.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Life(StrEnum):
    """Where a device is in its life, and who owns it."""

    FACTORY = "factory"
    SETUP_WIZARD = "setup_wizard"
    PROVISIONING = "provisioning"
    UNMANAGED = "unmanaged"
    ADDING_PROFILE = "adding_profile"
    WORK_PROFILE = "work_profile"
    MANAGED = "managed"


class LifeTrigger(StrEnum):
    """What moves a device on in life."""

    BOOTED = "booted"
    SETUP_FINISHED = "setup_finished"
    CODE_SCANNED = "code_scanned"
    PROVISIONED = "provisioned"
    PROVISIONING_FAILED = "provisioning_failed"
    PROFILE_STARTED = "profile_started"
    PROFILE_CREATED = "profile_created"
    PROFILE_FAILED = "profile_failed"
    PROFILE_REMOVED = "profile_removed"
    ERASED = "erased"


class Screen(StrEnum):
    """What the lock screen lets its person do."""

    UNLOCKED = "unlocked"
    LOCKED = "locked"
    BLOCKED = "blocked"


class ScreenTrigger(StrEnum):
    """What changes the lock screen."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    BLOCK_ENDED = "block_ended"
    PASSCODE_RESET = "passcode_reset"
    RESTARTED = "restarted"
    ERASED = "erased"


class Kiosk(StrEnum):
    """Whether one application has the screen to itself."""

    FREE = "free"
    HUB_PINNED = "hub_pinned"
    KIOSK = "kiosk"


class KioskTrigger(StrEnum):
    """What pins an application, and what lets go of it."""

    HUB_PINNED = "hub_pinned"
    HUB_RELEASED = "hub_released"
    STARTED = "started"
    STOPPED = "stopped"
    ERASED = "erased"


class Protection(StrEnum):
    """Whether the setup wizard wants to see an account from before the reset (factory reset protection)."""

    OPEN = "open"
    ASKING = "asking"


class ProtectionTrigger(StrEnum):
    """How a device was reset, and what satisfies it afterwards."""

    PLAIN_RESET = "plain_reset"
    PROTECTED_RESET = "protected_reset"
    ACCOUNT_PROVED = "account_proved"


class Verification(StrEnum):
    """Whether the server has yet to learn which device a work profile is on."""

    CLEAR = "clear"
    PENDING = "pending"


class VerificationTrigger(StrEnum):
    """What the server says of it."""

    HELD = "held"
    RELEASED = "released"
    MANAGEMENT_ENDED = "management_ended"


LIFE: Mapping[tuple[Life, LifeTrigger], Life] = MappingProxyType(
    {
        (Life.FACTORY, LifeTrigger.BOOTED): Life.SETUP_WIZARD,
        (Life.FACTORY, LifeTrigger.ERASED): Life.FACTORY,
        (Life.SETUP_WIZARD, LifeTrigger.SETUP_FINISHED): Life.UNMANAGED,
        (Life.SETUP_WIZARD, LifeTrigger.CODE_SCANNED): Life.PROVISIONING,
        (Life.SETUP_WIZARD, LifeTrigger.ERASED): Life.FACTORY,
        (Life.PROVISIONING, LifeTrigger.PROVISIONED): Life.MANAGED,
        (Life.PROVISIONING, LifeTrigger.PROVISIONING_FAILED): Life.SETUP_WIZARD,
        (Life.PROVISIONING, LifeTrigger.ERASED): Life.FACTORY,
        (Life.UNMANAGED, LifeTrigger.PROFILE_STARTED): Life.ADDING_PROFILE,
        (Life.UNMANAGED, LifeTrigger.ERASED): Life.FACTORY,
        (Life.ADDING_PROFILE, LifeTrigger.PROFILE_CREATED): Life.WORK_PROFILE,
        (Life.ADDING_PROFILE, LifeTrigger.PROFILE_FAILED): Life.UNMANAGED,
        (Life.ADDING_PROFILE, LifeTrigger.ERASED): Life.FACTORY,
        (Life.WORK_PROFILE, LifeTrigger.PROFILE_REMOVED): Life.UNMANAGED,
        (Life.WORK_PROFILE, LifeTrigger.ERASED): Life.FACTORY,
        # A device that belongs to the organization belongs to it until it is erased.
        (Life.MANAGED, LifeTrigger.ERASED): Life.FACTORY,
    }
)

SCREEN: Mapping[tuple[Screen, ScreenTrigger], Screen] = MappingProxyType(
    {
        (Screen.UNLOCKED, ScreenTrigger.LOCKED): Screen.LOCKED,
        (Screen.UNLOCKED, ScreenTrigger.PASSCODE_RESET): Screen.UNLOCKED,
        (Screen.UNLOCKED, ScreenTrigger.RESTARTED): Screen.LOCKED,
        (Screen.UNLOCKED, ScreenTrigger.ERASED): Screen.UNLOCKED,
        (Screen.LOCKED, ScreenTrigger.LOCKED): Screen.LOCKED,
        (Screen.LOCKED, ScreenTrigger.UNLOCKED): Screen.UNLOCKED,
        (Screen.LOCKED, ScreenTrigger.TOO_MANY_ATTEMPTS): Screen.BLOCKED,
        (Screen.LOCKED, ScreenTrigger.PASSCODE_RESET): Screen.LOCKED,
        (Screen.LOCKED, ScreenTrigger.RESTARTED): Screen.LOCKED,
        (Screen.LOCKED, ScreenTrigger.ERASED): Screen.UNLOCKED,
        (Screen.BLOCKED, ScreenTrigger.LOCKED): Screen.BLOCKED,
        (Screen.BLOCKED, ScreenTrigger.BLOCK_ENDED): Screen.LOCKED,
        (Screen.BLOCKED, ScreenTrigger.PASSCODE_RESET): Screen.LOCKED,
        # The count of wrong attempts is the secure hardware's, and outlives a restart.
        (Screen.BLOCKED, ScreenTrigger.RESTARTED): Screen.BLOCKED,
        (Screen.BLOCKED, ScreenTrigger.ERASED): Screen.UNLOCKED,
    }
)

KIOSK: Mapping[tuple[Kiosk, KioskTrigger], Kiosk] = MappingProxyType(
    {
        (Kiosk.FREE, KioskTrigger.HUB_PINNED): Kiosk.HUB_PINNED,
        (Kiosk.FREE, KioskTrigger.STARTED): Kiosk.KIOSK,
        (Kiosk.FREE, KioskTrigger.STOPPED): Kiosk.FREE,
        (Kiosk.FREE, KioskTrigger.ERASED): Kiosk.FREE,
        (Kiosk.HUB_PINNED, KioskTrigger.HUB_PINNED): Kiosk.HUB_PINNED,
        (Kiosk.HUB_PINNED, KioskTrigger.HUB_RELEASED): Kiosk.FREE,
        (Kiosk.HUB_PINNED, KioskTrigger.ERASED): Kiosk.FREE,
        (Kiosk.KIOSK, KioskTrigger.STARTED): Kiosk.KIOSK,
        (Kiosk.KIOSK, KioskTrigger.STOPPED): Kiosk.FREE,
        (Kiosk.KIOSK, KioskTrigger.ERASED): Kiosk.FREE,
    }
)

# Nothing but the account opens a device that asks for it: neither another reset nor a way around the wizard.
PROTECTION: Mapping[tuple[Protection, ProtectionTrigger], Protection] = MappingProxyType(
    {
        (Protection.OPEN, ProtectionTrigger.PLAIN_RESET): Protection.OPEN,
        (Protection.OPEN, ProtectionTrigger.PROTECTED_RESET): Protection.ASKING,
        (Protection.ASKING, ProtectionTrigger.PLAIN_RESET): Protection.ASKING,
        (Protection.ASKING, ProtectionTrigger.PROTECTED_RESET): Protection.ASKING,
        (Protection.ASKING, ProtectionTrigger.ACCOUNT_PROVED): Protection.OPEN,
    }
)

VERIFICATION: Mapping[tuple[Verification, VerificationTrigger], Verification] = MappingProxyType(
    {
        (Verification.CLEAR, VerificationTrigger.HELD): Verification.PENDING,
        (Verification.CLEAR, VerificationTrigger.RELEASED): Verification.CLEAR,
        (Verification.CLEAR, VerificationTrigger.MANAGEMENT_ENDED): Verification.CLEAR,
        (Verification.PENDING, VerificationTrigger.HELD): Verification.PENDING,
        (Verification.PENDING, VerificationTrigger.RELEASED): Verification.CLEAR,
        (Verification.PENDING, VerificationTrigger.MANAGEMENT_ENDED): Verification.CLEAR,
    }
)
