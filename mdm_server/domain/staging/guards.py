"""The guards: every reason to refuse somebody, in the one order in which they are asked. The first refusal wins.

An `Attempt` is all that is known when somebody wants a device: to enrol it, to claim a staged one, or to check out a
shared one. `judge` asks the guards that apply to that purpose. Through Apple Business Manager the guards that are
enrolment restrictions do not apply (staging-flows.md §2.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mdm_server.domain.refusal import Refusal
from mdm_server.domain.staging.devices import DeviceRecord, PresentedDevice
from mdm_server.domain.staging.lists import ListEntry
from mdm_server.domain.staging.organization import GroupTree, OrganizationGroup
from mdm_server.domain.staging.registration import Registration
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
    """How many devices there are already; the one in question is not among them."""

    of_user: int = 0
    of_user_with_ownership: int = 0
    of_group: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """Everything that is known when somebody wants a device; what is not known yet has its default.

    `registrations` are those that name the device or are the user's own; `entries` those of the lists that apply to
    the group; `user_known` is False for an account that exists but was never made an enrolment user.
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
class Guard:
    """One reason to refuse: when it applies, what it may answer, and how it decides."""

    name: GuardName
    codes: tuple[str, ...]
    purposes: frozenset[Purpose]
    check: Callable[[Attempt], Verdict | None]
    restriction: bool = False


GUARDS: tuple[Guard, ...] = ()


def judge(
    attempt: Attempt, *, first: GuardName = GuardName.GROUP, last: GuardName = GuardName.TERMS_OF_USE
) -> Verdict | None:
    """Return the first refusal among the guards from `first` to `last` that apply; None: nothing stands against it."""
    raise NotImplementedError


def judge_plain_authenticate(attempt: Attempt) -> Verdict | None:
    """Return why a device may not enrol past the Hub, with an enrolment profile alone; None when it may.

    A locked device, a denied one, and one that is registered to somebody: that user must log in (`HUB_REQUIRED`).
    """
    raise NotImplementedError
