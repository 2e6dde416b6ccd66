"""The ends of things: management, and everything."""

from __future__ import annotations

from device_emulator.core.applications import Applications
from device_emulator.core.belongings import Belongings
from device_emulator.core.events import DeviceErased, ProfileRemoved, SetupAssistantReached, Unenrolled
from device_emulator.core.find_my import FindMy
from device_emulator.core.handheld import Handheld
from device_emulator.core.installed_profiles import InstalledProfiles
from device_emulator.core.passcode import Passcode
from device_emulator.core.preferences import Preferences
from device_emulator.core.states import MANAGED, LifeState, LifeTrigger, LockTrigger, PowerState, PowerTrigger


def ask_to_leave(handheld: Handheld, reason: str) -> None:
    """Have the device say good-bye to its server, if the profile wants that, and then end management."""
    if handheld.management is not None and handheld.management.ending is None:
        handheld.management.ending = reason


def end_management(handheld: Handheld, reason: str) -> None:
    """Remove everything management brought: its profile, the profiles and applications it managed, the identity."""
    if handheld.management is None:
        return
    identifiers = [each.identifier for each in handheld.profiles if each.is_managed or each.manages_the_device]
    for identifier in identifiers:
        handheld.profiles.remove(identifier)
        handheld.emit(ProfileRemoved(identifier))
    handheld.applications.management_ended()
    handheld.belongings.management_ended()
    handheld.keychain.clear()
    handheld.management = None
    handheld.hub = None
    if handheld.lost_mode is not None:
        handheld.lost_mode = None
        handheld.change_lock(LockTrigger.LOST_MODE_DISABLED)
    if handheld.life is LifeState.AWAITING_CONFIGURATION:
        handheld.passage = None
    if handheld.life in MANAGED:
        handheld.change_life(LifeTrigger.MANAGEMENT_ENDED)
    handheld.emit(Unenrolled(reason))


def erase(handheld: Handheld) -> None:
    """Erase all content and settings: the device greets whoever holds it with Setup Assistant.

    What is printed on the machine stays, and who holds it; keys, tokens, passcode, profiles, applications and settings
    go, and with them the supervision that somebody gave it by cable. What Apple was told of Find My stays with Apple.
    """
    handheld.management = None
    handheld.hub = None
    handheld.is_supervised = handheld.settings.supervised
    handheld.activation = None
    handheld.passage = None
    handheld.apple_account = None
    handheld.backed_up_at = None
    handheld.find_my = FindMy()
    handheld.lost_mode = None
    handheld.on_call = False
    handheld.keychain.clear()
    handheld.passcode = Passcode(generation=handheld.passcode.generation + 1)
    handheld.profiles = InstalledProfiles()
    handheld.applications = Applications(handheld.randomness, ())
    handheld.belongings = Belongings()
    handheld.preferences = Preferences()
    handheld.erasures += 1
    handheld.interruptions += 1
    handheld.change_lock(LockTrigger.ERASED)
    if handheld.power is PowerState.BEFORE_FIRST_UNLOCK:
        handheld.change_power(PowerTrigger.UNLOCKED)
    handheld.change_life(LifeTrigger.ERASED)
    handheld.emit(DeviceErased())
    handheld.emit(SetupAssistantReached())
