"""Our records in the vendor's words, which differ from call to call; the differences are theirs, kept on purpose.

V1 wraps identifiers (`{"Id": {"Value": 7}}`) and speaks PascalCase. V2 speaks camelCase for users and devices, and has
plain identifiers for groups. Tokens and wipes speak snake_case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import DeviceRecord
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.registration import Registration
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import (
    DeviceStagingType,
    Ownership,
    RegistrationState,
    SecurityType,
    TokenType,
    UserStatus,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.service.staging.device_facts import DeviceFacts

Document = dict[str, Any]

OWNERSHIP_WORDS: Mapping[Ownership, str] = MappingProxyType(
    {
        Ownership.CORPORATE_DEDICATED: "CORPORATE_DEDICATED",
        Ownership.CORPORATE_SHARED: "CORPORATE_SHARED",
        Ownership.EMPLOYEE_OWNED: "EMPLOYEE_OWNED",
        Ownership.UNDEFINED: "NONE",
    }
)
STAGING_MODES: Mapping[DeviceStagingType, str] = MappingProxyType(
    {
        # "Known user" is the one on whose behalf an Advanced stager enrols; a Standard stager does not know him.
        DeviceStagingType.DISABLED: "StagingDisabled",
        DeviceStagingType.ADVANCED: "SingleKnownUserStaging",
        DeviceStagingType.STANDARD: "SingleUnknownUserStaging",
        DeviceStagingType.MULTI: "MultipleUserStaging",
        DeviceStagingType.MULTI_ADVANCED: "KnownUserMultipleUser",
        DeviceStagingType.MULTI_STANDARD: "UnknownUserMultipleUser",
    }
)
"""The values of V1's `StagingMode`."""
SECURITY_NUMBERS: Mapping[SecurityType, int] = MappingProxyType({SecurityType.DIRECTORY: 1, SecurityType.BASIC: 2})
ENROLLMENT_NUMBERS: Mapping[EnrollmentStatus, int] = MappingProxyType(
    {
        EnrollmentStatus.DISCOVERED: 1,
        EnrollmentStatus.REGISTERED: 2,
        EnrollmentStatus.ENROLLMENT_IN_PROGRESS: 3,
        EnrollmentStatus.ENROLLED: 4,
        EnrollmentStatus.ENTERPRISE_WIPE_PENDING: 5,
        EnrollmentStatus.DEVICE_WIPE_PENDING: 6,
        EnrollmentStatus.RETIRED: 7,
        EnrollmentStatus.UNENROLLED: 8,
    }
)
"""The numbers of AWSDKTypes.swift."""
ALLOWED, BLOCKED, REGISTRATION_ACTIVE, REGISTRATION_EXPIRED = 1, 2, 9, 10
"""The statuses of a token: those of compliance, of which these four are its own."""
WIPE_STATUSES: Mapping[WipeState, str] = MappingProxyType(
    {
        WipeState.REQUESTED: "QUEUED",
        WipeState.ON_HOLD: "HELD",
        WipeState.SENT: "APPROVED",
        WipeState.DONE: "APPROVED",
        WipeState.REJECTED: "ABORTED",
    }
)
WIPE_TYPES = {WipeKind.ENTERPRISE: "ENTERPRISE_WIPE", WipeKind.DEVICE: "DEVICE_WIPE"}
NEVER = "0001-01-01T00:00:00.000"
"""What the vendor's API writes for a moment that has not been."""


def moment(at: datetime | None) -> str:
    """Write a moment as V1 does: without a zone."""
    return NEVER if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}"


def wrapped(number: int | None) -> Document:
    """Wrap an identifier as V1 does; 0 is none."""
    return {"Value": number or 0}


def group_v1(group: OrganizationGroup, tree: GroupTree) -> Document:
    """Spell an organization group as V1 does."""
    return {
        "Id": wrapped(group.id),
        "Uuid": group.uuid,
        "Name": group.name,
        "GroupId": group.group_id,
        "LocationGroupType": group.type,
        "LgLevel": len(tree.ancestors(group.id)) - 1,
        "ParentLocationGroup": _parent(group, tree),
    }


def group_v2(group: OrganizationGroup, tree: GroupTree) -> Document:
    """Spell an organization group as V2 does: its identifier unwrapped."""
    return {**group_v1(group, tree), "Id": group.id}


