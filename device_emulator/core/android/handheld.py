"""The Android in a person's hand: everything about it that is not its conversation with a server.

This module holds the state, and the only setters of what the tables govern. The verbs by which commands and the person
act on it stand in modules of their own: `locking`, `powering`, `kiosk`, `leaving`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from device_emulator.core import events
from device_emulator.core.android.events import (
    AndroidLifeChanged,
    KioskChanged,
    ProtectionChanged,
    ScreenChanged,
    VerificationChanged,
)
from device_emulator.core.android.hardware import ANDROID_10, AndroidHardware, AndroidVersion, draw_version
from device_emulator.core.android.management import AndroidManagement
from device_emulator.core.android.passcode import AndroidPasscode
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.android.states import (
    KIOSK,
    LIFE,
    PROTECTION,
    SCREEN,
    VERIFICATION,
    Kiosk,
    KioskTrigger,
    Life,
    LifeTrigger,
    Protection,
    ProtectionTrigger,
    Screen,
    ScreenTrigger,
    Verification,
    VerificationTrigger,
)
from device_emulator.core.errors import ImpossibleTransitionError
from device_emulator.core.gauges import Network
from device_emulator.core.holder import Holder
from device_emulator.core.hub.application import HubApplication
from device_emulator.core.randomness import Randomness
from device_emulator.core.states import POWER, PowerState, PowerTrigger
from mdm_server.wire.android_channel import Hardware, ManagementMode
from mdm_server.wire.android_provisioning import StagingExtras

Clock = Callable[[], datetime]
State = TypeVar("State", bound=StrEnum)
Trigger = TypeVar("Trigger", bound=StrEnum)


class AndroidHandheld:
    """The state of one Android, and the setters of it.

    `interruptions` counts what ends every conversation under way: switching off, restarting, erasing. `extras` are
    those of the provisioning code under way, kept while the Hub that they pinned waits for somebody. `protected_by` are
    the accounts that open the device after a reset it did not want.
    """

    __slots__ = (
        "_seen",
        "applications",
        "clock",
        "enrollments",
        "erasures",
        "extras",
        "hardware",
        "holder",
        "hub",
        "interruptions",
        "kiosk",
        "kiosk_application",
        "life",
        "management",
        "network",
        "passcode",
        "power",
        "protected_by",
        "protection",
        "randomness",
        "screen",
        "settings",
        "starts_until",
        "system",
        "verification",
    )

    def __init__(
        self, hardware: AndroidHardware, settings: AndroidSettings, *, clock: Clock, randomness: Randomness
    ) -> None:
        self.hardware = hardware
        self.settings = settings
        self.clock = clock
        self.randomness = randomness
        self.system: AndroidVersion = draw_version(randomness, hardware.model)
        self.life = Life.FACTORY
        self.screen = Screen.UNLOCKED
        self.kiosk = Kiosk.FREE
        self.protection = Protection.OPEN
        self.verification = Verification.CLEAR
        self.power = PowerState.ON
        self.network = Network.WIFI
        self.passcode = AndroidPasscode()
        self.applications: tuple[str, ...] = ()
        self.kiosk_application: str | None = None
        self.protected_by: tuple[str, ...] = ()
        self.management: AndroidManagement | None = None
        self.extras: StagingExtras | None = None
        self.hub: HubApplication | None = None
        self.holder: Holder | None = None
        self.starts_until: datetime | None = None
        self.interruptions = 0
        self.enrollments = 0
        self.erasures = 0
        self._seen: list[events.Event] | None = None

    # What can be seen

    def emit(self, event: events.Event) -> None:
        """Leave an event for whoever watches."""
        if self._seen is None:
            self._seen = []
        self._seen.append(event)

    def take_events(self) -> list[events.Event]:
        """Return, once, what could be seen."""
        seen, self._seen = self._seen or [], None
        return seen

    @property
    def is_managed(self) -> bool:
        """Say whether the device has a server that commands it."""
        return self.management is not None

    @property
    def is_running(self) -> bool:
        """Say whether the device has started and can be reached."""
        return self.power in {PowerState.ON, PowerState.BEFORE_FIRST_UNLOCK} and self.network is not Network.NONE

    @property
    def identifier(self) -> str:
        """Return what the agent calls the device: another after every factory reset."""
        return self.randomness.random_bytes("android id", 8, self.erasures).hex()

    def describe(self, mode: ManagementMode) -> Hardware:
        """Return what an agent that manages the device in this mode gets to know of it now.

        https://developer.android.com/about/versions/10/privacy/changes#data-ids
        """
        machine = self.hardware
        known = self._identifiers_known(mode)
        return Hardware(
            identifier=self.identifier,
            brand=machine.model.brand,
            model=machine.model.model,
            os_version=self.system.release,
            api_level=self.system.api_level,
            serial_number=machine.serial_number if known else None,
            imei=machine.imei if known else None,
        )

    @property
    def identifiers_known_at(self) -> datetime | None:
        """Return when the agent of a work profile gets to know serial number and IMEI by itself, if ever."""
        management, after = self.management, self.settings.identifiers_after
        if management is None or management.owns_device or after is None:
            return None
        return management.enrolled_at + after

    def _identifiers_known(self, mode: ManagementMode) -> bool:
        if mode is ManagementMode.FULLY_MANAGED or self.system.api_level < ANDROID_10:
            return True
        if self.management is None:
            return False
        at = self.identifiers_known_at
        return self.management.identifiers_allowed or (at is not None and at <= self.clock())

    # The setters of state, one for each table

    def change_life(self, trigger: LifeTrigger) -> None:
        """Move on in life."""
        before, self.life = self.life, _next(LIFE, self.life, trigger)
        if before is not self.life:
            self.emit(AndroidLifeChanged(before, self.life))

    def change_screen(self, trigger: ScreenTrigger) -> None:
        """Change what the lock screen lets its person do."""
        before, self.screen = self.screen, _next(SCREEN, self.screen, trigger)
        if before is not self.screen:
            self.emit(ScreenChanged(before, self.screen))

    def change_kiosk(self, trigger: KioskTrigger, application: str | None = None) -> None:
        """Pin an application, or let go of it."""
        before, self.kiosk = self.kiosk, _next(KIOSK, self.kiosk, trigger)
        if (before, self.kiosk_application) != (self.kiosk, application):
            self.kiosk_application = application
            self.emit(KioskChanged(before, self.kiosk, application))

    def change_protection(self, trigger: ProtectionTrigger) -> None:
        """Ask for an account in the setup wizard, or have seen it."""
        before, self.protection = self.protection, _next(PROTECTION, self.protection, trigger)
        if before is not self.protection:
            self.emit(ProtectionChanged(before, self.protection))

    def change_verification(self, trigger: VerificationTrigger) -> None:
        """Hear whether the server knows which device this is."""
        before, self.verification = self.verification, _next(VERIFICATION, self.verification, trigger)
        if before is not self.verification:
            self.emit(VerificationChanged(before, self.verification))

    def change_power(self, trigger: PowerTrigger) -> None:
        """Switch the device."""
        before, self.power = self.power, _next(POWER, self.power, trigger)
        if before is not self.power:
            self.emit(events.PowerChanged(before, self.power))


def _next(table: Mapping[tuple[State, Trigger], State], before: State, trigger: Trigger) -> State:
    after = table.get((before, trigger))
    if after is None:
        raise ImpossibleTransitionError(before, trigger)
    return after
