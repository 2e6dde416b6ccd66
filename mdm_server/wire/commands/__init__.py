"""The command table: every request type of Apple's schema, in rows of ours, and the checks that read them.

`COMMANDS["DeviceLock"]` is the row of one request type. `check_fields` says what is wrong with a request's keys,
`may_run` whether a device, as it stands, would run it. `tests/mdm_server/wire/commands` compares every row with the
schema Apple publishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mdm_server.wire.commands import (
    applications,
    content_caching,
    device_information,
    locking,
    lost_mode,
    managed_applications,
    media,
    power,
    profiles,
    reach,
    security_information,
    setting_up,
    settings,
    software_update,
    users,
)
from mdm_server.wire.commands.checking import FieldProblem, ProblemKind, check_fields
from mdm_server.wire.commands.permission import Reason, Refused, Situation, may_run, version_number
from mdm_server.wire.commands.spec import ANY_KEY, CommandSpec, Field, Kind, on_platform
from mdm_server.wire.commands.support import (
    ALL_RIGHTS,
    NO_RIGHT,
    AccessRight,
    Channel,
    Mode,
    Platform,
    PlatformSupport,
    SharedIPad,
)

__all__ = [
    "ALL_RIGHTS",
    "ANY_KEY",
    "COMMANDS",
    "NO_RIGHT",
    "AccessRight",
    "Channel",
    "CommandSpec",
    "Field",
    "FieldProblem",
    "Kind",
    "Mode",
    "Platform",
    "PlatformSupport",
    "ProblemKind",
    "Reason",
    "Refused",
    "SharedIPad",
    "Situation",
    "check_fields",
    "may_run",
    "on_platform",
    "version_number",
]

COMMANDS: Mapping[str, CommandSpec] = MappingProxyType(
    {
        spec.request_type: spec
        for theme in (
            device_information,
            security_information,
            content_caching,
            profiles,
            applications,
            managed_applications,
            media,
            settings,
            locking,
            lost_mode,
            power,
            software_update,
            users,
            setting_up,
            reach,
        )
        for spec in theme.COMMANDS
    }
)
"""Every request type, by name."""
