"""A device together with whom and what its record names by number."""

from __future__ import annotations

from dataclasses import dataclass

from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.store.staging import StagingRoom, StagingView


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device, its organization group, who has it, and who staged it."""

    device: DeviceRecord
    group: OrganizationGroup | None
    user: EnrollmentUser | None
    stager: EnrollmentUser | None

    @property
    def person(self) -> EnrollmentUser | None:
        """Who answers for the device: who has it, and until then who staged it."""
        return self.user or self.stager


def describe(view: StagingView | StagingRoom, device: DeviceRecord) -> DeviceFacts:
    """Look up what a record names; a user or a group that is gone is None."""

    def user(number: int | None) -> EnrollmentUser | None:
        return None if number is None else view.users.get(number)

    return DeviceFacts(
        device,
        None if device.group is None else view.groups.get(device.group),
        user(device.assignment.user),
        user(device.assignment.stager),
    )
