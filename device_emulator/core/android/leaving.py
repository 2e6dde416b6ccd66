"""The ends of things: the work profile, and everything.

Factory reset protection: a device asks for an account from before only if its policy named some before the reset, and
only after a reset that the organization did not do properly: from recovery, after too many wrong passcodes, or by a
WIPE that says so. A reset in Settings never arms it.
https://support.google.com/work/android/answer/14549362
"""

from __future__ import annotations

from device_emulator.core.android import powering
from device_emulator.core.android.events import WorkProfileRemoved
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.android.passcode import AndroidPasscode
from device_emulator.core.android.states import (
    KioskTrigger,
    Life,
    LifeTrigger,
    Protection,
    ProtectionTrigger,
    ScreenTrigger,
    VerificationTrigger,
)
from device_emulator.core.events import DeviceErased, Unenrolled


def ask_to_leave(handheld: AndroidHandheld, reason: str) -> None:
    """Have the device say good-bye to its server, and then end management."""
    if handheld.management is not None and handheld.management.ending is None:
        handheld.management.ending = reason


def end_management(handheld: AndroidHandheld, reason: str, *, protected: bool = False) -> None:
    """End management the only way there is: remove the work profile, or erase a device that is all the server's."""
    if handheld.management is None:
        return
    if handheld.management.owns_device:
        erase(handheld, protected=protected)
    else:
        _remove_work_profile(handheld, reason)
    handheld.emit(Unenrolled(reason))


def erase(handheld: AndroidHandheld, *, protected: bool = False) -> None:
    """Erase everything and start anew, as from the factory. What is printed on the machine stays."""
    _protect(handheld, protected=protected)
    _forget_management(handheld)
    handheld.passcode = AndroidPasscode(generation=handheld.passcode.generation + 1)
    handheld.extras = None
    handheld.erasures += 1
    handheld.change_screen(ScreenTrigger.ERASED)
    handheld.change_kiosk(KioskTrigger.ERASED)
    handheld.change_life(LifeTrigger.ERASED)
    handheld.emit(DeviceErased())
    powering.restart(handheld)


def _protect(handheld: AndroidHandheld, *, protected: bool) -> None:
    asks = protected and bool(handheld.protected_by)
    handheld.change_protection(ProtectionTrigger.PROTECTED_RESET if asks else ProtectionTrigger.PLAIN_RESET)
    if handheld.protection is Protection.OPEN:
        handheld.protected_by = ()


def _remove_work_profile(handheld: AndroidHandheld, reason: str) -> None:
    _forget_management(handheld)
    if handheld.life is Life.WORK_PROFILE:
        handheld.change_life(LifeTrigger.PROFILE_REMOVED)
    handheld.emit(WorkProfileRemoved(reason))


def _forget_management(handheld: AndroidHandheld) -> None:
    handheld.management = None
    handheld.hub = None
    handheld.applications = ()
    handheld.change_verification(VerificationTrigger.MANAGEMENT_ENDED)
