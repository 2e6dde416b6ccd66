"""Words that only the server, or a device, can explain: codes of refusals, and enrolment settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from device_emulator.core.hub.asking import NO_SERVER, NOBODY_ANSWERS, NOT_AN_ANSWER
from device_emulator.core.states import LifeState
from device_emulator.scenario.steps.holding import WRONG_PASSCODE
from device_emulator.scenario.steps.step import FORGOTTEN, NOTHING_CAME_OF_IT
from mdm_server.embed.orders import REFUSALS, SettingsError, parse_settings

USER_GROUPS = ("allowed_user_groups", "user_group")
"""Settings that name user groups: by name in a script, by number at the server."""

CODES: tuple[str, ...] = tuple(REFUSALS)
"""What the server says no with."""
DEVICE_CODES: tuple[str, ...] = (
    NOTHING_CAME_OF_IT,
    FORGOTTEN,
    NO_SERVER,
    NOBODY_ANSWERS,
    NOT_AN_ANSWER,
    *(f"already_{life}" for life in LifeState),
    "already_offline",
    "already_online",
    "http.400",
    "lost",
    "no_credentials",
    "not_enrolled",
    "not_found",
    "off",
    "offline",
    "passcode_policy",
    "profile.unavailable",
    "removal_disallowed",
    "restricted",
    "setup.credentials",
    "setup.update",
    WRONG_PASSCODE,
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
