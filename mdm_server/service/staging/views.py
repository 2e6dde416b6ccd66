"""What an administrator of staging sees: plain records for the REST room, without hashes and without tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup
from mdm_server.domain.staging.wipe_protection import WipeRequest
from mdm_server.service.staging.device_facts import DeviceFacts


@dataclass(frozen=True, slots=True)
class GroupView:
    """An organization group: what it overrides, and what holds in it altogether."""

    id: int
    uuid: str
    group_id: str
    name: str
    type: str
    parent: int | None
    overrides: Mapping[str, Any]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UserGroupView:
    """A user group."""

    id: int
    uuid: str
    name: str
    group: int
    enrollment_group: int | None
    rank: int


@dataclass(frozen=True, slots=True)
class UserView:
    """An enrolment user, and how many devices count for the user's limit."""

    id: int
    uuid: str
    user_name: str
    first_name: str
    last_name: str
    email: str
    security_type: str
    status: str
    group: int
    user_groups: tuple[int, ...]
    staging_type: str
    failed_logins: int
    has_shared_passcode: bool
    shared_passcode_expires: datetime | None
    devices: int


@dataclass(frozen=True, slots=True)
class IdentifiersView:
    """What a device is recognized by."""

    udid: str | None
    serial_number: str | None
    imei: str | None


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """A registration. `token` is there only in the answer that made it: it is shown once."""

    id: int
    uuid: str
    user: str | None
    group: int
    platform: str | None
    identifiers: IdentifiersView
    ownership: str
    friendly_name: str
    state: str
    token_state: str
    token_expires: datetime | None
    device: int | None
    created_at: datetime | None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ListEntryView:
    """One line of the allow list or the deny list."""

    id: int
    kind: str
    attribute: str
    value: str
    group: int
    ownership: str | None
    enrollment_group: int | None


@dataclass(frozen=True, slots=True)
class LockView:
    """A device's lock: the refusal that set it, and when."""

    reason: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class StagedDeviceView:
    """A device as staging sees it: whose it is, who staged it, and what locks it."""

    id: int
    uuid: str
    platform: str
    identifiers: IdentifiersView
    model: str
    os_version: str
    friendly_name: str
    group: str | None
    ownership: str
    status: str
    assignment: str
    user: str | None
    stager: str | None
    since: datetime | None
    lock: LockView | None
    pending_verification: bool
    management: str
    enrollment: str | None
    via: str
    work_profile: bool
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class WipeView:
    """A wipe that was asked for."""

    id: int
    device: int
    name: str | None
    group: int
    kind: str
    state: str
    requested_at: datetime
    requested_by: str
    decided_at: datetime | None


def group_view(group: OrganizationGroup, tree: GroupTree) -> GroupView:
    """Show a group with everything that holds in it."""
    return GroupView(
        group.id,
        group.uuid,
        group.group_id,
        group.name,
        group.type,
        group.parent,
        dict(group.overrides),
        _plain(tree.settings(group.id)),
    )


def user_group_view(user_group: UserGroup) -> UserGroupView:
    """Show a user group."""
    return UserGroupView(**asdict(user_group))


def user_view(user: EnrollmentUser, devices: int) -> UserView:
    """Show a user."""
    return UserView(
        user.id,
        user.uuid,
        user.user_name,
        user.first_name,
        user.last_name,
        user.email,
        user.security_type,
        user.status,
        user.group,
        user.user_groups,
        user.staging_type,
        user.failed_logins,
        user.shared_passcode_hash is not None,
        user.shared_passcode_expires,
        devices,
    )


def registration_view(
    registration: Registration, user: EnrollmentUser | None, token: str | None = None
) -> RegistrationView:
    """Show a registration, with its token when it has just been made."""
    return RegistrationView(
        registration.id,
        registration.uuid,
        user.user_name if user else None,
        registration.group,
        registration.platform,
        IdentifiersView(**asdict(registration.identifiers)),
        registration.ownership,
        registration.friendly_name,
        registration.state,
        registration.token_state,
        registration.token.expires_at if registration.token else None,
        registration.device,
        registration.created_at,
        token,
    )


def list_entry_view(entry: ListEntry) -> ListEntryView:
    """Show an entry of a list."""
    return ListEntryView(**asdict(entry))


def staged_device_view(facts: DeviceFacts) -> StagedDeviceView:
    """Show a device."""
    device = facts.device
    return StagedDeviceView(
        device.id,
        device.uuid,
        device.platform,
        IdentifiersView(**asdict(device.identifiers)),
        device.model,
        device.os_version,
        device.friendly_name,
        facts.group.group_id if facts.group else None,
        device.ownership,
        device.status,
        device.assignment.state,
        facts.user.user_name if facts.user else None,
        facts.stager.user_name if facts.stager else None,
        device.assignment.since,
        None if device.lock is None else LockView(device.lock.reason, device.lock.set_at),
        device.pending_verification,
        device.management,
        device.enrollment_key,
        device.via,
        device.work_profile,
        device.last_seen,
    )


def wipe_view(request: WipeRequest, facts: DeviceFacts | None) -> WipeView:
    """Show a wipe."""
    name = None
    if facts is not None:
        identifiers = facts.device.identifiers
        name = facts.device.friendly_name or identifiers.serial_number or identifiers.udid
    return WipeView(
        request.id,
        request.device,
        name,
        request.group,
        request.kind,
        request.state,
        request.requested_at,
        request.requested_by,
        request.decided_at,
    )


def _plain(record: Any) -> Any:
    """Return a record of settings as a document, such as could be set again."""
    if is_dataclass(record):
        return {each.name: _plain(getattr(record, each.name)) for each in fields(record)}
    if isinstance(record, Mapping):
        return {str(name): _plain(value) for name, value in record.items()}
    return record
