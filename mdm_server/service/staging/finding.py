"""Finding records by what an administrator calls them: a number, or a UUID. What is not there is refused by name."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup
from mdm_server.store.staging import StagingRoom, StagingView

Record = TypeVar("Record")
Key: TypeAlias = int | str
"""How a record is called: its number, or its UUID."""
View: TypeAlias = StagingView | StagingRoom


def key_of(text: str) -> Key:
    """Return what an administrator wrote as a key: digits are a number, everything else is a UUID."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else text.strip().lower()


def the_group(view: View, key: Key) -> OrganizationGroup:
    """Return an organization group; raises Refusal `group.unknown`."""
    return _there(view.groups.get(key) if isinstance(key, int) else view.groups.by_uuid(key), "group.unknown")


def the_user(view: View, key: Key) -> EnrollmentUser:
    """Return a user; raises Refusal `user.unknown`."""
    return _there(view.users.get(key) if isinstance(key, int) else view.users.by_uuid(key), "user.unknown")


def the_user_group(view: View, key: Key) -> UserGroup:
    """Return a user group; raises Refusal `user.group_unknown`."""
    found = view.user_groups.get(key) if isinstance(key, int) else view.user_groups.by_uuid(key)
    return _there(found, "user.group_unknown")


def the_registration(view: View, key: Key) -> Registration:
    """Return a registration; raises Refusal `registration.unknown`."""
    found = view.registrations.get(key) if isinstance(key, int) else view.registrations.by_uuid(key)
    return _there(found, "registration.unknown")


def the_device(view: View, key: Key) -> DeviceRecord:
    """Return a device by its number, its UUID, or the key of its enrolment; raises Refusal `device.unknown`."""
    if isinstance(key, int):
        return _there(view.devices.get(key), "device.unknown")
    return _there(view.devices.by_uuid(key.lower()) or view.devices.by_enrollment_key(key), "device.unknown")


def _there(record: Record | None, code: str) -> Record:
    if record is None:
        raise Refusal(code)
    return record
