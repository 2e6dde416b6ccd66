"""What somebody watching a device could have seen of its system updates; the last of it is `SystemUpdated`."""

from __future__ import annotations

from dataclasses import dataclass

from device_emulator.core.events import Event


@dataclass(frozen=True, slots=True)
class UpdateDownloadStarted(Event):
    """The device began to download a system update."""

    version: str


@dataclass(frozen=True, slots=True)
class UpdateDownloaded(Event):
    """A system update is on the device, and can be installed."""

    version: str


@dataclass(frozen=True, slots=True)
class UpdatePrompted(Event):
    """The person was asked to install an update; `deferrals_left` says how often they may still put it off."""

    version: str
    deferrals_left: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateDeferred(Event):
    """The person put the update off."""

    version: str


@dataclass(frozen=True, slots=True)
class UpdateInstalling(Event):
    """The device began to install an update; it restarts in the end."""

    version: str


@dataclass(frozen=True, slots=True)
class UpdateFailed(Event):
    """An update was not downloaded or not installed; `status` is the word that Apple has for the reason."""

    version: str
    status: str
