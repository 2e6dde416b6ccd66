"""The 403 bodies by which a server tells a device what is wrong with its enrolment.

https://developer.apple.com/documentation/devicemanagement/errorcodeunrecognizeddevice and its siblings. JSON or a
property list; the Content-Type header must say which. `com.apple.unrecognized.device` makes a real device unenrol.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mdm_server.wire.errors import WireError
from mdm_server.wire.keys import Key, Kind, read_keys, write_keys
from mdm_server.wire.plist import Limits, PlistDict, dumps, loads_dict

JSON = "application/json"
XML = "application/xml"


class DeviceErrorCode(enum.StrEnum):
    """The errors Apple defines."""

    UNRECOGNIZED_DEVICE = "com.apple.unrecognized.device"
    SOFTWARE_UPDATE_REQUIRED = "com.apple.softwareupdate.required"
    WELL_KNOWN_FAILED = "com.apple.well-known.failed"
    PAIRING_TOKEN_MISSING = "com.apple.watch.pairing.token.missing"  # noqa: S105 - a code, not a token


@dataclass(frozen=True, slots=True)
class DeviceError:
    """One such error. `code` is text because a server may send one we do not know."""

    code: str
    description: str | None = None
    message: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_plist(self) -> PlistDict:
        """Write the dictionary that both formats carry."""
        texts = write_keys(_KEYS, self)
        return texts | ({"details": dict(self.details)} if self.details else {})


_KEYS = (
    Key("code", "code", required=True),
    Key("description", "description"),
    Key("message", "message"),
)
_DETAILS = Key("details", "details", Kind.DICTIONARY)
_LONGEST_BODY = Limits(max_bytes=64 * 1024)


def encode_device_error(error: DeviceError, content_type: str = JSON) -> bytes:
    """Write the body of a 403 in the given content type (JSON or XML)."""
    payload = error.to_plist()
    if content_type == JSON:
        return msgspec.json.encode(payload)
    return dumps(payload)


def parse_device_error(body: bytes, content_type: str | None) -> DeviceError | None:
    """Read the body of a 403; None when it is no such error, since any proxy may answer 403."""
    try:
        if (content_type or "").partition(";")[0].strip().lower() == JSON:
            payload = msgspec.json.decode(body[: _LONGEST_BODY.max_bytes], type=dict[str, Any])
        else:
            payload = loads_dict(body, limits=_LONGEST_BODY)
        return DeviceError(**read_keys(_KEYS, payload), details=_DETAILS.read(payload) or {})
    except (msgspec.DecodeError, UnicodeError, RecursionError, WireError):
        return None


def software_update_required(os_version: str, build_version: str | None = None) -> DeviceError:
    """Build the error that sends a device to update before it enrols."""
    details = {"OSVersion": os_version} | ({"BuildVersion": build_version} if build_version else {})
    message = f"This device must be updated to {os_version} before it can be managed."
    return DeviceError(DeviceErrorCode.SOFTWARE_UPDATE_REQUIRED, "OS too old", message, details)


def unrecognized_device(description: str) -> DeviceError:
    """Build the error that unenrols a device; nothing else may send it."""
    return DeviceError(DeviceErrorCode.UNRECOGNIZED_DEVICE, description)