def _parent(group: OrganizationGroup, tree: GroupTree) -> Document | None:
    if group.parent is None:
        return None
    parent = tree[group.parent]
    return {"Id": wrapped(parent.id), "Name": parent.name, "Uuid": parent.uuid}


def user_v1(user: EnrollmentUser, devices: int, group: OrganizationGroup | None) -> Document:
    """Spell a user as V1 does."""
    return {
        "Id": wrapped(user.id),
        "Uuid": user.uuid,
        "UserName": user.user_name,
        "FirstName": user.first_name,
        "LastName": user.last_name,
        "Email": user.email,
        "Status": user.status is UserStatus.ACTIVE,
        "SecurityType": SECURITY_NUMBERS[user.security_type],
        "StagingMode": STAGING_MODES[user.staging_type],
        "DeviceStagingEnabled": user.may_stage,
        "DeviceStagingType": user.staging_type,
        "LocationGroupId": str(user.group),
        "Group": group.name if group else "",
        "EnrolledDevicesCount": str(devices),
    }


def user_v2(user: EnrollmentUser, devices: int, group: OrganizationGroup | None) -> Document:
    """Spell a user as V2 does."""
    return {
        "uuid": user.uuid,
        "userName": user.user_name,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "displayName": f"{user.first_name} {user.last_name}".strip() or user.user_name,
        "emailAddress": user.email,
        "status": user.status is UserStatus.ACTIVE,
        "securityType": user.security_type.upper(),
        "deviceStagingEnabled": user.may_stage,
        "deviceStagingType": user.staging_type,
        "androidSharedDeviceMode": "Launcher",
        "enrolledDeviceCount": devices,
        "userGroupCount": len(user.user_groups),
        "organizationGroupUuid": group.uuid if group else None,
        "enrollmentOrganizationGroupUuid": group.uuid if group else None,
    }


def device_v1(facts: DeviceFacts) -> Document:
    """Spell a device as V1 does."""
    device, group, user = facts.device, facts.group, facts.person
    return {
        "Id": wrapped(device.id),
        "Uuid": device.uuid,
        "Udid": device.identifiers.udid or "",
        "SerialNumber": device.identifiers.serial_number or "",
        "MacAddress": "",
        "Imei": device.identifiers.imei or "",
        "AssetNumber": "",
        "DeviceFriendlyName": _friendly_name(device),
        "DeviceReportedName": device.model,
        "LocationGroupId": {
            "Id": wrapped(group.id if group else None),
            "Name": group.name if group else "",
            "Uuid": group.uuid if group else "",
        },
        "LocationGroupName": group.name if group else "",
        "UserId": {
            "Id": wrapped(user.id if user else None),
            "Name": user.user_name if user else "",
            "Uuid": user.uuid if user else "",
        },
        "UserName": user.user_name if user else "",
        "UserEmailAddress": user.email if user else "",
        "Ownership": device.ownership,
        "PlatformId": {"Id": wrapped(device.platform.number), "Name": device.platform},
        "Platform": device.platform,
        "ModelId": {"Id": wrapped(None), "Name": device.model},
        "Model": device.model,
        "OperatingSystem": device.os_version,
        "LastSeen": moment(device.last_seen),
        "EnrollmentStatus": device.status,
        "ComplianceStatus": "NotAvailable",
        "CompromisedStatus": False,
        "LastEnrolledOn": moment(device.assignment.since),
        "IsSupervised": False,
        "IsActivationLockEnabled": False,
        "EnrollmentUserUuid": user.uuid if user else "",
        "ManagedBy": 1 if device.management == "MDM" else 0,
        "DepTokenSource": 0,
    }


def device_v2(facts: DeviceFacts) -> Document:
    """Spell a device as V2 does: identifiers and enrolment in parts of their own."""
    device, group, user = facts.device, facts.group, facts.person
    return {
        "id": device.id,
        "uuid": device.uuid,
        "friendlyName": _friendly_name(device),
        "udid": device.identifiers.udid,
        "serialNumber": device.identifiers.serial_number,
        "imei": device.identifiers.imei,
        "platformInfo": {
            "platformName": device.platform,
            "modelName": device.model,
            "osVersion": device.os_version,
            "deviceType": device.platform,
        },
        "enrollmentInfo": {
            "enrollmentStatus": _shouted(device.status),
            "ownership": OWNERSHIP_WORDS[device.ownership],
            "userName": user.user_name if user else None,
            "enrollmentUserUuid": user.uuid if user else None,
            "managedBy": device.management.upper(),
            "organizationGroupId": group.id if group else None,
            "organizationGroupUuid": group.uuid if group else None,
            "organizationGroupName": group.name if group else None,
            "lastSeenTimestamp": moment(device.last_seen),
        },
    }


