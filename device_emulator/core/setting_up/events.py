"""What somebody watching could have seen of Setup Assistant, of the Apple Account, and of remote management."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.events import Event


@dataclass(frozen=True, slots=True)
class PaneShown(Event):
    """Setup Assistant showed a pane, and its person went on."""

    name: str


@dataclass(frozen=True, slots=True)
class PaneSkipped(Event):
    """Setup Assistant left out a pane, for the organization had said so."""

    name: str


@dataclass(frozen=True, slots=True)
class SetupAssistantWaits(Event):
    """Setup Assistant stays at a pane: for a network (`WiFi`), or for somebody to tap."""

    pane: str


@dataclass(frozen=True, slots=True)
class DeviceActivated(Event):
    """Apple activated the device; `organization` is the one that manages it, None for a device of nobody's."""

    organization: str | None


@dataclass(frozen=True, slots=True)
class ActivationLocked(Event):
    """Apple wants to know who is there: the device is locked to an account or to an organization."""

    message: str


@dataclass(frozen=True, slots=True)
class ActivationFailed(Event):
    """The device was not activated and stays at the beginning of Setup Assistant."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class RemoteManagementSkipped(Event):
    """Its person did not want the device to be managed, and the organization leaves that to them."""

    organization: str


@dataclass(frozen=True, slots=True)
class SystemUpdateRequired(Event):
    """The organization's server enrols the device with this system or a newer one."""

    version: str


@dataclass(frozen=True, slots=True)
class WebSignInShown(Event):
    """The device showed its person a page of the organization's to sign in at."""

    url: str


@dataclass(frozen=True, slots=True)
class ConfigurationAwaited(Event):
    """The device is enrolled, and goes on when its server has configured it."""


@dataclass(frozen=True, slots=True)
class ConfigurationFinished(Event):
    """The server let Setup Assistant go on."""


@dataclass(frozen=True, slots=True)
class RestoredFromBackup(Event):
    """Applications came back from a backup."""


@dataclass(frozen=True, slots=True)
class AppleAccountSignedIn(Event):
    """Somebody signed in with an Apple Account."""

    account: str


@dataclass(frozen=True, slots=True)
class AppleAccountSignedOut(Event):
    """Somebody signed out of an Apple Account."""

    account: str


@dataclass(frozen=True, slots=True)
class BackedUp(Event):
    """The device was backed up to iCloud."""


@dataclass(frozen=True, slots=True)
class RemoteManagementLeft(Event):
    """Its person left remote management within the provisional period; Apple releases the device."""

    serial_number: str
