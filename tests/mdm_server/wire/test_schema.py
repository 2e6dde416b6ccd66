"""Our tables of keys beside Apple's published schema, which nobody here wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mdm_server.wire import device_errors, enrollment_id, enrollment_payloads, machine_info, mobileconfig
from mdm_server.wire.checkin import MESSAGES
from mdm_server.wire.keys import Key, Kind
from rigs import oracles

TYPES = {
    "<string>": Kind.TEXT,
    "<data>": Kind.DATA,
    "<boolean>": Kind.FLAG,
    "<integer>": Kind.INTEGER,
    "<real>": Kind.REAL,
    "<date>": Kind.DATE,
    "<dictionary>": Kind.DICTIONARY,
}


@pytest.fixture(scope="module")
def schema() -> Path:
    """Return where the schema is, or skip."""
    return oracles.apple_schema()


def keys_of(file: Path, *inside: str) -> dict[str, dict[str, Any]]:
    """Return the keys that a schema file has, at the top or inside of one of them."""
    keys = yaml.safe_load(file.read_text())["payloadkeys"]
    for name in inside:
        keys = next(key["subkeys"] for key in keys if key["key"] == name)
    return {key["key"]: key for key in keys}


def check(ours: tuple[Key, ...], apples: dict[str, dict[str, Any]]) -> None:
    """Expect each of our keys in the schema, with its type."""
    for key in ours:
        assert key.name in apples
        assert TYPES[apples[key.name]["type"]] is key.kind, key.name


def test_every_check_in_message_of_the_schema_is_known(schema: Path) -> None:
    """No message type is missing and none is invented."""
    files = (schema / "mdm" / "checkin").glob("*.yaml")
    assert {yaml.safe_load(file.read_text())["payload"]["requesttype"] for file in files} == set(MESSAGES)


@pytest.mark.parametrize("message_type", sorted(MESSAGES))
def test_a_messages_keys_are_apples(schema: Path, message_type: str) -> None:
    """Every key of Apple's is read by us, under its name and with its type; what we require, Apple requires."""
    apples = keys_of(schema / "mdm" / "checkin" / f"{message_type.lower()}.yaml")
    message = MESSAGES[message_type]
    check(message.keys, apples)
    senders = tuple(key for key in enrollment_id._KEYS if key.name in apples)
    check(senders, apples)
    known = {key.name for key in (*message.keys, *senders)} | {"MessageType", "Topic"}
    assert apples.keys() <= known
    assert {key.name for key in message.keys if key.required} <= {
        name for name, key in apples.items() if key["presence"] == "required"
    }
    assert message.needs_topic is ("Topic" in apples)


def test_machine_infos_keys_are_apples(schema: Path) -> None:
    """All keys of MachineInfo, and no other."""
    apples = keys_of(schema / "other" / "machineinfo.yaml")
    check(machine_info._KEYS, apples)
    assert apples.keys() == {key.name for key in machine_info._KEYS}


def test_the_profile_tables_are_apples(schema: Path) -> None:
    """The keys of a profile, of any payload, of SCEP and of MDM have Apple's names and types."""
    profiles = schema / "mdm" / "profiles"
    check(mobileconfig._PROFILE_KEYS, keys_of(profiles / "TopLevel.yaml"))
    check(mobileconfig._PAYLOAD_KEYS, keys_of(profiles / "CommonPayloadKeys.yaml"))
    check(enrollment_payloads._SCEP_KEYS, keys_of(profiles / "com.apple.security.scep.yaml", "PayloadContent"))
    check(enrollment_payloads._MDM_KEYS, keys_of(profiles / "com.apple.mdm.yaml"))


@pytest.mark.parametrize(
    ("file", "keys", "defaults", "inside"),
    [
        (
            "com.apple.security.scep",
            enrollment_payloads._SCEP_KEYS,
            enrollment_payloads._SCEP_DEFAULTS,
            "PayloadContent",
        ),
        ("com.apple.mdm", enrollment_payloads._MDM_KEYS, enrollment_payloads._MDM_DEFAULTS, None),
    ],
)
def test_what_absence_means_is_what_apple_says(
    schema: Path, file: str, keys: tuple[Key, ...], defaults: dict[str, Any], inside: str | None
) -> None:
    """Where the schema has a default, ours is the same."""
    apples = keys_of(schema / "mdm" / "profiles" / f"{file}.yaml", *([inside] if inside else []))
    for key in keys:
        if "default" in apples[key.name]:
            assert defaults[key.attribute] == apples[key.name]["default"], key.name


def test_every_device_error_is_known(schema: Path) -> None:
    """The codes of the schema's 403 bodies are ours."""
    codes = [keys_of(file)["code"]["rangelist"][0] for file in (schema / "mdm" / "errors").glob("*.yaml")]
    assert sorted(codes) == sorted(device_errors.DeviceErrorCode)