def token_document(
    registration: Registration, user: EnrollmentUser | None, group: OrganizationGroup | None
) -> Document:
    """Spell a registration as the tokens' own calls do; its secret is not in it."""
    expired = registration.state is RegistrationState.EXPIRED
    token = registration.token
    return {
        "token_uuid": registration.uuid,
        "organization_group_name": group.name if group else None,
        "friendly_name": registration.friendly_name,
        "udid": registration.identifiers.udid,
        "serial_number": registration.identifiers.serial_number,
        "imei": registration.identifiers.imei,
        "platform": registration.platform.number if registration.platform else None,
        "enrollment_status": 4 if registration.state is RegistrationState.BOUND else 2,
        "status": REGISTRATION_EXPIRED if expired else REGISTRATION_ACTIVE,
        "token_state": registration.token_state,
        "type": None if token is None else [TokenType.SINGLE_FACTOR, TokenType.TWO_FACTOR].index(token.type),
        "registration_date": moment(registration.created_at),
        "expiration_date": moment(token.expires_at if token else None),
        "user_name": user.user_name if user else None,
        "ownership_type": OWNERSHIP_WORDS[registration.ownership],
        "tags": [],
    }


def registered_device(
    registration: Registration, user: EnrollmentUser | None, group: OrganizationGroup | None
) -> Document:
    """Spell a registration as V1's searches do."""
    expired = registration.state is RegistrationState.EXPIRED
    return {
        "Id": registration.id,
        "Uuid": registration.uuid,
        "FriendlyName": registration.friendly_name,
        "SerialNumber": registration.identifiers.serial_number or "",
        "Udid": registration.identifiers.udid or "",
        "Imei": registration.identifiers.imei or "",
        "UserName": user.user_name if user else "",
        "Platform": registration.platform or "",
        "OrganizationGroup": group.name if group else "",
        "Ownership": registration.ownership,
        "EnrollmentStatusId": "4" if registration.state is RegistrationState.BOUND else "2",
        "ComplianceStatusId": str(REGISTRATION_EXPIRED if expired else REGISTRATION_ACTIVE),
        "RegistrationDate": moment(registration.created_at),
    }


def wipe_document(request: WipeRequest, facts: DeviceFacts | None) -> Document:
    """Spell a wipe as the wipe log does."""
    device = facts.device if facts else None
    user = facts.person if facts else None
    group = facts.group if facts else None
    return {
        "uuid": uuid_of_number(request.id),
        "device_uuid": device.uuid if device else None,
        "device_type": device.platform if device else None,
        "device_name": _friendly_name(device) if device else None,
        "event_date": moment(request.requested_at),
        "status": WIPE_STATUSES[request.state],
        "wipe_type": WIPE_TYPES[request.kind],
        "last_seen": moment(device.last_seen if device else None),
        "organization_group_uuid": group.uuid if group else None,
        "organization_group": group.name if group else None,
        "user": user.user_name if user else None,
        "source": request.requested_by or "UNKNOWN",
        "ownership": OWNERSHIP_WORDS[device.ownership] if device else "NONE",
    }


def bulk_response(total: int, faults: list[Document]) -> Document:
    """Spell what became of a bulk call, item by item where something went wrong."""
    return {
        "TotalItems": total,
        "AcceptedItems": total - len(faults),
        "FailedItems": len(faults),
        "Faults": {"Fault": faults},
    }


def uuid_of_number(number: int) -> str:
    """Return the UUID by which this API calls what has only a number: a wipe, an entry of a list."""
    return str(UUID(int=number))


def number_of_uuid(text: str) -> int | None:
    """Return the number that such a UUID stands for; None for a UUID that was drawn at random, or for none at all."""
    try:
        number = UUID(text).int
    except ValueError:
        return None
    return number if number < 2**63 else None


def _friendly_name(device: DeviceRecord) -> str:
    return device.friendly_name or f"{device.model or device.platform} {device.identifiers.serial_number or device.id}"


def _shouted(status: EnrollmentStatus) -> str:
    """Write `EnterpriseWipePending` as ENTERPRISE_WIPE_PENDING."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in status).lstrip("_")
