"""The thing in a person's hand: everything about a device that is not its conversation with a server.

This module holds the state, and the only setters of what the tables of `states` govern. The verbs by which commands
(`core.answers`) and the person act on it stand in modules of their own: `locking`, `powering`, `installing`, `leaving`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from certs.key_pool import RsaKeySource
from device_emulator.core import events, person
from device_emulator.core.activation import ActivationRecord
from device_emulator.core.applications import Applications
from device_emulator.core.belongings import Belongings
from device_emulator.core.errors import ImpossibleTransitionError
from device_emulator.core.find_my import FindMy
from device_emulator.core.gauges import Network
from device_emulator.core.hardware import SYSTEM_VERSIONS, Hardware, SystemVersion
from device_emulator.core.holder import Holder
from device_emulator.core.hub.application import HubApplication
from device_emulator.core.installed_profiles import InstalledProfiles
from device_emulator.core.keychain import Keychain
from device_emulator.core.management import Management
from device_emulator.core.passcode import Passcode
from device_emulator.core.preferences import Preference, Preferences
from device_emulator.core.randomness import Randomness
from device_emulator.core.setting_up.answers import AppleAccount
from device_emulator.core.setting_up.passage import Passage
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import (
    LIFE,
    LOCK,
    POWER,
    LifeState,
    LifeTrigger,
    LockState,
    LockTrigger,
    PowerState,
    PowerTrigger,
)
from device_emulator.core.troubles import Troubles
from mdm_server.wire.commands.permission import Situation
from mdm_server.wire.commands.support import NO_RIGHT

NO_PANES: frozenset[str] = frozenset()
"""One object for all devices whose organization skips nothing."""
Clock = Callable[[], datetime]
State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class LostMode:
    """What a lost device shows to whoever finds it."""

    message: str | None = None
    phone_number: str | None = None
    footnote: str | None = None


class Handheld:
    """The state of one device, and the verbs that change it.

    `interruptions` counts what ends every conversation under way: switching off, restarting, erasing. `passage` is
    how far somebody has come in Setup Assistant; a device in it without one waits for somebody to begin. `news` is what
    Apple released while the device was in use, beside the systems of the catalogue.
    """

    __slots__ = (
        "_seen",
        "activation",
        "apple_account",
        "applications",
        "backed_up_at",
        "belongings",
        "clock",
        "enrollments",
        "erasures",
        "find_my",
        "hardware",
        "holder",
        "hub",
        "interruptions",
        "is_supervised",
        "keychain",
        "life",
        "lock",
        "lost_mode",
        "management",
        "network",
        "news",
        "on_call",
        "passage",
        "passcode",
        "power",
        "preferences",
        "profiles",
        "provisional_until",
        "randomness",
        "settings",
        "starts_until",
        "system",
        "troubles",
    )

    def __init__(
        self,
        hardware: Hardware,
        settings: DeviceSettings,
        *,
        clock: Clock,
        randomness: Randomness,
        key_source: RsaKeySource | None = None,
    ) -> None:
        self.hardware = hardware
        self.settings = settings
        self.clock = clock
        self.randomness = randomness
        self.system: SystemVersion = randomness.stream("system").choice(SYSTEM_VERSIONS)
        self.life = LifeState.SETUP_ASSISTANT
        self.lock = LockState.UNLOCKED
        self.power = PowerState.ON
        self.passcode = Passcode()
        self.keychain = Keychain(key_source)
        self.profiles = InstalledProfiles()
        self.applications = Applications(randomness)
        self.belongings = Belongings()
        self.preferences = Preferences()
        self.network = Network.WIFI
        self.is_supervised = settings.supervised
        self.activation: ActivationRecord | None = None
        self.provisional_until: datetime | None = None
        self.passage: Passage | None = None
        self.apple_account: AppleAccount | None = None
        self.backed_up_at: datetime | None = None
        self.find_my = FindMy()
        self.management: Management | None = None
        self.hub: HubApplication | None = None
        self.holder: Holder | None = None
        self.lost_mode: LostMode | None = None
        self.on_call = False
        self.starts_until: datetime | None = None
        self.troubles = Troubles()
        self.news: tuple[SystemVersion, ...] = ()
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
    def name(self) -> str:
        """What the device is called: by its person at first, and by whoever renamed it."""
        changed = self.preferences.value(Preference.DEVICE_NAME)
        return str(changed or f"{person.first_name(self.randomness)}’s {self.hardware.model.model_name}")

    @property
    def skipped_panes(self) -> frozenset[str]:
        """The panes of Setup Assistant that the device's organization leaves out."""
        return NO_PANES if self.activation is None else self.activation.skipped_panes

    @property
    def is_running(self) -> bool:
        """Say whether the device has started and can be reached."""
        return self.power in {PowerState.ON, PowerState.BEFORE_FIRST_UNLOCK} and self.network is not Network.NONE

    @property
    def is_managed(self) -> bool:
        """Say whether the device has a server that commands it."""
        return self.management is not None

    @property
    def is_locked(self) -> bool:
        """Say whether its person would have to type a passcode first."""
        return self.passcode.is_set and self.lock is not LockState.UNLOCKED

    @property
    def situation(self) -> Situation:
        """What the device is and how it is enrolled, as far as the conditions of a command ask."""
        return Situation(
            platform=self.hardware.model.platform,
            os_version=self.system.version,
            supervised=self.is_supervised,
            enrolled_by_dep=self.management is not None and self.management.automated,
            access_rights=self.management.access_rights if self.management is not None else NO_RIGHT,
        )

    # The setters of state, one for each table

    def change_life(self, trigger: LifeTrigger) -> None:
        """Move on in life."""
        before, self.life = self.life, _next(LIFE.get((self.life, trigger)), self.life, trigger)
        if before is not self.life:
            self.emit(events.LifeChanged(before, self.life))

    def change_lock(self, trigger: LockTrigger) -> None:
        """Change what the screen lets its person do."""
        before, self.lock = self.lock, _next(LOCK.get((self.lock, trigger)), self.lock, trigger)
        if before is not self.lock:
            self.emit(events.LockChanged(before, self.lock))

    def change_power(self, trigger: PowerTrigger) -> None:
        """Switch the device."""
        before, self.power = self.power, _next(POWER.get((self.power, trigger)), self.power, trigger)
        if before is not self.power:
            self.emit(events.PowerChanged(before, self.power))


def _next(state: State | None, before: State, trigger: StrEnum) -> State:
    if state is None:
        raise ImpossibleTransitionError(before, trigger)
    return state
