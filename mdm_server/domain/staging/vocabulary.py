"""The words of staging. A member's value is its spelling on the wire, in the database and in the journal."""

from __future__ import annotations

from enum import StrEnum


class Platform(StrEnum):
    """What a device runs, as Workspace ONE spells it."""

    IOS = "Apple"
    ANDROID = "Android"

    @property
    def number(self) -> int:
        """The PlatformId of the REST API and the Type of the Hub's messages."""
        return {Platform.IOS: 2, Platform.ANDROID: 5}[self]

    @classmethod
    def numbered(cls, number: int) -> Platform | None:
        """Return the platform of a PlatformId, or None for one that is not simulated."""
        return next((platform for platform in cls if platform.number == number), None)


class StagingMode(StrEnum):
    """How one device is staged: what was chosen in one Hub session."""

    NONE = "None"
    STANDARD = "SingleUserStandard"
    ADVANCED = "SingleUserAdvanced"
    MULTI = "MultiUser"


class StagingChoice(StrEnum):
    """What the Hub asks a staging user who may do both."""

    SINGLE = "Single"
    MULTI = "Multi"


class DeviceStagingType(StrEnum):
    """What a user may stage: the six values of the API's `deviceStagingType`."""

    DISABLED = "StagingDisabled"
    STANDARD = "SingleUserStagingStandard"
    ADVANCED = "SingleUserStagingAdvanced"
    MULTI = "MultipleUserStaging"
    MULTI_STANDARD = "MultipleUserStagingSingleUserStandard"
    MULTI_ADVANCED = "MultipleUserStagingSingleUserAdvanced"

    @property
    def may_stage(self) -> bool:
        """Whether this user stages devices at all."""
        return self is not DeviceStagingType.DISABLED

    @property
    def standard(self) -> bool:
        """Whether this user may stage for whoever logs in afterwards."""
        return self in (DeviceStagingType.STANDARD, DeviceStagingType.MULTI_STANDARD)

    @property
    def advanced(self) -> bool:
        """Whether this user may enrol on behalf of somebody."""
        return self in (DeviceStagingType.ADVANCED, DeviceStagingType.MULTI_ADVANCED)

    @property
    def multi(self) -> bool:
        """Whether this user may stage shared devices."""
        return self.value.startswith("MultipleUser")

    @property
    def offers_choice(self) -> bool:
        """Whether the Hub must ask which of the two it is to be."""
        return self.multi and (self.standard or self.advanced)

    @property
    def modes(self) -> frozenset[StagingMode]:
        """The modes in which this user may stage."""
        allowed = {
            StagingMode.STANDARD: self.standard,
            StagingMode.ADVANCED: self.advanced,
            StagingMode.MULTI: self.multi,
        }
        return frozenset(mode for mode, may in allowed.items() if may)

    @property
    def single_mode(self) -> StagingMode:
        """The mode of this user's single-user staging, or NONE."""
        if self.standard:
            return StagingMode.STANDARD
        return StagingMode.ADVANCED if self.advanced else StagingMode.NONE

    def mode_of(self, choice: StagingChoice | None) -> StagingMode | None:
        """Return the mode that a choice stands for; None while a choice is still to be made.

        Somebody who has no choice needs not be asked: then the type decides, whatever was said.
        """
        if not self.offers_choice:
            return StagingMode.MULTI if self.multi else self.single_mode
        if choice is None:
            return None
        return StagingMode.MULTI if choice is StagingChoice.MULTI else self.single_mode


class AssignmentState(StrEnum):
    """Whose an enrolled device is."""

    UNASSIGNED = "Unassigned"
    ASSIGNED = "Assigned"
    STAGED_UNCLAIMED = "StagedUnclaimed"
    MULTI_IDLE = "MultiIdle"
    CHECKED_OUT = "CheckedOut"
    ORPHANED = "Orphaned"


class RegistrationState(StrEnum):
    """What became of a registration. NONE is never stored: it is a record that does not exist."""

    NONE = "None"
    ACTIVE = "Active"
    EXPIRED = "Expired"
    BOUND = "Bound"


class TokenType(StrEnum):
    """What a registration token proves."""

    SINGLE_FACTOR = "SingleFactor"
    TWO_FACTOR = "TwoFactor"


class TokenState(StrEnum):
    """Whether a token still opens the door. NONE is a registration without one."""

    NONE = "none"
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    USED = "used"


class ListKind(StrEnum):
    """Which of the two lists an entry is on."""

    ALLOW = "Allow"
    DENY = "Deny"


class ListAttribute(StrEnum):
    """What a list entry names, in the API's words."""

    UDID = "UDID"
    SERIAL_NUMBER = "SERIAL_NUMBER"
    IMEI = "IMEI"
    PLATFORM = "PLATFORM"


class Ownership(StrEnum):
    """Who owns the hardware, in the API's letters."""

    CORPORATE_DEDICATED = "C"
    CORPORATE_SHARED = "S"
    EMPLOYEE_OWNED = "E"
    UNDEFINED = "Undefined"


class UserStatus(StrEnum):
    """Whether an account may log in."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    LOCKED = "Locked"


class SecurityType(StrEnum):
    """Where an account's password is kept."""

    BASIC = "Basic"
    DIRECTORY = "Directory"


class EntryChannel(StrEnum):
    """The door through which a device comes in."""

    HUB = "Hub"
    BARCODE = "Barcode"
    DIRECT = "DirectEnrollment"
    CONFIGURATOR = "AppleConfigurator"
    DEP = "DEP"
    ADMIN_API = "AdminApi"

    @property
    def has_screen(self) -> bool:
        """Whether somebody can be asked something: a CAPTCHA, or the terms of use (KB 115001665168)."""
        return self in (EntryChannel.HUB, EntryChannel.DIRECT)


class EnrollmentMode(StrEnum):
    """Which devices may enrol."""

    OPEN = "Open"
    REGISTERED_ONLY = "RegisteredOnly"
    ALLOWLISTED_ONLY = "AllowlistedOnly"


class GroupingMode(StrEnum):
    """How the organization group is chosen, at enrolment and at check-out."""

    FIXED = "Fixed"
    PROMPT = "Prompt"
    USER_GROUP = "UserGroup"


class MismatchLock(StrEnum):
    """Whom the lock of a device that was taken by the wrong user keeps out."""

    DEVICE = "device"
    USER = "user"


class EnrollmentType(StrEnum):
    """How much of the device is managed."""

    MDM = "MDM"
    WORK_PROFILE = "WorkProfile"
    CONTAINER = "Container"


class Management(StrEnum):
    """Whether MDM manages the device, or only an app on it knows the user."""

    MDM = "MDM"
    UNMANAGED = "Unmanaged"


class DeviceLockReason(StrEnum):
    """The refusal that locked a device; whoever tries it is refused with the same code."""

    REG_USER_MISMATCH = "REG_USER_MISMATCH"
    REG_BOUND_TO_OTHER = "REG_BOUND_TO_OTHER"
    DEVICE_DENYLISTED = "DEVICE_DENYLISTED"
    CREATE_MDM_ERROR = "CREATE_MDM_ERROR"
    STAGING_USER_GONE = "STAGING_USER_GONE"
    REENROLL_PREVENTED = "REENROLL_PREVENTED"
