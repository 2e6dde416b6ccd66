"""Whether a device, as it stands, would run a command or know a key of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mdm_server.wire.commands.spec import CommandSpec
from mdm_server.wire.commands.support import ALL_RIGHTS, AccessRight, Channel, Mode, Platform, PlatformSupport


class Reason(StrEnum):
    """Why a command is not run; the first that applies, in this order."""

    PLATFORM = "platform"
    VERSION = "version"
    CHANNEL = "channel"
    USER_ENROLLMENT = "user enrollment"
    SHARED_IPAD = "shared iPad"
    DEP = "automated enrollment"
    SUPERVISION = "supervision"
    ACCESS_RIGHTS = "access rights"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal: its reason, and a sentence for whoever reads it."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What a device is, and how it is enrolled, as far as a command's conditions ask."""

    platform: Platform
    os_version: str
    supervised: bool = False
    access_rights: AccessRight = ALL_RIGHTS
    channel: Channel = Channel.DEVICE
    user_enrollment: bool = False
    shared_ipad: bool = False
    enrolled_by_dep: bool = False


def may_run(spec: CommandSpec, situation: Situation) -> Refused | None:
    """Return why the device would not run this command, or None if it would."""
    return check_support(spec.request_type, spec.support, situation)


def check_support(what: str, support: Mapping[Platform, PlatformSupport], situation: Situation) -> Refused | None:
    """Return why something with these conditions is not to be had in this situation, or None if it is."""
    demanded = support.get(situation.platform)
    if demanded is None:
        return Refused(Reason.PLATFORM, f"{what} does not exist on {situation.platform}")
    for check in _CHECKS:
        refused = check(what, demanded, situation)
        if refused is not None:
            return refused
    return None


@lru_cache(maxsize=1024)
def version_number(text: str) -> tuple[int, ...]:
    """Return a version such as "17.4.1" in a form that can be compared: 17.10 is after 17.9, and 17.0 is 17."""
    numbers = [int(part) if part.isascii() and part.isdecimal() else 0 for part in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _version(what: str, demanded: PlatformSupport, situation: Situation) -> Refused | None:
    present = version_number(situation.os_version)
    here = f"this is {situation.platform} {situation.os_version}"
    if present < version_number(demanded.introduced):
        return Refused(Reason.VERSION, f"{what} needs {situation.platform} {demanded.introduced}; {here}")
    if demanded.removed is not None and present >= version_number(demanded.removed):
        return Refused(Reason.VERSION, f"{what} went away with {situation.platform} {demanded.removed}; {here}")
    return None


def _channel(what: str, demanded: PlatformSupport, situation: Situation) -> Refused | None:
    carriers = demanded.channels
    if situation.shared_ipad and situation.platform is Platform.IOS:
        carriers = demanded.shared_ipad.channels
    if situation.channel not in carriers:
        return Refused(Reason.CHANNEL, f"{what} does not come on the {str(situation.channel.name).lower()} channel")
    return None


def _user_enrollment(what: str, demanded: PlatformSupport, situation: Situation) -> Refused | None:
    if situation.user_enrollment and demanded.user_enrollment is Mode.FORBIDDEN:
        return Refused(Reason.USER_ENROLLMENT, f"{what} is not for a device enrolled by its user")
    if not situation.user_enrollment and demanded.user_enrollment is Mode.REQUIRED:
        return Refused(Reason.USER_ENROLLMENT, f"{what} is only for a device enrolled by its user")
    return None


def _shared_ipad(what: str, demanded: PlatformSupport, situation: Situation) -> Refused | None:
    if situation.platform is not Platform.IOS:
        return None
    if situation.shared_ipad and demanded.shared_ipad.mode is Mode.FORBIDDEN:
        return Refused(Reason.SHARED_IPAD, f"{what} is not for a Shared iPad")
    if not situation.shared_ipad and demanded.shared_ipad.mode is Mode.REQUIRED:
        return Refused(Reason.SHARED_IPAD, f"{what} is only for a Shared iPad")
    return None


def _dep(what: str, demanded: PlatformSupport, situation: Situation) -> Refused | None:
    if demanded.requires_dep and not situation.enrolled_by_dep:
        return Refused(Reason.DEP, f"{what} needs a device that was enrolled automatically")
    return None


def _supervision(what: str, demanded: PlatformSupport, situation: Situation) -> Refused | None:
    if demanded.supervised and not situation.supervised:
        return Refused(Reason.SUPERVISION, f"{what} needs a supervised device")
    return None


def _access_rights(what: str, demanded: PlatformSupport, situation: Situation) -> Refused | None:
    # A user enrolment has no AccessRights (com.apple.mdm: the key is ignored there); its modes say what it may do.
    missing = demanded.access_rights & ~situation.access_rights
    if missing and not situation.user_enrollment:
        return Refused(Reason.ACCESS_RIGHTS, f"{what} needs the access right {missing.value} ({missing.name})")
    return None


_CHECKS: tuple[Callable[[str, PlatformSupport, Situation], Refused | None], ...] = (
    _version,
    _channel,
    _user_enrollment,
    _shared_ipad,
    _dep,
    _supervision,
    _access_rights,
)
