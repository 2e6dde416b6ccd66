"""Whose a device is, as its Hub shows it, and what a shared one does when its user goes."""

from __future__ import annotations

from device_emulator.core.android.events import AppDataCleared
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.events import HubLoginShown, HubSignedIn, HubSignedOut
from device_emulator.core.hub.application import CHECKED_OUT, WAITING, HubApplication
from mdm_server.wire.android_channel import Assignment


def learn(handheld: AndroidHandheld, url: str, assignment: Assignment) -> None:
    """Take note of whose the device is, as the server says, and draw the consequences."""
    hub = handheld.hub = handheld.hub or HubApplication(url)
    state, user = assignment.state, assignment.user or ""
    if (hub.state, hub.user) == (state, user):
        return
    if hub.state == CHECKED_OUT:
        _end(handheld, hub)
    hub.state, hub.user = state, user
    if state in WAITING:
        handheld.emit(HubLoginShown(state))
    elif user:
        handheld.emit(HubSignedIn(user, state))


def _end(handheld: AndroidHandheld, hub: HubApplication) -> None:
    """Remove what the user left behind in applications; the passcode goes when the server says so."""
    if handheld.applications:
        handheld.emit(AppDataCleared(handheld.applications))
    handheld.emit(HubSignedOut(hub.user))
