"""Every way in which staging, registration and login say no: what the user reads, and what frees them.

The texts in the vendor's own words are kept letter by letter (staging-flows.md §4). `STAGING_REFUSALS` is part of the
server's one table, `mdm_server.domain.refusal.REFUSALS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class RefusalFamily(StrEnum):
    """What a refusal leaves behind."""

    REFUSED = "R"
    LOCKED = "L"
    ACCOUNT = "A"
    TEMPORARY = "T"
    NOTICE = "-"


@dataclass(frozen=True, slots=True)
class StagingRefusal:
    """One way of saying no: what is left behind, the user's text, the administrator's way out.

    A sticky lock survives restarts, re-enrolment and new certificates; only an administrator ends it.
    """

    code: str
    kind: RefusalFamily
    text: str
    remedy: str
    sticky: bool = False
    status: int = 400


_R, _L, _A, _T, _NOTE = RefusalFamily
_NOT_APPROVED = "Enrollment Denied. Device Not Approved."
_TOO_MANY = (
    "You are not allowed to enroll your device. You have exceeded the maximum number of enrolled devices allowed."
)
_OTHER_USER = "This device is registered to another user. Contact your administrator."

_ALL = (
    StagingRefusal(
        "REG_USER_MISMATCH",
        _L,
        _OTHER_USER,
        "Unlock the device, or delete its registration; then register it to the user who shall have it.",
        sticky=True,
    ),
    StagingRefusal(
        "REG_BOUND_TO_OTHER",
        _L,
        _OTHER_USER,
        "Delete the registration of the user who had the device before.",
        sticky=True,
    ),
    StagingRefusal(
        "DEVICE_DENYLISTED",
        _L,
        _NOT_APPROVED,
        "Remove the device from the deny list.",
        sticky=True,
    ),
    StagingRefusal("DEVICE_NOT_ALLOWLISTED", _R, _NOT_APPROVED, "Put the device on the allow list, or register it."),
    StagingRefusal("DEVICE_NOT_REGISTERED", _R, _NOT_APPROVED, "Register the device, or register one for the user."),
    StagingRefusal(
        "TOKEN_EXPIRED", _R, "The link has expired. Ask for a new one.", "Reset the token, and send the message again."
    ),
    StagingRefusal("TOKEN_REVOKED", _R, "Invalid enrollment token", "Reset the token, or register the device anew."),
    StagingRefusal("TOKEN_USED", _R, "Invalid enrollment token", "Reset the token, or register the device anew."),
    StagingRefusal("TOKEN_INVALID", _R, "Invalid enrollment token", "Give the token of the registration message."),
    StagingRefusal(
        "TOKEN_USER_MISMATCH",
        _R,
        "Invalid enrollment token",
        "Let the user and the device for whom the token was made present it.",
    ),
    StagingRefusal("GROUP_UNKNOWN", _R, "Invalid Group ID", "Give the Group ID of an organization group that exists."),
    StagingRefusal(
        "LICENSE_EXPIRED",
        _R,
        "The device licenses have expired. Please contact your administrator.",
        "Renew the licence: set license_expired to false on the organization group.",
    ),
    StagingRefusal(
        "BAD_CREDENTIALS",
        _R,
        "Invalid User Credentials",
        "Try again; check the password, and that the account is in the organization group or above it.",
    ),
    StagingRefusal(
        "USER_NOT_ALLOWED",
        _R,
        "Your account is not allowed to enroll. Please contact your system administrator",
        "Add the user, or put the user into a user group that may enrol.",
    ),
    StagingRefusal(
        "GROUP_EXIT_WIPE",
        _L,
        "The device was wiped because its user left the group that may enroll.",
        "Put the user back into the group, and enrol again.",
    ),
    StagingRefusal(
        "USER_INACTIVE",
        _A,
        "Your account is not allowed to enroll. Please contact your system administrator",
        "Activate the user.",
    ),
    StagingRefusal("USER_LOCKED", _A, "Your account is locked.", "Activate the user and reset the failed logins."),
    StagingRefusal(
        "CAPTCHA_REQUIRED",
        _T,
        "Please enter the characters in the image.",
        "Solve the CAPTCHA; or reset the user's failed logins and the device's.",
    ),
    StagingRefusal(
        "CREATE_MDM_ERROR",
        _L,
        "An error occurred while creating the MDM profile.",
        "Reset the user's failed logins and delete the device's, or wait until they are purged.",
        sticky=True,
    ),
    StagingRefusal("MAX_DEVICES", _R, _TOO_MANY, "Unenrol one of the user's devices, or raise the limit."),
    StagingRefusal(
        "MAX_DEVICES_OWNERSHIP",
        _R,
        _TOO_MANY,
        "Unenrol one of the user's devices of this ownership, or raise the limit.",
    ),
    StagingRefusal("MAX_DEVICES_OG", _R, _TOO_MANY, "Delete a device of the organization group, or raise its limit."),
    StagingRefusal(
        "OWNERSHIP_NOT_ALLOWED",
        _R,
        "This ownership is not permitted.",
        "Choose another ownership, or allow this one in the enrolment restrictions.",
    ),
    StagingRefusal(
        "TYPE_NOT_ALLOWED",
        _R,
        "This device is not permitted.",
        "Allow the platform, the model and the system version in the enrolment restrictions.",
    ),
    StagingRefusal(
        "ENROLL_TYPE_NOT_ALLOWED",
        _R,
        "This type of enrollment is not permitted.",
        "Enrol in another way, or allow this one in the enrolment restrictions.",
    ),
    StagingRefusal("TOU_DECLINED", _R, "You must accept the terms of use.", "Start again, and accept them."),
    StagingRefusal("TOU_PENDING", _NOTE, "There are new terms of use.", "Accept them on the device."),
    StagingRefusal(
        "STAGING_NOT_SUPPORTED_DIRECT_ENROLLMENT",
        _R,
        "Staging is not supported here. Use Intelligent Hub.",
        "Stage the device with Workspace ONE Intelligent Hub.",
    ),
    StagingRefusal(
        "STAGING_NOT_ALLOWED", _R, "Your account may not stage devices.", "Enable device staging for the user."
    ),
    StagingRefusal(
        "STAGING_TYPE_MISMATCH",
        _R,
        "Your account may not stage devices in this way.",
        "Change the staging type of the user, or choose the other way.",
    ),
    StagingRefusal(
        "STAGING_TARGET_INVALID",
        _R,
        "The device cannot be enrolled for this user.",
        "Name a user who exists, is active, may enrol here and is no staging user.",
    ),
    StagingRefusal(
        "STAGING_CANNOT_CLAIM",
        _R,
        "A staging account cannot take a staged device.",
        "Let the user who shall have the device log in.",
    ),
    StagingRefusal(
        "ALREADY_CLAIMED",
        _R,
        "This device is assigned to another user",
        "Reassign the device, or unenrol it and stage it again.",
        status=409,
    ),
    StagingRefusal(
        "CHECKED_OUT",
        _R,
        "This device is checked out by another user.",
        "Let that user log out, or check the device in.",
        status=409,
    ),
    StagingRefusal(
        "SHARED_PASSCODE",
        _R,
        "You need a shared device passcode. Create one in the Self-Service Portal.",
        "Let the user create a new shared device passcode.",
    ),
    StagingRefusal(
        "STAGING_USER_GONE",
        _L,
        "This device belongs to nobody.",
        "Wipe the device and enrol it again: the user who staged it was deleted.",
        sticky=True,
    ),
    StagingRefusal(
        "SHARED_USER_UNKNOWN",
        _NOTE,
        "The device has no content for you.",
        "Create exactly one user with this Managed Apple ID.",
    ),
    StagingRefusal(
        "DEVICE_NOT_STAGED",
        _R,
        "This device was not enrolled by a staging user.",
        "Change the user only of staged devices; unenrol this one and stage it.",
    ),
    StagingRefusal(
        "ENROLLED_ELSEWHERE", _R, "The enrollment was blocked.", "Unenrol the device where it is enrolled now."
    ),
    StagingRefusal(
        "OTHER_ENVIRONMENT",
        _R,
        "Unable to login at this time. This device is already registered to a different environment."
        " Please Contact your IT administrator.",
        "Unenrol the device where it is enrolled now, and remove Hub from it.",
    ),
    StagingRefusal(
        "REENROLL_PREVENTED", _L, _NOT_APPROVED, "Remove the device from the deny list, or unlock it.", sticky=True
    ),
    StagingRefusal("PROFILE_REMOVED", _NOTE, "The device is not managed any more.", "Enrol the device again."),
    StagingRefusal(
        "WIPE_ON_HOLD",
        _T,
        "The wipe is on hold.",
        "Approve or reject it: more devices were wiped than the threshold allows.",
        status=409,
    ),
    StagingRefusal(
        "PENDING_VERIFICATION",
        _T,
        "Your device is being verified.",
        "Wait: it goes on by itself when the serial number or the IMEI is known.",
    ),
    StagingRefusal(
        "DEP_REQUIRED",
        _R,
        "Only devices of Apple Business Manager may enroll.",
        "Add the device to Apple Business Manager, or set dep_only to false.",
    ),
    StagingRefusal(
        "ACTIVATION_LOCK",
        _L,
        "This device is locked to an Apple ID.",
        "Clear Activation Lock with the bypass code.",
        sticky=True,
    ),
    StagingRefusal("PASSCODE_LOCKED", _L, "The passcode of the device was forgotten.", "Clear the device's passcode."),
    StagingRefusal(
        "DEP_ASSIGN_BLOCKED",
        _L,
        "The device starts without management.",
        "Remove the serial number from the deny list, then assign the profile.",
    ),
    StagingRefusal(
        "HUB_PINNED", _T, "Hub is pinned until it is set up.", "Enter the unpin password; tries are not limited."
    ),
    StagingRefusal(
        "HUB_REQUIRED",
        _R,
        "This device is registered to a user, who must log in to Intelligent Hub.",
        "Enrol with Hub, or delete the registration of the device.",
    ),
    StagingRefusal(
        "SESSION_EXPIRED", _R, "Your session has expired. Start again.", "Start a new session in Hub.", status=410
    ),
    StagingRefusal(
        "STEP_OUT_OF_ORDER", _R, "Something went wrong. Start again.", "Answer the step that was asked for.", status=409
    ),
)

STAGING_REFUSALS: Mapping[str, StagingRefusal] = MappingProxyType({refusal.code: refusal for refusal in _ALL})
"""Every code of staging-flows.md §4, and a few that only a program needs."""

STICKY = frozenset(code for code, refusal in STAGING_REFUSALS.items() if refusal.sticky)
"""The codes whose lock only an administrator ends."""


def sentence(text: str) -> str:
    """Return a user's text as a sentence: the vendor's own words do not always end like one."""
    return text if text.endswith(".") else f"{text}."
