"""The guards: every reason to refuse somebody, in the one order in which they are asked. The first refusal wins.

`judge` asks the guards that apply to what somebody wants of a device: to enrol it, to claim a staged one, or to check
out a shared one. Through Apple Business Manager the guards that are enrolment restrictions do not apply, because model
and system are known only afterwards (staging-flows.md §2.5); neither vendor nor mission documents an order, so this is
ours (DESIGN §3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mdm_server.domain.staging import device_guards, user_guards
from mdm_server.domain.staging.attempt import (
    Attempt,
    CaptchaAnswer,
    Credentials,
    DeviceCounts,
    GuardName,
    Purpose,
    TermsAnswer,
    Verdict,
)
from mdm_server.domain.staging.user_guards import judge_token
from mdm_server.domain.staging.vocabulary import EntryChannel

__all__ = [
    "GUARDS",
    "Attempt",
    "CaptchaAnswer",
    "Credentials",
    "DeviceCounts",
    "Guard",
    "GuardName",
    "Purpose",
    "TermsAnswer",
    "Verdict",
    "judge",
    "judge_plain_authenticate",
    "judge_token",
]


@dataclass(frozen=True, slots=True)
class Guard:
    """One reason to refuse: what it may answer, when it is asked, and how it decides.

    A `restriction` is not asked of devices that come through Apple Business Manager.
    """

    name: GuardName
    codes: tuple[str, ...]
    purposes: frozenset[Purpose]
    check: Callable[[Attempt], Verdict | None]
    restriction: bool = False


_ALWAYS = frozenset(Purpose)
_ENROLL = frozenset({Purpose.ENROLL})
_CHECK_OUT = frozenset({Purpose.CHECK_OUT})
_OWNING = frozenset({Purpose.ENROLL, Purpose.CLAIM})

GUARDS: tuple[Guard, ...] = (
    Guard(GuardName.GROUP, ("GROUP_UNKNOWN", "LICENSE_EXPIRED"), _ALWAYS, user_guards.group),
    Guard(GuardName.CAPTCHA, ("CAPTCHA_REQUIRED", "CREATE_MDM_ERROR"), _ALWAYS, user_guards.captcha),
    Guard(
        GuardName.CREDENTIALS,
        (
            "TOKEN_INVALID",
            "TOKEN_EXPIRED",
            "TOKEN_REVOKED",
            "TOKEN_USED",
            "BAD_CREDENTIALS",
            "TOKEN_USER_MISMATCH",
        ),
        _ALWAYS,
        user_guards.credentials,
    ),
    Guard(GuardName.USER_ACTIVE, ("USER_INACTIVE", "USER_LOCKED"), _ALWAYS, user_guards.user_active),
    Guard(GuardName.USER_ENROLLABLE, ("USER_NOT_ALLOWED",), _ALWAYS, user_guards.user_enrollable),
    Guard(
        GuardName.STAGING,
        (
            "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT",
            "STAGING_NOT_ALLOWED",
            "STAGING_TYPE_MISMATCH",
            "STAGING_TARGET_INVALID",
            "STAGING_CANNOT_CLAIM",
            "ALREADY_CLAIMED",
            "CHECKED_OUT",
            "DEVICE_NOT_STAGED",
            "STAGING_USER_GONE",
        ),
        _ALWAYS,
        user_guards.staging,
    ),
    Guard(GuardName.SHARED_PASSCODE, ("SHARED_PASSCODE",), _CHECK_OUT, user_guards.shared_passcode),
    Guard(
        GuardName.DEVICE_LOCK,
        (
            "REG_USER_MISMATCH",
            "REG_BOUND_TO_OTHER",
            "DEVICE_DENYLISTED",
            "CREATE_MDM_ERROR",
            "STAGING_USER_GONE",
            "REENROLL_PREVENTED",
        ),
        _ALWAYS,
        device_guards.device_lock,
    ),
    Guard(GuardName.DENY_LIST, ("DEVICE_DENYLISTED",), _ALWAYS, device_guards.deny_list),
    Guard(
        GuardName.ALLOWED_DEVICES,
        ("DEVICE_NOT_REGISTERED", "DEVICE_NOT_ALLOWLISTED"),
        _ENROLL,
        device_guards.allowed_devices,
    ),
    Guard(GuardName.REGISTRATION_OWNER, ("REG_USER_MISMATCH",), _OWNING, device_guards.registration_owner),
    Guard(
        GuardName.BOUND_ELSEWHERE,
        ("ENROLLED_ELSEWHERE", "OTHER_ENVIRONMENT", "REG_BOUND_TO_OTHER"),
        _OWNING,
        device_guards.bound_elsewhere,
    ),
    Guard(GuardName.OWNERSHIP, ("OWNERSHIP_NOT_ALLOWED",), _ENROLL, device_guards.ownership, restriction=True),
    Guard(
        GuardName.DEVICE_TYPE,
        ("DEP_REQUIRED", "TYPE_NOT_ALLOWED", "ENROLL_TYPE_NOT_ALLOWED"),
        _ENROLL,
        device_guards.device_type,
        restriction=True,
    ),
    Guard(
        GuardName.USER_LIMIT,
        ("MAX_DEVICES", "MAX_DEVICES_OWNERSHIP"),
        _OWNING,
        device_guards.user_limit,
        restriction=True,
    ),
    Guard(GuardName.GROUP_LIMIT, ("MAX_DEVICES_OG",), _ENROLL, device_guards.group_limit),
    Guard(GuardName.TERMS_OF_USE, ("TOU_DECLINED", "TOU_PENDING"), _ALWAYS, user_guards.terms_of_use),
)
"""All guards, in order. docs/flows/guards.md is drawn from this."""

_POSITION = {guard.name: position for position, guard in enumerate(GUARDS)}


def judge(
    attempt: Attempt, *, first: GuardName = GuardName.GROUP, last: GuardName = GuardName.TERMS_OF_USE
) -> Verdict | None:
    """Return the first refusal among the guards from `first` to `last` that apply; None: nothing stands against it."""
    through_dep = attempt.channel is EntryChannel.DEP
    for guard in GUARDS[_POSITION[first] : _POSITION[last] + 1]:
        if attempt.purpose not in guard.purposes or (guard.restriction and through_dep):
            continue
        verdict = guard.check(attempt)
        if verdict is not None:
            return verdict
    return None


def judge_plain_authenticate(attempt: Attempt) -> Verdict | None:
    """Return why a device may not enrol past the Hub, with an enrolment profile alone; None when it may.

    A locked device, a denied one, and one that is registered to somebody: that user must log in (`HUB_REQUIRED`).
    """
    verdict = judge(attempt, first=GuardName.DEVICE_LOCK, last=GuardName.DENY_LIST)
    if verdict is not None:
        return verdict
    registration = attempt.registration
    if registration is None or registration.user is None:
        return None
    return Verdict("HUB_REQUIRED", GuardName.REGISTRATION_OWNER)
