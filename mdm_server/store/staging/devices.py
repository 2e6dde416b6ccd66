"""Devices and the logins that failed on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceIdentifiers, DeviceRecord
from mdm_server.domain.staging.vocabulary import AssignmentState, Ownership, Platform
from mdm_server.store.staging.records import LARGEST_PAGE, Found


class DevicesView(Protocol):
    """Staging's record of each device, iOS and Android alike.

    A serial number is unique among the devices of one platform, an enrollment key among all.
    """

    def get(self, device: int) -> DeviceRecord | None:
        """Find a device by number."""

    def by_uuid(self, uuid: str) -> DeviceRecord | None:
        """Find a device by UUID."""

    def by_identifiers(
        self, identifiers: DeviceIdentifiers, platform: Platform | None = None
    ) -> Sequence[DeviceRecord]:
        """List the devices that share an identifier (UDID, serial number or IMEI), of one platform or any.

        Locked ones come first, so that a lock is found whatever a device says it is; then the newest.
        """

    def by_enrollment_key(self, key: str) -> DeviceRecord | None:
        """Find the device of an enrolment: its UDID, or the name of its Android channel."""

    def of_user(self, user: int) -> Sequence[DeviceRecord]:
        """List the devices that a user has (assigned or checked out) or has staged."""

    def search(
        self,
        *,
        text: str | None = None,
        serial_number: str | None = None,
        udid: str | None = None,
        imei: str | None = None,
        user: int | None = None,
        groups: Collection[int] | None = None,
        statuses: Collection[EnrollmentStatus] = (),
        assignments: Collection[AssignmentState] = (),
        platform: Platform | None = None,
        ownership: Ownership | None = None,
        model: str | None = None,
        locked: bool | None = None,
        seen_since: datetime | None = None,
        offset: int = 0,
        limit: int = LARGEST_PAGE,
    ) -> Found[DeviceRecord]:
        """Find devices by number that match all that is given; `text` and `model` are contained, the rest equal."""

    def count_for_user(self, user: int, *, other_than: int | None = None) -> int:
        """Count the devices, enrolled or about to be, that count against a user's limit, but for one device.

        A device counts against whoever has it, until then against who staged it, until then against who enrols it.
        """

    def count_by_ownership(self, user: int, *, other_than: int | None = None) -> Mapping[Ownership, int]:
        """Count the same by ownership; an ownership with no device has none."""

    def count_in(self, groups: Collection[int], *, other_than: int | None = None) -> int:
        """Count the devices of groups that are enrolled or about to be, but for one device."""


class Devices(DevicesView, Protocol):
    """Devices, to change."""

    def add(self, device: DeviceRecord) -> DeviceRecord:
        """Store a new device."""

    def replace(self, device: DeviceRecord) -> None:
        """Store a device anew.

        A device can be claimed once for each enrolment: a record that says it is claimed, written over one that says
        so already, raises `ALREADY_CLAIMED` if it names another user.
        """

    def remove(self, device: int) -> None:
        """Forget a device, with its channel, operations and wipes; its registrations stay."""


class AttemptsView(Protocol):
    """Failed logins of devices; those of a user are kept with the user."""

    def device_count(self, identifiers: DeviceIdentifiers) -> int:
        """Return how many logins failed on a device since the last that succeeded, by any of its identifiers."""

    def any_older(self, before: datetime) -> bool:
        """Say whether there is a device on which nothing failed since."""


class Attempts(AttemptsView, Protocol):
    """Failed logins, to change."""

    def fail_device(self, identifiers: DeviceIdentifiers, at: datetime) -> int:
        """Count one more and return how many there are. Without any identifier there is nothing to count by."""

    def reset_device(self, identifiers: DeviceIdentifiers) -> None:
        """Start again from none."""

    def purge(self, before: datetime) -> int:
        """Forget devices on which nothing failed since; return how many."""
