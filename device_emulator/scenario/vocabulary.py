"""Words that only the server, or a device, can explain: codes of refusals, and enrolment settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from device_emulator.core.android.channel import NOT_AN_ANSWER
from device_emulator.core.android.enrolling import NO_TOKEN
from device_emulator.core.android.states import Kiosk, Life, Screen
from device_emulator.core.hub.asking import CODES as HUB_CODES
from device_emulator.core.states import LifeState, LockState, PowerState
from device_emulator.scenario.steps.holding import WRONG_PASSCODE
from device_emulator.scenario.steps.step import FORGOTTEN, NOTHING_CAME_OF_IT
from mdm_server.embed.orders import REFUSALS, SettingsError, parse_settings

USER_GROUPS = ("allowed_user_groups", "user_group")
"""Settings that name user groups: by name in a script, by number at the server."""

CODES: tuple[str, ...] = tuple(REFUSALS)
"""What the server says no with."""
STATES_IN_THE_WAY: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *(f"already_{life}" for life in (*LifeState, *Life)),
            *(state for state in (*LockState, *Screen) if state not in {LockState.UNLOCKED, Screen.UNLOCKED}),
            *(kiosk for kiosk in Kiosk if kiosk is not Kiosk.FREE),
            PowerState.OFF,
            PowerState.STARTING,
        )
    )
)
"""A state of a device in which it does not let its person do something says so itself."""
UNANSWERED: tuple[str, ...] = ("no_identity", "not_managed")
"""Why a device does not even ask its server; the Hub says it in its own way, too."""
DEVICE_CODES: tuple[str, ...] = (
    NOTHING_CAME_OF_IT,
    FORGOTTEN,
    WRONG_PASSCODE,
    NOT_AN_ANSWER,
    NO_TOKEN,
    *HUB_CODES,
    *STATES_IN_THE_WAY,
    *(f"http.{status.value}" for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST),
    *UNANSWERED,
    *(f"hub.{reason}" for reason in UNANSWERED),
    "activation.certificate",
    "activation.locked",
    "activation.refused",
    "activation.reply",
    "already_installed",
    "already_installing",
    "already_offline",
    "already_on",
    "already_online",
    "already_set_up",
    "apple_account_disabled",
    "interrupted",
    "no_apple",
    "no_apple_account",
    "no_credentials",
    "no_deferrals_left",
    "no_power",
    "no_space",
    "no_telephone",
    "no_update",
    "no_wifi",
    "nobody_asks",
    "not_enrolled",
    "not_found",
    "not_pinned",
    "not_provisional",
    "offline",
    "other_platform",
    "passcode_policy",
    "profile.malformed",
    "profile.management",
    "profile.signature",
    "profile.unavailable",
    "profile.unsigned",
    "profile.unsupported",
    "profile.untrusted",
    "profile_service.refused",
    "removal_disallowed",
    "reset_protection",
    "restricted",
    "return_to_service.missing",
    "scep.ca_certificate",
    "scep.fingerprint",
    "scep.pending",
    "scep.refused",
    "scep.subject",
    "server.unavailable",
    "setup.credentials",
    "setup.no_identity",
    "setup.unassigned",
    "setup.update",
    "setup.waits",
    "setup.web_sign_in",
    "setup_assistant",
    "unpinning_not_allowed",
    "unrecognized",
    "wrong_account",
    "wrong_password",
)
"""What a device, its Hub, or the person holding it says no with."""


def wrong_settings(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the place of every setting that the server would not take, and what is wrong with it."""
    for name, value in settings.items():
        try:
            parse_settings({name: _numbered(name, value)})
        except SettingsError as error:
            yield error.path, error.problem


def _numbered(name: str, value: Any) -> Any:
    """Return a setting as the server knows it, with any number for the name of a user group."""
    if isinstance(value, dict):
        return {inner: _numbered(inner, one) for inner, one in value.items()}
    if name not in USER_GROUPS:
        return value
    return [1 for _ in value] if isinstance(value, list) else 1
