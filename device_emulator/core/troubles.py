"""Misfortunes that somebody arranged for a device: the next download fails, the next installation finds a flat battery.

Nothing here happens by chance. A trouble is called by the status that Apple's schema has for what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class Trouble(StrEnum):
    """What can be arranged to go wrong, once for each time it was asked for."""

    DOWNLOAD_FAILED = "DownloadFailed"
    DOWNLOAD_INSUFFICIENT_SPACE = "DownloadInsufficientSpace"
    DOWNLOAD_INSUFFICIENT_POWER = "DownloadInsufficientPower"
    DOWNLOAD_INSUFFICIENT_NETWORK = "DownloadInsufficientNetwork"
    INSTALL_FAILED = "InstallFailed"
    INSTALL_INSUFFICIENT_SPACE = "InstallInsufficientSpace"
    INSTALL_INSUFFICIENT_POWER = "InstallInsufficientPower"
    APPLICATION_FAILED = "Failed"
    """The next application that the server has installed fails to."""


class Troubles:
    """The troubles ahead of one device; most have none, and keep nothing."""

    __slots__ = ("_ahead",)

    def __init__(self, ahead: Mapping[str, int] | None = None) -> None:
        self._ahead: dict[Trouble, int] | None = None
        for name, times in (ahead or {}).items():
            self.arrange(Trouble(name), times)

    def arrange(self, trouble: Trouble, times: int = 1) -> None:
        """Have the next `times` occasions go wrong; 0 calls it off."""
        self._ahead = {**(self._ahead or {}), trouble: times}
        if not times:
            del self._ahead[trouble]

    def strikes(self, trouble: Trouble) -> bool:
        """Say whether this occasion goes wrong, and count it."""
        times = (self._ahead or {}).get(trouble, 0)
        if times:
            self.arrange(trouble, times - 1)
        return times > 0

    def snapshot(self) -> dict[str, int]:
        """Return the state in plain JSON types."""
        return {trouble.value: times for trouble, times in (self._ahead or {}).items()}

    @classmethod
    def restore(cls, snapshot: Mapping[str, int] | None) -> Self:
        """Return the troubles that `snapshot` describes."""
        return cls(snapshot)
