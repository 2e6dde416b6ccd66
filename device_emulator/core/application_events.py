"""What somebody watching a device could have seen of its applications."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.application_states import ApplicationState
from device_emulator.core.events import Event
from device_emulator.core.features import Feature


@dataclass(frozen=True, slots=True)
class ApplicationStateChanged(Event):
    """An application that the server wants came further, or its person was asked, or said no."""

    identifier: str
    before: ApplicationState
    after: ApplicationState


@dataclass(frozen=True, slots=True)
class ApplicationInstalled(Event):
    """An application was installed, updated or taken under management by the server."""

    identifier: str


@dataclass(frozen=True, slots=True)
class ApplicationRemoved(Event):
    """The server removed an application."""

    identifier: str


@dataclass(frozen=True, slots=True)
class OwnApplicationInstalled(Event):
    """The person got an application from the App Store."""

    identifier: str


@dataclass(frozen=True, slots=True)
class OwnApplicationRemoved(Event):
    """The person deleted an application."""

    identifier: str


@dataclass(frozen=True, slots=True)
class ApplicationOpened(Event):
    """The person opened an application."""

    identifier: str


@dataclass(frozen=True, slots=True)
class FeatureUsed(Event):
    """The person used a feature of the device."""

    feature: Feature
