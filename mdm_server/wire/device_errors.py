"""The 403 bodies by which a server tells a device what is wrong with its enrolment.

https://developer.apple.com/documentation/devicemanagement/errorcodeunrecognizeddevice and its siblings. JSON or a
property list; the Content-Type header must say which. `com.apple.unrecognized.device` makes a real device unenrol.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mdm_server.wire.plist import PlistDict

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
        raise NotImplementedError


def encode_device_error(error: DeviceError, content_type: str = JSON) -> bytes:
    """Write the body of a 403 in the given content type (JSON or XML)."""
    raise NotImplementedError


def parse_device_error(body: bytes, content_type: str | None) -> DeviceError | None:
    """Read the body of a 403; None when it is no such error, since any proxy may answer 403."""
    raise NotImplementedError


def software_update_required(os_version: str, build_version: str | None = None) -> DeviceError:
    """Build the error that sends a device to update before it enrols."""
    raise NotImplementedError
