"""Enrolment settings: what an organization group asks of those who enrol in it.

Everything has a default, so an empty document is the plainest server: open to every active user. Groups inherit; see
`organization.GroupTree.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mdm_server.domain.staging.reading import (
    Read,
    SettingsError,
    by_word,
    flag,
    number,
    optional,
    read_fields,
    record,
    several,
    text,
    word,
)
from mdm_server.domain.staging.vocabulary import (
    EnrollmentMode,
    EnrollmentType,
    GroupingMode,
    MismatchLock,
    Ownership,
    Platform,
    TokenType,
)
from mdm_server.wire.android_channel import PasswordQuality

__all__ = [
    "AndroidSettings",
    "DirectEnrollmentSettings",
    "EnrollmentSettings",
    "SettingsError",
    "SharedDeviceSettings",
    "TermsOfUse",
    "WipeThreshold",
    "parse_settings",
]

TOKEN_LENGTHS = range(6, 21)
"""The lengths a registration token may have (row 15)."""


@dataclass(frozen=True, slots=True)
class TermsOfUse:
    """What a user must agree to; a new version is asked for again."""

    version: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class WipeThreshold:
    """More wipes than `count` within `minutes` wait for an administrator."""

    count: int
    minutes: int


@dataclass(frozen=True, slots=True)
class SharedDeviceSettings:
    """How shared devices are checked out and in."""

    group_mode: GroupingMode = GroupingMode.FIXED
    passcode_required: bool = False
    auto_logout_minutes: int | None = None
    clear_passcode: bool = True
    always_prompt_terms: bool = False


@dataclass(frozen=True, slots=True)
class DirectEnrollmentSettings:
    """Whom the Workspace ONE app enrols; no user group means all users."""

    enabled: bool = False
    ios: bool = False
    android_legacy: bool = False
    android_enterprise: bool = False
    user_group: int | None = None
    default_ownership: Ownership = Ownership.EMPLOYEE_OWNED


@dataclass(frozen=True, slots=True)
class AndroidSettings:
    """What holds on Androids that somebody has; one that waits for somebody has the Hub and the restrictions only."""

    password_quality: PasswordQuality = PasswordQuality.UNSPECIFIED
    password_length: int = 0
    maximum_failed_passwords: int = 0
    applications: tuple[str, ...] = ()
    factory_reset_disabled: bool = False
    removal_disabled: bool = False
    reset_protection_accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrollmentSettings:
    """What one organization group asks, after everything it inherits."""

    mode: EnrollmentMode = EnrollmentMode.OPEN
    token_required: bool = False
    token_type: TokenType = TokenType.SINGLE_FACTOR
    token_length: int = 8
    token_hours: int = 24
    known_users_only: bool = False
    allowed_user_groups: tuple[int, ...] | None = None
    reg_mismatch_lock: MismatchLock = MismatchLock.DEVICE
    grouping: GroupingMode = GroupingMode.FIXED
    default_ownership: Ownership = Ownership.CORPORATE_DEDICATED
    ask_ownership: bool = False
    allowed_ownerships: tuple[Ownership, ...] | None = None
    allowed_platforms: tuple[Platform, ...] | None = None
    allowed_models: tuple[str, ...] | None = None
    allowed_enrollment_types: tuple[EnrollmentType, ...] | None = None
    minimum_os: Mapping[Platform, str] = field(default_factory=lambda: MappingProxyType({}))
    dep_only: bool = False
    max_devices: int | None = None
    max_devices_by_ownership: Mapping[Ownership, int] = field(default_factory=lambda: MappingProxyType({}))
    max_devices_group: int | None = None
    terms: TermsOfUse | None = None
    captcha_after: int = 3
    lock_user_after: int | None = None
    session_minutes: int = 30
    purge_hours: int = 48
    shared: SharedDeviceSettings = SharedDeviceSettings()
    direct: DirectEnrollmentSettings = DirectEnrollmentSettings()
    android: AndroidSettings = AndroidSettings()
    wipe_threshold: WipeThreshold | None = None
    prevent_reenrollment: bool = False
    group_exit_wipe: bool = False
    cross_customer_block: bool = True
    license_expired: bool = False


_SHARED: Mapping[str, Read] = {
    "group_mode": word(GroupingMode),
    "passcode_required": flag,
    "auto_logout_minutes": optional(number(1)),
    "clear_passcode": flag,
    "always_prompt_terms": flag,
}
_DIRECT: Mapping[str, Read] = {
    "enabled": flag,
    "ios": flag,
    "android_legacy": flag,
    "android_enterprise": flag,
    "user_group": optional(number(1)),
    "default_ownership": word(Ownership),
}
_ANDROID: Mapping[str, Read] = {
    "password_quality": word(PasswordQuality),
    "password_length": number(0),
    "maximum_failed_passwords": number(0),
    "applications": several(text),
    "factory_reset_disabled": flag,
    "removal_disabled": flag,
    "reset_protection_accounts": several(text),
}
_SETTINGS: Mapping[str, Read] = {
    "mode": word(EnrollmentMode),
    "token_required": flag,
    "token_type": word(TokenType),
    "token_length": number(TOKEN_LENGTHS.start, TOKEN_LENGTHS.stop - 1),
    "token_hours": number(1),
    "known_users_only": flag,
    "allowed_user_groups": optional(several(number(1))),
    "reg_mismatch_lock": word(MismatchLock),
    "grouping": word(GroupingMode),
    "default_ownership": word(Ownership),
    "ask_ownership": flag,
    "allowed_ownerships": optional(several(word(Ownership))),
    "allowed_platforms": optional(several(word(Platform))),
    "allowed_models": optional(several(text)),
    "allowed_enrollment_types": optional(several(word(EnrollmentType))),
    "minimum_os": by_word(Platform, text),
    "dep_only": flag,
    "max_devices": optional(number(0)),
    "max_devices_by_ownership": by_word(Ownership, number(0)),
    "max_devices_group": optional(number(0)),
    "terms": optional(record(TermsOfUse, {"version": text, "text": text})),
    "captcha_after": number(1),
    "lock_user_after": optional(number(1)),
    "session_minutes": number(1),
    "purge_hours": number(1),
    "shared": record(SharedDeviceSettings, _SHARED),
    "direct": record(DirectEnrollmentSettings, _DIRECT),
    "android": record(AndroidSettings, _ANDROID),
    "wipe_threshold": optional(record(WipeThreshold, {"count": number(0), "minutes": number(1)})),
    "prevent_reenrollment": flag,
    "group_exit_wipe": flag,
    "cross_customer_block": flag,
    "license_expired": flag,
}


def parse_settings(document: Mapping[str, Any]) -> EnrollmentSettings:
    """Return the settings a document stands for; what it does not name has its default.

    Raises:
        SettingsError: a key nobody knows, or a value that is not possible; it names the key and what is expected.

    """
    return EnrollmentSettings(**read_fields("", document, _SETTINGS))
