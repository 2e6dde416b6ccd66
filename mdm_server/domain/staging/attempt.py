"""An attempt: all that is known when somebody wants a device, and what follows from it before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mdm_server.domain.enrollment import MANAGED
from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.check_out import home_group
from mdm_server.domain.staging.devices import DeviceRecord, PresentedDevice
from mdm_server.domain.staging.lists import ListEntry, ListVerdict, list_verdict
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.registration import Registration, find_registration
from mdm_server.domain.staging.settings import EnrollmentSettings, SharedDeviceSettings
from mdm_server.domain.staging.users import EnrollmentUser
from mdm_server.domain.staging.vocabulary import DeviceLockReason, EntryChannel, Ownership, StagingMode


class Purpose(StrEnum):
    """What somebody wants of a device."""

    ENROLL = "Enroll"
    CLAIM = "Claim"
    CHECK_OUT = "CheckOut"


class Credentials(StrEnum):
    """What is known of the password. VOUCHED: an administrator answers for the user, as with Configurator."""

    MISSING = "Missing"
    GOOD = "Good"
    BAD = "Bad"
    VOUCHED = "Vouched"


class CaptchaAnswer(StrEnum):
    """What is known of the CAPTCHA, where one is asked for."""

    MISSING = "Missing"
    SOLVED = "Solved"
    WRONG = "Wrong"


class TermsAnswer(StrEnum):
    """What the user said to the terms of use."""

    NOT_ASKED = "NotAsked"
    ACCEPTED = "Accepted"
    DECLINED = "Declined"


class GuardName(StrEnum):
    """The guards, in the order in which they are asked (DESIGN §3)."""

    GROUP = "Group"
    CAPTCHA = "Captcha"
    CREDENTIALS = "Credentials"
    USER_ACTIVE = "UserActive"
    USER_ENROLLABLE = "UserEnrollable"
    STAGING = "Staging"
    SHARED_PASSCODE = "SharedPasscode"
    DEVICE_LOCK = "DeviceLock"
    DENY_LIST = "DenyList"
    ALLOWED_DEVICES = "AllowedDevices"
    REGISTRATION_OWNER = "RegistrationOwner"
    BOUND_ELSEWHERE = "BoundElsewhere"
    OWNERSHIP = "Ownership"
    DEVICE_TYPE = "DeviceType"
    USER_LIMIT = "UserLimit"
    GROUP_LIMIT = "GroupLimit"
    TERMS_OF_USE = "TermsOfUse"


@dataclass(frozen=True, slots=True)
class DeviceCounts:
    """How many devices there are already; the one in question is not among them.

    The first two are those of `Attempt.counted_user`, the last those of `GroupTree.limited_branch`.
    """

    of_user: int = 0
    of_user_with_ownership: int = 0
    of_group: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A refusal: which guard, which code, and what is left behind."""

    code: str
    guard: GuardName
    reason: str = ""
    sets_lock: DeviceLockReason | None = None
    counts_as_failure: bool = False

    def refusal(self) -> Refusal:
        """Return the refusal to answer with."""
        return Refusal(self.code, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Everything that is known when somebody wants a device; what is not known yet has its default.

    `group` is where the device would go. `registrations` are those that name the device or are the user's own;
    `entries` those of the lists that apply to the group; `record` is the device as it is known by any identifier.
    `user_known` is False for an account that exists but was never made an enrolment user.
    """

    tree: GroupTree
    group: OrganizationGroup | None
    device: PresentedDevice
    channel: EntryChannel = EntryChannel.HUB
    purpose: Purpose = Purpose.ENROLL
    user: EnrollmentUser | None = None
    credentials: Credentials = Credentials.MISSING
    user_known: bool = True
    device_failures: int = 0
    captcha: CaptchaAnswer = CaptchaAnswer.MISSING
    token_presented: bool = False
    token_registration: Registration | None = None
    mode: StagingMode = StagingMode.NONE
    on_behalf: EnrollmentUser | None = None
    record: DeviceRecord | None = None
    registrations: tuple[Registration, ...] = ()
    entries: tuple[ListEntry, ...] = ()
    ownership: Ownership | None = None
    counts: DeviceCounts = DeviceCounts()
    terms: TermsAnswer = TermsAnswer.NOT_ASKED
    terms_version_accepted: str | None = None
    shared_passcode_good: bool = False

    @property
    def settings(self) -> EnrollmentSettings:
        """What the group asks; the defaults while no group is known."""
        return EnrollmentSettings() if self.group is None else self.tree.settings(self.group.id)

    @property
    def shared(self) -> SharedDeviceSettings:
        """How the device is shared: the group where it is at home says, wherever its user takes it."""
        home = None if self.record is None else home_group(self.record)
        return self.settings.shared if home is None or home not in self.tree else self.tree.settings(home).shared

    @property
    def owner(self) -> EnrollmentUser | None:
        """Whose the device would be; None while nobody's, as when it is staged for whoever comes."""
        if self.purpose is not Purpose.ENROLL or self.mode is StagingMode.NONE:
            return self.user
        return self.on_behalf if self.mode is StagingMode.ADVANCED else None

    @property
    def counted_user(self) -> EnrollmentUser | None:
        """Against whose limit the device would count: its owner, and until it has one whoever stages it (row 61)."""
        return self.owner or self.user

    @property
    def listed(self) -> ListVerdict:
        """What the allow list and the deny list say of the device."""
        return list_verdict(self.entries, self.device.identifiers, self.device.platform)

    @property
    def managed(self) -> bool:
        """Whether the device is enrolled already."""
        return self.record is not None and self.record.status in MANAGED

    @property
    def registration(self) -> Registration | None:
        """The registration the device comes under, of those of the same customer.

        One that names the device or was bound to it; else the one whose token was presented; else one that waits for
        a device of its owner.
        """
        visible = [registration for registration in self.registrations if self._is_ours(registration)]
        bound = [held for held in visible if self.record is not None and held.device == self.record.id]
        named = find_registration(visible, self.device.identifiers)
        if bound or named:
            return bound[0] if bound else named
        if self.token_registration is not None:
            return self.token_registration
        owner = None if self.owner is None else self.owner.id
        return find_registration(visible, self.device.identifiers, owner, self.device.platform)

    @property
    def effective_ownership(self) -> Ownership:
        """Who the hardware belongs to: the allow list says, then the registration, then the user, then the group."""
        if self.device.work_profile:
            return Ownership.EMPLOYEE_OWNED
        allowed, registration = self.listed.allowed, self.registration
        if allowed is not None and allowed.ownership is not None:
            return allowed.ownership
        if registration is not None and registration.ownership is not Ownership.UNDEFINED:
            return registration.ownership
        if self.channel is EntryChannel.DIRECT:
            return self.settings.direct.default_ownership
        return self.ownership or self.settings.default_ownership

    def _is_ours(self, registration: Registration) -> bool:
        if self.group is None or registration.group not in self.tree:
            return True
        return self.tree.customer(registration.group) == self.tree.customer(self.group.id)
