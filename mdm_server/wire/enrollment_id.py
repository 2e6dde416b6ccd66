"""Who speaks: the identifiers a device puts into each of its messages, and the enrolment they name.

A device has a device channel and, on macOS and Shared iPad, one user channel per user. Each channel is an enrolment of
its own with its own queue; which keys are present says which it is.
https://developer.apple.com/documentation/devicemanagement/tokenupdaterequest
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NewType

from mdm_server.wire.errors import SchemaError
from mdm_server.wire.keys import Key, read_keys, write_keys

Udid = NewType("Udid", str)
CommandUuid = NewType("CommandUuid", str)
EnrollmentKey = NewType("EnrollmentKey", str)

SHARED_IPAD_USER_ID = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"
"""The UserID of every Shared iPad user: it says "nobody authenticates here"; UserShortName tells them apart."""

_LONGEST_ID = 255


class EnrollmentKind(enum.StrEnum):
    """What an enrolment stands for."""

    DEVICE = "device"
    USER = "user"
    USER_ENROLLMENT_DEVICE = "user_enrollment_device"
    USER_ENROLLMENT_USER = "user_enrollment_user"
    SHARED_IPAD = "shared_ipad"


@dataclass(frozen=True, slots=True)
class EnrollmentId:
    """One enrolment: a device channel, or a user channel with its device as parent."""

    kind: EnrollmentKind
    id: EnrollmentKey
    parent: EnrollmentKey | None = None

    @property
    def is_user_channel(self) -> bool:
        """Whether a user, not the device itself, is speaking."""
        return self.parent is not None

    @property
    def device(self) -> EnrollmentKey:
        """The device channel's key: its own, or the parent's."""
        return self.id if self.parent is None else self.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The identifying keys of one message, as sent."""

    udid: Udid | None = None
    enrollment_id: str | None = None
    enrollment_user_id: str | None = None
    user_id: str | None = None
    user_short_name: str | None = None
    user_long_name: str | None = None

    @classmethod
    def from_plist(cls, payload: Mapping[str, Any]) -> Sender:
        """Read the identifying keys; SchemaError when none names a device or one is not text."""
        sender = cls(**read_keys(_KEYS, payload))
        _ = sender.enrollment  # refuse what names nobody while the message is being read, not when it is used
        return sender

    def to_plist(self) -> dict[str, str]:
        """Write the identifying keys that are present."""
        return write_keys(_KEYS, self)

    @property
    def enrollment(self) -> EnrollmentId:
        """The enrolment these keys name. UDID wins over EnrollmentID: Fleet's simulated device sends both."""
        if self.udid:
            device = _device_key("UDID", self.udid)
            if not self.user_id:
                return EnrollmentId(EnrollmentKind.DEVICE, device)
            if self.user_id == SHARED_IPAD_USER_ID:
                return EnrollmentId(EnrollmentKind.SHARED_IPAD, _user_key(device, self.user_short_name), device)
            return EnrollmentId(EnrollmentKind.USER, _user_key(device, self.user_id), device)
        if self.enrollment_id:
            device = _device_key("EnrollmentID", self.enrollment_id)
            if not self.enrollment_user_id:
                return EnrollmentId(EnrollmentKind.USER_ENROLLMENT_DEVICE, device)
            user = _user_key(device, self.enrollment_user_id)
            return EnrollmentId(EnrollmentKind.USER_ENROLLMENT_USER, user, device)
        raise SchemaError("expected UDID or EnrollmentID, found neither")


_KEYS = (
    Key("udid", "UDID"),
    Key("enrollment_id", "EnrollmentID"),
    Key("enrollment_user_id", "EnrollmentUserID"),
    Key("user_id", "UserID"),
    Key("user_short_name", "UserShortName"),
    Key("user_long_name", "UserLongName"),
)


def _device_key(name: str, value: str) -> EnrollmentKey:
    # A colon would make device "A:B" and user "B" of device "A" the same enrolment.
    if ":" in value or not value.isprintable() or len(value) > _LONGEST_ID:
        raise SchemaError(f"expected {name} printable, without colon, of at most {_LONGEST_ID} characters")
    return EnrollmentKey(value)


def _user_key(device: EnrollmentKey, user: str | None) -> EnrollmentKey:
    if not user or not user.isprintable() or len(user) > _LONGEST_ID:
        raise SchemaError(f"expected the user's identifier, printable and of at most {_LONGEST_ID} characters")
    return EnrollmentKey(f"{device}:{user}")
