from __future__ import annotations

import json
import plistlib

import pytest

from mdm_server.wire.device_errors import (
    JSON,
    XML,
    DeviceError,
    DeviceErrorCode,
    encode_device_error,
    parse_device_error,
    software_update_required,
    unrecognized_device,
)

UPDATE = software_update_required("18.1", "22B83")


@pytest.mark.parametrize("content_type", [JSON, XML])
@pytest.mark.parametrize("error", [UPDATE, unrecognized_device("retired"), DeviceError("org.example.own", None, "Hi")])
def test_both_formats_say_the_same(content_type: str, error: DeviceError) -> None:
    """A body is read as it was built, in JSON and as a property list."""
    assert parse_device_error(encode_device_error(error, content_type), content_type) == error


def test_the_bodies_have_apples_keys() -> None:
    """§3.6: code, description, message, and details with OSVersion where an update is asked for."""
    body = json.loads(encode_device_error(UPDATE))
    assert body["code"] == "com.apple.softwareupdate.required"
    assert body["details"] == {"OSVersion": "18.1", "BuildVersion": "22B83"}
    body = plistlib.loads(encode_device_error(unrecognized_device("retired"), XML))
    assert body == {"code": "com.apple.unrecognized.device", "description": "retired"}


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_parameters_of_the_content_type_do_not_matter(content_type: str) -> None:
    """Servers add a charset."""
    body = encode_device_error(unrecognized_device("x"))
    error = parse_device_error(body, content_type)
    assert error is not None
    assert error.code == DeviceErrorCode.UNRECOGNIZED_DEVICE


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", None),
        (b"Forbidden", "text/plain"),
        (b"<html></html>", "text/html"),
        (b"{}", JSON),
        (b'{"code": 1}', JSON),
        (b'{"code": "x", "details": []}', JSON),
        (b"[" * 50_000, JSON),
        (b'{"code": "x", "a": ' + b"[" * 50_000, JSON),
        (b"\xff\xfe", JSON),
        (b'{"code": "com.apple.unrecognized.device"}', XML),
        (plistlib.dumps({"code": 1}), XML),
    ],
)
def test_any_other_403_is_no_device_error(body: bytes, content_type: str | None) -> None:
    """A proxy's 403 must not make a device unenrol."""
    assert parse_device_error(body, content_type) is None
