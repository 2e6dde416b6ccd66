"""What a shared device does when its user comes and goes."""

from __future__ import annotations

from device_emulator.core import installing, locking
from device_emulator.core.events import HubLoginShown, HubSignedIn, HubSignedOut
from device_emulator.core.handheld import Handheld
from device_emulator.core.hub.application import CHECKED_OUT, WAITING, HubApplication


def learn(handheld: Handheld, hub: HubApplication, state: str, user: str) -> None:
    """Take note of whose the device is, as the server says, and draw the consequences."""
    before = (hub.state, hub.user)
    if before == (state, user):
        return
    if hub.state == CHECKED_OUT:
        end(handheld, hub)
    hub.state, hub.user = state, user
    if state in WAITING:
        handheld.emit(HubLoginShown(state))
    elif user:
        hub.before_user = _managed(handheld) if state == CHECKED_OUT else ()
        handheld.emit(HubSignedIn(user, state))


def end(handheld: Handheld, hub: HubApplication) -> None:
    """Remove what the user's session brought: their profiles, and the passcode, without a warning."""
    for identifier in _managed(handheld):
        if identifier not in hub.before_user:
            installing.remove_profile(handheld, identifier)
    if handheld.passcode.is_set:
        locking.clear_passcode(handheld)
    handheld.emit(HubSignedOut(hub.user))


def _managed(handheld: Handheld) -> tuple[str, ...]:
    return tuple(profile.identifier for profile in handheld.profiles if profile.is_managed)
