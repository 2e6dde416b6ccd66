"""What commands do to a device that somebody watching could see, beyond what `core.events` already names."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.events import Event


@dataclass(frozen=True, slots=True)
class MessageShown(Event):
    """A message or a telephone number appeared on the lock screen."""

    message: str | None
    phone_number: str | None


@dataclass(frozen=True, slots=True)
class InvitationShown(Event):
    """The person was invited to a program of the App Store."""

    program: str


@dataclass(frozen=True, slots=True)
class BookInstalled(Event):
    """A managed book was installed or updated."""

    title: str


@dataclass(frozen=True, slots=True)
class SettingChanged(Event):
    """The server changed a setting."""

    item: str


@dataclass(frozen=True, slots=True)
class LostModeSoundPlayed(Event):
    """The lost device rang."""


@dataclass(frozen=True, slots=True)
class MirroringOffered(Event):
    """The person was asked to mirror the screen."""

    destination: str


@dataclass(frozen=True, slots=True)
class MirroringStopped(Event):
    """AirPlay mirroring ended."""


@dataclass(frozen=True, slots=True)
class CellularPlansRefreshed(Event):
    """The device asked a carrier for its plans."""

    url: str


@dataclass(frozen=True, slots=True)
class RestrictionsPasswordCleared(Event):
    """The Screen Time passcode, and what was restricted behind it, is gone."""


@dataclass(frozen=True, slots=True)
class DeclarativeManagementRequested(Event):
    """The server switched declarative management on, or asked the device to synchronise."""
