from __future__ import annotations

import plistlib
from typing import Any

import pytest

from mdm_server.wire.command import Command, CommandFormatError, build_command, parse_command
from mdm_server.wire.errors import PlistError, SchemaError


@pytest.mark.parametrize("binary", [False, True])
def test_a_built_command_is_read_back_as_it_was(binary: bool) -> None:
    """What build_command writes, XML or binary, parse_command reads, and keeps the bytes."""
    raw = build_command("RemoveProfile", {"Identifier": "com.example.wifi"}, "uuid-1", binary=binary)

    command = parse_command(raw)

    assert command == Command("uuid-1", "RemoveProfile", {"Identifier": "com.example.wifi"})  # type: ignore[arg-type]
    assert command.raw == raw


def test_a_command_has_the_shape_devices_expect() -> None:
    """RequestType stands inside Command, beside the request's keys."""
    document = plistlib.loads(build_command("DeviceLock", {"Message": "Hello"}, "u"))

    assert document == {"CommandUUID": "u", "Command": {"RequestType": "DeviceLock", "Message": "Hello"}}


@pytest.mark.parametrize(
    ("document", "uuid"),
    [
        ({}, None),
        ({"Command": {"RequestType": "DeviceLock"}}, None),
        ({"CommandUUID": "", "Command": {"RequestType": "DeviceLock"}}, None),
        ({"CommandUUID": 7, "Command": {"RequestType": "DeviceLock"}}, None),
        ({"CommandUUID": "u"}, "u"),
        ({"CommandUUID": "u", "Command": "DeviceLock"}, "u"),
        ({"CommandUUID": "u", "Command": {}}, "u"),
        ({"CommandUUID": "u", "Command": {"RequestType": 5}}, "u"),
    ],
)
def test_a_document_that_is_no_command_is_refused_with_what_uuid_there_is(
    document: dict[str, Any], uuid: str | None
) -> None:
    """A device can answer CommandFormatError exactly when the UUID was readable."""
    with pytest.raises(CommandFormatError) as caught:
        parse_command(plistlib.dumps(document))

    assert caught.value.command_uuid == uuid
    assert caught.value.code == "parse.schema"


@pytest.mark.parametrize("command", [{"Identifier": "a\x01"}, {"Options": {"a\x1f": 1}}, {"Identifiers": ["\ufffe"]}])
def test_text_that_xml_cannot_hold_is_refused_in_binary_commands(command: dict[str, Any]) -> None:
    """An answer that repeats it could not be written, so the device does not take it."""
    document = {"CommandUUID": "u", "Command": {"RequestType": "RemoveApplication", **command}}

    with pytest.raises(CommandFormatError, match="control characters"):
        parse_command(plistlib.dumps(document, fmt=plistlib.FMT_BINARY))


def test_bytes_that_are_no_property_list_are_a_plist_error() -> None:
    """An HTML page in place of a command is told apart from a malformed command."""
    with pytest.raises(PlistError):
        parse_command(b"Not Found")


@pytest.mark.parametrize(
    ("request_type", "fields", "uuid"),
    [("", {}, "u"), ("DeviceLock", {}, ""), ("DeviceLock", {"RequestType": "EraseDevice"}, "u")],
)
def test_a_command_without_name_or_uuid_or_with_two_names_is_not_built(
    request_type: str, fields: dict[str, Any], uuid: str
) -> None:
    """build_command refuses what no device could answer, or what would run as something else."""
    with pytest.raises(SchemaError):
        build_command(request_type, fields, uuid)
