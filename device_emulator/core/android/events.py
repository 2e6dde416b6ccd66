"""What somebody watching an Android could have seen, besides what any device shows."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.android.states import Kiosk, Life, Protection, Screen, Verification
from device_emulator.core.events import Event


@dataclass(frozen=True, slots=True)
class AndroidLifeChanged(Event):
    """The device moved on in life (setup wizard, provisioning, unmanaged, work profile, managed…)."""

    before: Life
    after: Life


@dataclass(frozen=True, slots=True)
class ScreenChanged(Event):
    """The screen was locked, unlocked, or blocked for a while."""

    before: Screen
    after: Screen


@dataclass(frozen=True, slots=True)
class KioskChanged(Event):
    """An application got the screen to itself, or gave it back."""

    before: Kiosk
    after: Kiosk
    application: str | None


@dataclass(frozen=True, slots=True)
class ProtectionChanged(Event):
    """The setup wizard asks for an account from before the reset, or has seen it."""

    before: Protection
    after: Protection


@dataclass(frozen=True, slots=True)
class VerificationChanged(Event):
    """The server waits to learn which device this is, or has learned it."""

    before: Verification
    after: Verification


@dataclass(frozen=True, slots=True)
class CodeRefused(Event):
    """The setup wizard did not take a provisioning code; `reason` is a stable token, `text` what the person reads."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class WorkProfileCreated(Event):
    """There is a work profile on the device, beside the person's own things."""


@dataclass(frozen=True, slots=True)
class WorkProfileRemoved(Event):
    """The work profile is gone, with everything in it."""

    reason: str


@dataclass(frozen=True, slots=True)
class PolicyApplied(Event):
    """A policy holds on the device; `problems` are the settings it does not comply with."""

    version: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppDataCleared(Event):
    """Applications are as if they had never been opened."""

    applications: tuple[str, ...]
