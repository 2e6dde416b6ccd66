"""People, groups and devices for tests of staging: an attempt against which nothing stands, and ways to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import Assignment, DeviceIdentifiers, DeviceRecord, PresentedDevice
from mdm_server.domain.staging.guards import Attempt, Credentials, Purpose
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.registration import Registration, RegistrationToken
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceStagingType,
    EnrollmentType,
    ListAttribute,
    ListKind,
    Platform,
    RegistrationState,
    TokenState,
    TokenType,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

ACME = OrganizationGroup(1, "g-1", "ACME", "Acme", "Customer")
EAST = OrganizationGroup(2, "g-2", "EAST", "Acme East", parent=1)
WEST = OrganizationGroup(3, "g-3", "WEST", "Acme West", parent=1)
RIVAL = OrganizationGroup(4, "g-4", "RIVAL", "Rival", "Customer")
GROUPS = (ACME, EAST, WEST, RIVAL)

ANNA = EnrollmentUser(10, "u-10", "anna", group=1, user_groups=(7,))
BEN = EnrollmentUser(11, "u-11", "ben", group=1, user_groups=(7,))
PAT = EnrollmentUser(20, "u-20", "pat", group=1, user_groups=(7,), staging_type=DeviceStagingType.STANDARD)

IDENTIFIERS = DeviceIdentifiers("UDID-1", "SERIAL1", "350000000000001")
IPHONE = PresentedDevice(IDENTIFIERS, Platform.IOS, "iPhone14,5", "17.4")
ANDROID = PresentedDevice(IDENTIFIERS, Platform.ANDROID, "Pixel 8", "14")
WORK_PROFILE = PresentedDevice(
    DeviceIdentifiers("ANDROID-1"), Platform.ANDROID, "Pixel 8", "14", EnrollmentType.WORK_PROFILE
)

ASSIGNMENTS = {
    Purpose.ENROLL: Assignment(),
    Purpose.CLAIM: Assignment(AssignmentState.STAGED_UNCLAIMED, None, PAT.id, NOW),
    Purpose.CHECK_OUT: Assignment(AssignmentState.MULTI_IDLE, None, PAT.id, NOW),
}


def record(assignment: Assignment | None = None, **changes: Any) -> DeviceRecord:
    """Return an enrolled iPhone of Acme East."""
    device = DeviceRecord(
        5, "d-5", Platform.IOS, IDENTIFIERS, "iPhone14,5", "17.4", group=2, status=EnrollmentStatus.ENROLLED
    )
    return replace(device, assignment=assignment or Assignment(), **changes)


def attempt(purpose: Purpose = Purpose.ENROLL, **changes: Any) -> Attempt:
    """Return an attempt of anna's against which nothing stands: to enrol a new device, or to take one of pat's."""
    tree = GroupTree(GROUPS)
    known = None if purpose is Purpose.ENROLL else record(ASSIGNMENTS[purpose])
    plain = Attempt(tree, tree[2], IPHONE, purpose=purpose, user=ANNA, credentials=Credentials.GOOD, record=known)
    return replace(plain, **changes)


def with_settings(before: Attempt, **settings: Any) -> Attempt:
    """Return an attempt where the root group asks for more."""
    overrides: Mapping[str, Any] = {**before.tree[1].overrides, **settings}
    groups = [replace(group, overrides=overrides) if group.id == 1 else group for group in before.tree.values()]
    tree = GroupTree(groups)
    return replace(before, tree=tree, group=None if before.group is None else tree[before.group.id])


def with_record(before: Attempt, **changes: Any) -> Attempt:
    """Return an attempt at a device that is known in another way."""
    known = before.record or record(status=EnrollmentStatus.UNENROLLED)
    return replace(before, record=replace(known, **changes))


def registered(user: int | None, **changes: Any) -> Registration:
    """Return a registration of the device to a user."""
    return replace(Registration(30, "r-30", user, 2, Platform.IOS, IDENTIFIERS), **changes)


def bound(user: int, **changes: Any) -> Registration:
    """Return the registration of a user who had the device."""
    return registered(user, state=RegistrationState.BOUND, device=5, **changes)


def token(state: TokenState = TokenState.ACTIVE, kind: TokenType = TokenType.SINGLE_FACTOR) -> RegistrationToken:
    """Return a token in some state."""
    return RegistrationToken("hash", kind, NOW, state)


def listed(kind: ListKind, attribute: ListAttribute = ListAttribute.SERIAL_NUMBER, **changes: Any) -> ListEntry:
    """Return a line of a list that names the device."""
    value = {
        ListAttribute.UDID: "UDID-1",
        ListAttribute.SERIAL_NUMBER: "SERIAL1",
        ListAttribute.IMEI: "350000000000001",
        ListAttribute.PLATFORM: "Apple",
    }[attribute]
    return replace(ListEntry(40 + (kind is ListKind.DENY), kind, attribute, value, 1), **changes)
