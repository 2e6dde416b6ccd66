"""The channel's messages: what is read, what is refused with one clear error, and what both ends work out alike."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm_server.wire.android_channel import (
    MAX_BYTES,
    Assignment,
    Call,
    ChannelError,
    Command,
    CommandResult,
    CommandType,
    Empty,
    EnrollRequest,
    ErrorReply,
    Hardware,
    ManagementMode,
    Outcome,
    PasswordQuality,
    PasswordRequirements,
    Policy,
    ProvisioningMethod,
    StagingCredentials,
    StatusReport,
    SyncReply,
    Verb,
    acknowledgement_url,
    authorization,
    device_url,
    encode,
    enroll_url,
    parse,
    parse_authorization,
    parse_path,
    wake_token,
)

HARDWARE = Hardware(identifier="a1", brand="google", model="Pixel 8", os_version="14", api_level=34)
REQUEST = EnrollRequest(
    hardware=HARDWARE,
    management_mode=ManagementMode.WORK_PROFILE,
    provisioning_method=ProvisioningMethod.HUB,
    token="t" * 64,
)
MESSAGES = [
    Empty(),
    REQUEST,
    StatusReport(hardware=HARDWARE, applied_policy=7, compliant=False, problems=("password",), screen="locked"),
    SyncReply(
        assignment=Assignment(state="CheckedOut", user="ada"),
        policy=Policy(version=3, password=PasswordRequirements(quality=PasswordQuality.NUMERIC, minimum_length=6)),
        commands=(Command(operation="1", type=CommandType.RESET_PASSWORD, new_password=""),),
    ),
    CommandResult(outcome=Outcome.SUCCEEDED),
    ErrorReply(code="REG_USER_MISMATCH", text="This device is registered to another user."),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_what_is_written_is_read(message: Empty) -> None:
    """Every message comes back as it was."""
    assert parse(encode(message), type(message)) == message


def test_keys_are_spelled_as_googles_are() -> None:
    """camelCase, the enumerations in capitals, and what has its default is left out."""
    assert json.loads(encode(REQUEST)) == {
        "hardware": {"identifier": "a1", "brand": "google", "model": "Pixel 8", "osVersion": "14", "apiLevel": 34},
        "managementMode": "WORK_PROFILE",
        "provisioningMethod": "HUB",
        "token": "t" * 64,
    }


def test_an_empty_body_says_nothing() -> None:
    """Good-bye needs no words; whatever needs some is refused without."""
    assert parse(b"", Empty) == Empty()
    with pytest.raises(ChannelError, match=r"android\.message: expected EnrollRequest as JSON"):
        parse(b"", EnrollRequest)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"outcome": "MAYBE"}',
        b'{"outcome": "FAILED", "unknown": 1}',
        b'{"outcome": "FAILED", "detail": ""}',
        b'{"outcome": "FAILED", "detail": "' + b"x" * 256 + b'"}',
        b'{"outcome": 1}',
        b'{"outcome": "FAILED"',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_no_such_message_is_refused(body: bytes) -> None:
    """One error, with a stable code, whatever is wrong; and no recursion without end."""
    with pytest.raises(ChannelError) as refused:
        parse(body, CommandResult)
    assert refused.value.code in {"android.message", "android.size"}


def test_a_message_larger_than_any_is_refused_unread() -> None:
    """64 KiB hold whatever a device has to say."""
    with pytest.raises(ChannelError, match=r"android\.size: expected at most 65536 bytes, found 65537"):
        parse(b" " * (MAX_BYTES + 1), Empty)


@pytest.mark.parametrize("proof", ["neither", "both"])
def test_whoever_enrols_brings_one_proof(proof: str) -> None:
    """A token or credentials: without either there is no right to enrol, and with both it is not clear which."""
    message = json.loads(encode(REQUEST))
    if proof == "neither":
        del message["token"]
    else:
        message["credentials"] = {"groupId": "A", "userName": "b", "password": "c"}
    with pytest.raises(ChannelError, match="expected either token or credentials"):
        parse(json.dumps(message).encode(), EnrollRequest)


def test_what_holds_a_secret_does_not_show_it() -> None:
    """A message that ends up in a log or a traceback tells nobody a password."""
    credentials = StagingCredentials(group_id="A", user_name="stager", password="hunter2")
    command = Command(operation="1", type=CommandType.RESET_PASSWORD, new_password="hunter2")
    for holder in (credentials, command, REQUEST):
        assert "hunter2" not in repr(holder)
        assert "t" * 64 not in repr(holder)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_proof_is_read_as_it_was_written(device: str, secret: str) -> None:
    """Whatever the secret holds; only a name has no colon."""
    device = device.replace(":", "-")
    assert parse_authorization(authorization(device, secret)) == (device, secret)


@pytest.mark.parametrize("header", ["", "Device", "Device ", "Device a", "Device a:", "Device :b", "Bearer a:b", "a:b"])
def test_what_proves_nothing_is_refused(header: str) -> None:
    """The error does not repeat what was sent: it may be somebody's secret."""
    with pytest.raises(ChannelError, match=r"android\.authorization: expected 'Device NAME:SECRET'$"):
        parse_authorization(header)


def test_both_ends_work_out_the_wake_token() -> None:
    """It is the SHA-256 of name and secret, and says nothing about either."""
    assert wake_token("android-1", "secret") == hashlib.sha256(b"android-1secret").digest()


@pytest.mark.parametrize(
    ("url", "call"),
    [
        (enroll_url("", "t").partition("?")[0], Call(Verb.ENROLL)),
        (device_url("", "android-1", "sync"), Call(Verb.SYNC, "android-1")),
        (device_url("", "android-1", "unenroll"), Call(Verb.UNENROLL, "android-1")),
        (acknowledgement_url("", "android-1", "op-2"), Call(Verb.ACKNOWLEDGE, "android-1", "op-2")),
    ],
)
def test_an_address_says_what_is_done_there(url: str, call: Call) -> None:
    """What a device makes of the base URL is what the server takes apart."""
    assert parse_path(url) == call


@pytest.mark.parametrize(
    "path",
    [
        "/sim/v1/android",
        "/sim/v1/android/devices",
        "/sim/v1/android/devices:sync",
        "/sim/v1/android/devices/a:enroll",
        "/sim/v1/android/devices/a",
        "/sim/v1/android/devices/a/operations/b",
        "/sim/v1/android/devices/a/b:sync",
        f"/sim/v1/android/devices/{'a' * 65}:sync",
        "/sim/v1/android/devices/ä:sync",
        "/sim/v2/android/devices:enroll",
        "/sim/v1/android/devices:enroll\n",
    ],
)
def test_no_other_address_is_the_channels(path: str) -> None:
    """A name has letters, digits, dashes and an end."""
    assert parse_path(path) is None
