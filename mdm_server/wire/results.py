"""What a device reports on its command URL: that it is idle, or what became of a command.

https://developer.apple.com/documentation/devicemanagement/implementing_device_management/sending_mdm_commands_to_a_device
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from mdm_server.wire.enrollment_id import CommandUuid, EnrollmentId, Sender
from mdm_server.wire.errors import SchemaError, excerpt
from mdm_server.wire.keys import Key, Kind, read_keys
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

    code: int = 0
    domain: str = ""
    description: str = ""
    us_english: str = ""

    def to_plist(self) -> PlistDict:
        """Write the link with Apple's keys."""
        link: PlistDict = {"ErrorCode": self.code, "ErrorDomain": self.domain, "LocalizedDescription": self.description}
        return link | ({"USEnglishDescription": self.us_english} if self.us_english else {})


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
        report: PlistDict = {"Status": str(self.status), **self.sender.to_plist()}
        if self.command_uuid is not None:
            report["CommandUUID"] = self.command_uuid
        if self.error_chain:
            report["ErrorChain"] = [link.to_plist() for link in self.error_chain]
        return report | {key: value for key, value in self.values.items() if key not in report}


_STATUSES: Mapping[str, Status] = {status.value: status for status in Status}
_COMMAND_UUID = Key("command_uuid", "CommandUUID")
_NEEDED_COMMAND_UUID = Key("command_uuid", "CommandUUID", required=True)
_LINK_KEYS = (
    Key("code", "ErrorCode", Kind.INTEGER),
    Key("domain", "ErrorDomain"),
    Key("description", "LocalizedDescription"),
    Key("us_english", "USEnglishDescription"),
)


def parse_result(payload: PlistDict, raw: bytes = b"") -> CommandResult:
    """Read a report; SchemaError for an unknown Status, or a missing CommandUUID on anything but Idle."""
    said = payload.get("Status")
    status = _STATUSES.get(said) if isinstance(said, str) else None
    if status is None:
        raise SchemaError(f"expected Status to be one of {', '.join(_STATUSES)}; found {excerpt(said)}")
    return CommandResult(
        sender=Sender.from_plist(payload),
        status=status,
        command_uuid=(_COMMAND_UUID if status is Status.IDLE else _NEEDED_COMMAND_UUID).read(payload),
        error_chain=_error_chain(payload["ErrorChain"]) if "ErrorChain" in payload else (),
        values=payload,
        raw=raw,
    )


def _error_chain(links: object) -> tuple[ErrorChainItem, ...]:
    if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
        raise SchemaError("expected an array of dictionaries as ErrorChain")
    # A link that lacks a key is taken as it is: to refuse the report would leave its command at the head for ever.
    return tuple(
        ErrorChainItem(**{name: value for name, value in read_keys(_LINK_KEYS, link).items() if value is not None})
        for link in links
    )
