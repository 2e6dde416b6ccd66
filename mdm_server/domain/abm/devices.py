"""Devices of Apple Business Manager as this server keeps them, and what is still to be settled about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.wire.dep import DepDevice, ProfileStatus, same_uuid

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AbmDevice:
    """A device, as Apple described it last to one of our servers there.

    `generation` is that of the token when the device was last seen.
    """

    token: int
    listed: DepDevice
    generation: int = 0

    @property
    def serial_number(self) -> str:
        """What identifies it."""
        return self.listed.serial_number

    def has(self, profile: ProgramProfile) -> bool:
        """Say whether Apple gives it this profile already."""
        return (
            profile.abm_uuid is not None
            and same_uuid(self.listed.profile_uuid, profile.abm_uuid)
            and self.listed.profile_status in (ProfileStatus.ASSIGNED, ProfileStatus.PUSHED)
        )


@dataclass(frozen=True, slots=True)
class Errand:
    """A device to look at, whether the profile that Apple gives it is the one it should have.

    Attributes:
        sequence: which errand it is; another one for the same device has another.
        arrived: the device is new here, so the rules are asked about it.
        attempts: how often it was tried in vain.
        due_at: not before.

    """

    sequence: int
    token: int
    serial_number: str
    arrived: bool
    attempts: int
    due_at: datetime


def in_order(devices: Iterable[DepDevice]) -> list[DepDevice]:
    """Return changes in the order in which they happened; of one moment, as they came.

    A device may be in one page more than once, and what happened to it last counts.
    """
    return sorted(devices, key=lambda device: device.op_date or _LONG_AGO)


def next_try(errand: Errand, now: datetime) -> datetime:
    """Return when to try again what failed: after a minute, then two, then four, at most an hour."""
    doubled: int = 1 << min(errand.attempts, 10)
    return now + min(_FIRST_WAIT * doubled, _LONGEST_WAIT)
