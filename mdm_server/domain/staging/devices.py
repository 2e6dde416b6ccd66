"""Device records: what identifies a device, what the server believes of it, whose it is, and what locks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    EnrollmentType,
    EntryChannel,
    Management,
    Ownership,
    Platform,
)


@dataclass(frozen=True, slots=True)
class DeviceIdentifiers:
    """What a device can be recognized by; any of them may be unknown."""

    udid: str | None = None
    serial_number: str | None = None
    imei: str | None = None

    def matches(self, other: DeviceIdentifiers) -> bool:
        """Say whether one identifier is known to both and the same.

        One is enough: a locked device that comes back with another UDID is still recognized by its serial number.
        """
        return not set(self._known()).isdisjoint(other._known())

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self._known())

    def contradicts(self, other: DeviceIdentifiers) -> bool:
        """Say whether both know the same kind of identifier, and none of those is the same."""
        shared = {name for name, _ in self._known()} & {name for name, _ in other._known()}
        return bool(shared) and not self.matches(other)

    def filled_from(self, other: DeviceIdentifiers) -> DeviceIdentifiers:
        """Return these identifiers, and those of another where none is known here."""
        return DeviceIdentifiers(
            self.udid or other.udid, self.serial_number or other.serial_number, self.imei or other.imei
        )

    def _known(self) -> list[tuple[str, str]]:
        named = {"udid": self.udid, "serial_number": self.serial_number, "imei": self.imei}
        return [(name, normal_identifier(value)) for name, value in named.items() if value]


def normal_identifier(value: str) -> str:
    """Return the form in which identifiers are compared: people type them with spaces, dashes and small letters."""
    return value.strip().replace(" ", "").replace("-", "").upper()


@dataclass(frozen=True, slots=True)
class PresentedDevice:
    """What a device says of itself when it knocks."""

    identifiers: DeviceIdentifiers
    platform: Platform
    model: str = ""
    os_version: str = ""
    enrollment_type: EnrollmentType = EnrollmentType.MDM

    @property
    def work_profile(self) -> bool:
        """Whether only a work profile is to be managed."""
        return self.enrollment_type is EnrollmentType.WORK_PROFILE

    @property
    def hides_hardware(self) -> bool:
        """Whether this is an Android work profile that does not tell which hardware it is on."""
        named = self.identifiers.serial_number or self.identifiers.imei
        return (
            self.platform is Platform.ANDROID
            and self.work_profile
            and version_of(self.os_version) >= HIDES_HARDWARE
            and not named
        )


HIDES_HARDWARE = (10,)
"""The first Android whose work profile does not tell serial number and IMEI."""


def version_of(text: str) -> tuple[int, ...]:
    """Return a version for comparing: "16.0" is "16", and whatever is no number counts as 0."""
    parts = [int(part) if part.isdecimal() else 0 for part in text.strip().split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose a device is: `user` has it, `stager` answers for it, `since` is when that began."""

    state: AssignmentState = AssignmentState.UNASSIGNED
    user: int | None = None
    stager: int | None = None
    since: datetime | None = None

    @property
    def counted_for(self) -> int | None:
        """The user against whose limit the device counts: who has it, and until then who staged it (row 61)."""
        return self.stager if self.user is None else self.user


@dataclass(frozen=True, slots=True)
class DeviceLock:
    """Why a device is locked, since when, and who tried to take it when it was."""

    reason: DeviceLockReason
    set_at: datetime
    user: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What the server believes of one device.

    `group` is where it is; a shared device that is checked out goes back to `home_group` at check-in.
    """

    id: int
    uuid: str
    platform: Platform
    identifiers: DeviceIdentifiers
    model: str = ""
    os_version: str = ""
    friendly_name: str = ""
    group: int | None = None
    home_group: int | None = None
    ownership: Ownership = Ownership.UNDEFINED
    status: EnrollmentStatus = EnrollmentStatus.DISCOVERED
    assignment: Assignment = field(default_factory=Assignment)
    enrolling_user: int | None = None
    staged_at: datetime | None = None
    claimed_at: datetime | None = None
    claimed_once: bool = False
    lock: DeviceLock | None = None
    pending_verification: bool = False
    management: Management = Management.MDM
    enrollment_key: str | None = None
    via: EntryChannel = EntryChannel.HUB
    work_profile: bool = False
    last_seen: datetime | None = None
