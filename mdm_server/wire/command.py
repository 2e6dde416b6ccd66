"""A command on its way to a device: which one, its UUID, and its keys.

The document is a dictionary of CommandUUID and Command, and Command holds RequestType beside the request's own keys.
https://developer.apple.com/documentation/devicemanagement/implementing_device_management/sending_mdm_commands_to_a_device
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mdm_server.wire.enrollment_id import CommandUuid
from mdm_server.wire.errors import SchemaError, excerpt
from mdm_server.wire.plist import PROFILE, Limits, dumps, loads_dict

# XML 1.0 §2.2; a device that was sent these in a binary property list could not repeat them in its answer.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class CommandFormatError(SchemaError):
    """A document that is no command. A device answers `CommandFormatError` if it could at least read the UUID."""

    def __init__(self, detail: str, command_uuid: CommandUuid | None) -> None:
        super().__init__(detail)
        self.command_uuid = command_uuid


@dataclass(frozen=True, slots=True)
class Command:
    """One command as received: `fields` are the request's own keys, without RequestType."""

    command_uuid: CommandUuid
    request_type: str
    fields: Mapping[str, Any]
    raw: bytes = field(default=b"", repr=False, compare=False)


def parse_command(raw: bytes, *, limits: Limits = PROFILE) -> Command:
    """Read a command as a device receives it.

    Raises PlistError where the bytes are no property list, CommandFormatError where the property list is no command.
    Whether the request type exists, and its keys are right, is for `mdm_server.wire.commands` to say.
    """
    document = loads_dict(raw, limits=limits)
    if raw.startswith(b"bplist") and not _is_writable(document):
        raise CommandFormatError("expected text that XML can hold, found control characters", None)
    uuid = document.get("CommandUUID")
    if not isinstance(uuid, str) or not uuid:
        raise CommandFormatError(f"expected a CommandUUID, found {_found(uuid)}", None)
    command_uuid = CommandUuid(uuid)
    command = document.get("Command")
    if not isinstance(command, dict):
        raise CommandFormatError(f"expected a dictionary as Command, found {_found(command)}", command_uuid)
    request_type = command.get("RequestType")
    if not isinstance(request_type, str) or not request_type:
        raise CommandFormatError(f"expected a RequestType, found {_found(request_type)}", command_uuid)
    fields = {key: value for key, value in command.items() if key != "RequestType"}
    return Command(command_uuid, request_type, fields, raw)


def build_command(
    request_type: str, fields: Mapping[str, Any], command_uuid: CommandUuid | str, *, binary: bool = False
) -> bytes:
    """Write a command. It may be one no device knows, for a test needs that too; it must have a name and a UUID."""
    if not request_type or not command_uuid:
        raise SchemaError("expected a request type and a command UUID, found one of them empty")
    if "RequestType" in fields:
        raise SchemaError("expected the request's own keys, found RequestType among them")
    document = {"CommandUUID": command_uuid, "Command": {"RequestType": request_type, **fields}}
    return dumps(document, binary=binary)


def _is_writable(value: object) -> bool:
    """Return whether all text in a binary property list can be written as XML, for devices answer in XML."""
    match value:
        case str():
            return _NOT_IN_XML.search(value) is None
        case dict():
            return all(map(_is_writable, (*value.keys(), *value.values())))
        case list():
            return all(map(_is_writable, value))
    return True


def _found(value: object) -> str:
    return "nothing" if value is None else excerpt(value)
