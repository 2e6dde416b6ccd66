"""Whose a device is, as its Hub shows it, and what a shared one does when its user goes."""

from __future__ import annotations

from device_emulator.core.android.events import AppDataCleared
from device_emulator.core.android.handheld import AndroidHandheld
from device_emulator.core.events import HubSignedOut
from device_emulator.core.hub.application import HubApplication
from mdm_server.wire.android_channel import Assignment


def learn(handheld: AndroidHandheld, url: str, assignment: Assignment) -> None:
    """Take note of whose the device is, as the server says, and draw the consequences."""
    hub = handheld.hub = handheld.hub or HubApplication(url)
    for event in hub.learn(assignment.state, assignment.user or ""):
        if isinstance(event, HubSignedOut) and handheld.applications:
            # What the user left behind in applications goes at once; the passcode goes when the server says so.
            handheld.emit(AppDataCleared(handheld.applications))
        handheld.emit(event)
