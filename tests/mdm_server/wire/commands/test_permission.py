from __future__ import annotations

from dataclasses import replace

import pytest

from mdm_server.wire.commands import (
    ALL_RIGHTS,
    COMMANDS,
    NO_RIGHT,
    AccessRight,
    Channel,
    Platform,
    Reason,
    Situation,
    may_run,
    version_number,
)

IPHONE = Situation(Platform.IOS, "26.1")
SUPERVISED = replace(IPHONE, supervised=True)


def reason(request_type: str, situation: Situation) -> Reason | None:
    """Return why a command is not run, or None."""
    refused = may_run(COMMANDS[request_type], situation)
    return None if refused is None else refused.reason


@pytest.mark.parametrize(
    ("request_type", "situation", "expected"),
    [
        ("DeviceLock", IPHONE, None),
        ("RotateFileVaultKey", IPHONE, Reason.PLATFORM),
        ("DeviceLock", replace(IPHONE, platform=Platform.TVOS), Reason.PLATFORM),
        ("DeclarativeManagement", replace(IPHONE, os_version="14.8"), Reason.VERSION),
        ("DeclarativeManagement", replace(IPHONE, os_version="15"), None),
        ("RestartDevice", IPHONE, Reason.SUPERVISION),
        ("RestartDevice", SUPERVISED, None),
        ("EraseDevice", replace(IPHONE, access_rights=NO_RIGHT), Reason.ACCESS_RIGHTS),
        ("EraseDevice", replace(IPHONE, access_rights=ALL_RIGHTS & ~AccessRight.ERASE), Reason.ACCESS_RIGHTS),
        ("EraseDevice", replace(IPHONE, access_rights=AccessRight.ERASE), None),
        ("EraseDevice", replace(IPHONE, user_enrollment=True), Reason.USER_ENROLLMENT),
        ("InstallProfile", replace(IPHONE, user_enrollment=True, access_rights=NO_RIGHT), None),
        ("DeviceConfigured", SUPERVISED, Reason.DEP),
        ("DeviceConfigured", replace(SUPERVISED, enrolled_by_dep=True), None),
        ("DeviceLock", replace(IPHONE, channel=Channel.USER), Reason.CHANNEL),
        ("InstallProfile", replace(IPHONE, shared_ipad=True, channel=Channel.USER), None),
        ("DeviceLock", replace(IPHONE, shared_ipad=True, channel=Channel.USER), Reason.CHANNEL),
        ("ClearPasscode", replace(IPHONE, shared_ipad=True), Reason.SHARED_IPAD),
        ("UserList", IPHONE, Reason.SHARED_IPAD),
        ("UserList", replace(IPHONE, shared_ipad=True), None),
        ("UserList", Situation(Platform.MACOS, "15.0", supervised=True), None),
    ],
)
def test_a_command_is_refused_for_what_the_device_is_or_lacks(
    request_type: str, situation: Situation, expected: Reason | None
) -> None:
    """Platform, version, channel, way of enrolling, supervision and rights each refuse, with their own reason."""
    assert reason(request_type, situation) is expected


def test_a_refusal_says_what_is_missing() -> None:
    """The sentence names the command, and the right by number and name."""
    refused = may_run(COMMANDS["DeviceLock"], replace(IPHONE, access_rights=AccessRight.QUERY_DEVICE))

    assert refused is not None
    assert refused.text == "DeviceLock needs the access right 4 (LOCK_AND_PASSCODE)"


def test_the_access_rights_are_the_thirteen_bits_of_the_payload() -> None:
    """The bits are 1 to 4096, and all of them together the familiar 8191."""
    assert [right.value for right in AccessRight] == [1 << bit for bit in range(13)]
    assert ALL_RIGHTS == 8191


def test_versions_compare_as_numbers() -> None:
    """Ten comes after nine, and a trailing zero says nothing."""
    assert version_number("17.10") > version_number("17.9.1")
    assert version_number("17.0") == version_number("17")
    assert version_number("17.b") == version_number("17")
