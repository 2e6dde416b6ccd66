"""What a device reports on its command URL: that it is idle, or what became of a command.

https://developer.apple.com/documentation/devicemanagement/implementing_device_management/sending_mdm_commands_to_a_device
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mdm_server.wire.enrollment_id import CommandUuid, EnrollmentId, Sender
from mdm_server.wire.plist import PlistDict


class Status(enum.StrEnum):
    """The five things a device can say about a command."""

    IDLE = "Idle"
    ACKNOWLEDGED = "Acknowledged"
    ERROR = "Error"
    COMMAND_FORMAT_ERROR = "CommandFormatError"
    NOT_NOW = "NotNow"


@dataclass(frozen=True, slots=True)
class ErrorChainItem:
    """One link of an ErrorChain, the outermost error first."""

    code: int
    domain: str
    description: str = ""
    us_english: str = ""

    def to_plist(self) -> PlistDict:
        """Write the link with Apple's keys."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """A report: Idle, or the outcome of one command. `values` is the whole dictionary as received."""

    sender: Sender
    status: Status
    command_uuid: CommandUuid | None = None
    error_chain: tuple[ErrorChainItem, ...] = ()
    values: PlistDict = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False, compare=False)

    @property
    def enrollment(self) -> EnrollmentId:
        """The enrolment this report speaks for."""
        return self.sender.enrollment

    @property
    def is_user_channel(self) -> bool:
        """Whether a user's channel, not the device's, reports."""
        return self.enrollment.is_user_channel

    def to_plist(self) -> PlistDict:
        """Write the report as a device would: `values` holds the answer's own keys (QueryResponses…)."""
        raise NotImplementedError


def parse_result(payload: Mapping[str, Any], raw: bytes = b"") -> CommandResult:
    """Read a report; SchemaError for an unknown Status, or a missing CommandUUID on anything but Idle."""
    raise NotImplementedError
