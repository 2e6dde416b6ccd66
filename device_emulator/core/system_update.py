"""A system update on its way: the states it goes through, and the table that says how one leads to another.

The table is data, as those of `states` are; `updating` is the one place where a state is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from device_emulator.core.hardware import SystemVersion


class UpdateState(StrEnum):
    """How far the update of a device has come."""

    IDLE = "idle"
    """There is none: nobody ordered one, or the last one is done."""
    DOWNLOADING = "downloading"
    PAUSED = "paused"
    """Without Wi-Fi, or switched off: the download goes on where it stopped."""
    DOWNLOAD_FAILED = "download_failed"
    DOWNLOADED = "downloaded"
    WAITING = "waiting"
    """For the end of a telephone call."""
    PROMPTING = "prompting"
    """The person is asked, because only their passcode opens the way."""
    DEFERRED = "deferred"
    INSTALLING = "installing"
    INSTALL_FAILED = "install_failed"


class UpdateTrigger(StrEnum):
    """What moves an update on."""

    DOWNLOAD_STARTED = "download_started"
    DOWNLOAD_PAUSED = "download_paused"
    DOWNLOAD_RESUMED = "download_resumed"
    DOWNLOAD_FINISHED = "download_finished"
    DOWNLOAD_FAILED = "download_failed"
    CALL_IN_THE_WAY = "call_in_the_way"
    PERSON_ASKED = "person_asked"
    PERSON_DEFERRED = "person_deferred"
    INSTALL_STARTED = "install_started"
    INSTALL_GIVEN_UP = "install_given_up"
    INSTALL_FAILED = "install_failed"
    INSTALLED = "installed"


_Table = dict[tuple[UpdateState, UpdateTrigger], UpdateState]

ON_DEVICE = (
    UpdateState.DOWNLOADED,
    UpdateState.WAITING,
    UpdateState.PROMPTING,
    UpdateState.DEFERRED,
    UpdateState.INSTALL_FAILED,
)
"""The states in which an update is there, complete, and not being installed."""


def _table() -> Mapping[tuple[UpdateState, UpdateTrigger], UpdateState]:
    here, what = UpdateState, UpdateTrigger
    table: _Table = {
        (here.DOWNLOADING, what.DOWNLOAD_PAUSED): here.PAUSED,
        (here.PAUSED, what.DOWNLOAD_RESUMED): here.DOWNLOADING,
        (here.DOWNLOADING, what.DOWNLOAD_FINISHED): here.DOWNLOADED,
        (here.DOWNLOADING, what.DOWNLOAD_FAILED): here.DOWNLOAD_FAILED,
        (here.PROMPTING, what.PERSON_DEFERRED): here.DEFERRED,
        (here.INSTALLING, what.INSTALL_FAILED): here.INSTALL_FAILED,
        (here.INSTALLING, what.INSTALLED): here.IDLE,
    }
    for state in ON_DEVICE:
        table[state, what.CALL_IN_THE_WAY] = here.WAITING
        table[state, what.PERSON_ASKED] = here.PROMPTING
        table[state, what.INSTALL_STARTED] = here.INSTALLING
        table[state, what.INSTALL_GIVEN_UP] = here.DOWNLOADED
    # Whatever is on the device gives way to another release, unless that is too late.
    for state in here:
        if state is not here.INSTALLING:
            table[state, what.DOWNLOAD_STARTED] = here.DOWNLOADING
    return MappingProxyType(table)


UPDATE = _table()


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemUpdate:
    """The one update that a device is busy with, or has in store.

    Attributes:
        version: the release.
        state: how far it has come; never IDLE, for then there is no update.
        since: when it came into this state.
        until: when it leaves it by itself.
        downloaded: how much of it was there at `since`, between 0 and 1.
        is_wanted: it is to be installed as soon as it can be.
        is_agreed: its person wants it, and does not have to be asked.
        most_deferrals: how often the person may put it off; None: as often as they like.
        deferrals: how often they have.

    """

    version: SystemVersion
    state: UpdateState
    since: datetime
    until: datetime | None = None
    downloaded: float = 0.0
    is_wanted: bool = False
    is_agreed: bool = False
    most_deferrals: int | None = None
    deferrals: int = 0

    @property
    def is_on_device(self) -> bool:
        """Say whether all of it has been downloaded."""
        return self.state in ON_DEVICE or self.state is UpdateState.INSTALLING

    def progress(self, now: datetime) -> float:
        """Return how much of it has been downloaded, between 0 and 1."""
        if self.is_on_device:
            return 1.0
        if self.state is not UpdateState.DOWNLOADING or self.until is None or self.until <= self.since:
            return self.downloaded
        share = (now - self.since) / (self.until - self.since)
        return min(1.0, self.downloaded + (1.0 - self.downloaded) * max(0.0, share))

    def snapshot(self) -> dict[str, Any]:
        """Return the update in plain JSON types."""
        return {
            "version": release_as_json(self.version),
            "state": self.state.value,
            "since": self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "downloaded": self.downloaded,
            "is_wanted": self.is_wanted,
            "is_agreed": self.is_agreed,
            "most_deferrals": self.most_deferrals,
            "deferrals": self.deferrals,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> Self:
        """Return the update that `snapshot` describes."""
        until = snapshot["until"]
        return cls(
            **{
                **snapshot,
                "version": release_from_json(snapshot["version"]),
                "state": UpdateState(snapshot["state"]),
                "since": datetime.fromisoformat(snapshot["since"]),
                "until": None if until is None else datetime.fromisoformat(until),
            }
        )


def release_as_json(version: SystemVersion) -> dict[str, str | None]:
    """Return a release in plain JSON types."""
    released = None if version.released is None else version.released.isoformat()
    return {"version": version.version, "build": version.build, "released": released}


def release_from_json(facts: Mapping[str, Any]) -> SystemVersion:
    """Return the release that `facts` describe; fleet files written earlier do not say when it came out."""
    released = facts.get("released")
    return SystemVersion(facts["version"], facts["build"], None if released is None else date.fromisoformat(released))
