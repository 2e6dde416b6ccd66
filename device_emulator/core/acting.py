"""How a person acts on a device: every action has one function, registered on `perform`, in the module of its theme.

    @perform.register
    def _(action: actions.Lock, handheld: Handheld) -> None:
        locking.lock_screen(handheld)

A function that says no raises `NotAllowedError` before it has changed anything that matters.
"""

from __future__ import annotations

from functools import singledispatch

from device_emulator.core import enrolling, holding, restrictions
from device_emulator.core.handheld import Handheld
from device_emulator.core.hub_errand import HubWish
from device_emulator.core.setting_up import finishing
from device_emulator.core.states import BEFORE_HOME, LifeState, LockState


class NotAllowedError(Exception):
    """The device does not let its person do that; `reason` is a stable token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


Wanted = enrolling.Offer | HubWish | None
"""What the person wants to enrol with, or wants of the Hub; None: it is done."""


@singledispatch
def perform(_: object, __: Handheld) -> Wanted:
    """Let the person do something; what no function is registered for, devices of this platform do not know."""
    raise NotAllowedError("other_platform")


def expect_allowed(handheld: Handheld, restriction: str) -> None:
    """Stop here if a restriction in force forbids what the person is about to do."""
    if not restrictions.allows(handheld, restriction):
        raise NotAllowedError("restricted")


def get_to_home_screen(handheld: Handheld) -> None:
    """Let the person get in: through Setup Assistant, or past the lock screen with their passcode."""
    if handheld.life is LifeState.SETUP_ASSISTANT and handheld.settings.apple is None:
        finishing.tap_through(handheld)
    if handheld.life in BEFORE_HOME:
        raise NotAllowedError("setup_assistant")
    if handheld.lock is not LockState.UNLOCKED:
        holding.type_passcode(handheld)
    if handheld.lock is not LockState.UNLOCKED:
        raise NotAllowedError(handheld.lock)
