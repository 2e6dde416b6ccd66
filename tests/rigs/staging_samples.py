"""Records of staging, none of whose fields has its default, and two devices to begin with."""

from __future__ import annotations

from datetime import timedelta

from mdm_server.domain.enrollment import EnrollmentStatus
from mdm_server.domain.staging.devices import (
    Assignment,
    DeviceIdentifiers,
    DeviceLock,
    DeviceRecord,
    PresentedDevice,
)
from mdm_server.domain.staging.enrollment_program import ProgramProfile
from mdm_server.domain.staging.hub_session import HubSession, SessionStep
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import OrganizationGroup
from mdm_server.domain.staging.registration import Registration, RegistrationToken
from mdm_server.domain.staging.users import EnrollmentUser, UserGroup
from mdm_server.domain.staging.vocabulary import (
    AssignmentState,
    DeviceLockReason,
    DeviceStagingType,
    EnrollmentType,
    EntryChannel,
    ListAttribute,
    ListKind,
    Management,
    Ownership,
    Platform,
    RegistrationState,
    SecurityType,
    StagingMode,
    TokenState,
    TokenType,
    UserStatus,
)
from mdm_server.domain.staging.wipe_protection import WipeKind, WipeRequest, WipeState
from mdm_server.store.staging import (
    NEW,
    ROOT_GROUP,
    AndroidChannel,
    Operation,
    OperationState,
)
from rigs.store_actors import NOON

THIS = DeviceIdentifiers("00008030-00A", "C02X", "35 209900 176148 1")
IPHONE = DeviceRecord(NEW, "iphone", Platform.IOS, THIS)

GROUP = OrganizationGroup(NEW, "g", "EU", "Europe", "Customer", ROOT_GROUP, {"mode": "RegisteredOnly"})
USER_GROUP = UserGroup(NEW, "ug", "Team", 0, 0, 3)
USER = EnrollmentUser(
    id=NEW,
    uuid="u",
    user_name="ann",
    first_name="Ann",
    last_name="Lee",
    email="ann@example.org",
    security_type=SecurityType.DIRECTORY,
    status=UserStatus.LOCKED,
    group=0,
    user_groups=(),
    staging_type=DeviceStagingType.MULTI_STANDARD,
    password_hash="$argon2id$",
    failed_logins=2,
    shared_passcode_hash="$argon2id$2",
    shared_passcode_expires=NOON,
)
PROGRAM = ProgramProfile(
    id=NEW,
    uuid="p",
    name="corporate",
    group=ROOT_GROUP,
    mandatory=False,
    supervised=False,
    removable=True,
    authentication_required=False,
    default_user=7,
    skip_setup_items=("AppleID",),
    minimum_os="18.1",
    token=3,
    abm_uuid="4E2A",
    department="Stores",
    support_phone_number="+49 30 1",
    support_email_address="help@example.org",
    language="de",
    region="DE",
    multi_user=True,
    allow_pairing=False,
    await_configuration=True,
    auto_advance=True,
    web_sign_in=True,
    do_not_use_profile_from_backup=True,
    return_to_service=True,
    anchor_certificates=(b"\x30\x00",),
)
DEVICE = DeviceRecord(
    id=NEW,
    uuid="d",
    platform=Platform.ANDROID,
    identifiers=THIS,
    model="Pixel",
    os_version="14",
    friendly_name="Ann's",
    group=0,
    home_group=0,
    ownership=Ownership.CORPORATE_SHARED,
    status=EnrollmentStatus.ENROLLED,
    assignment=Assignment(AssignmentState.ASSIGNED, 7, 8, NOON),
    enrolling_user=8,
    staged_at=NOON,
    claimed_at=NOON + timedelta(hours=1),
    claimed_once=True,
    lock=DeviceLock(DeviceLockReason.REG_BOUND_TO_OTHER, NOON, 9),
    pending_verification=True,
    management=Management.UNMANAGED,
    enrollment_key="key",
    via=EntryChannel.BARCODE,
    work_profile=True,
    last_seen=NOON + timedelta(hours=2),
)
REGISTRATION = Registration(
    id=NEW,
    uuid="r",
    user=0,
    group=0,
    platform=Platform.IOS,
    identifiers=THIS,
    ownership=Ownership.EMPLOYEE_OWNED,
    friendly_name="Ann's",
    state=RegistrationState.BOUND,
    token=RegistrationToken("hash", TokenType.TWO_FACTOR, NOON, TokenState.USED),
    device=0,
    created_at=NOON,
)
ENTRY = ListEntry(NEW, ListKind.ALLOW, ListAttribute.IMEI, "1", 0, Ownership.CORPORATE_DEDICATED, 0)
WIPE = WipeRequest(NEW, 0, 0, WipeKind.ENTERPRISE, WipeState.REJECTED, NOON, "admin", NOON, "boss")
SESSION = HubSession(
    id="s",
    step=SessionStep.OWNERSHIP,
    device=PresentedDevice(THIS, Platform.IOS, "iPhone15,2", "17.4", EnrollmentType.WORK_PROFILE),
    expires_at=NOON,
    channel=EntryChannel.BARCODE,
    group=1,
    group_chosen=True,
    user=7,
    on_behalf=8,
    mode=StagingMode.ADVANCED,
    ownership=Ownership.CORPORATE_SHARED,
    terms_accepted=True,
    token_registration=9,
    captcha="hash",
    invitation_id="i",
    device_id=4,
)
CHANNEL = AndroidChannel(0, "d1", "hash", "token", 3, {"battery": 80})
OPERATION = Operation(
    NEW,
    0,
    "o1",
    "LOCK",
    {"duration": 5},
    OperationState.FAILED,
    NOON,
    NOON + timedelta(seconds=1),
    NOON + timedelta(seconds=2),
    {"error": "no"},
)


def other_device(
    udid: str = "other", serial_number: str | None = None, enrollment_key: str | None = None
) -> DeviceRecord:
    """Return another iPhone than THIS."""
    identifiers = DeviceIdentifiers(udid, serial_number)
    return DeviceRecord(NEW, f"record of {udid}", Platform.IOS, identifiers, enrollment_key=enrollment_key)
