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

from mdm_server.wire.errors import SchemaError, excerpt

Udid = NewType("Udid", str)
CommandUuid = NewType("CommandUuid", str)
EnrollmentKey = NewType("EnrollmentKey", str)

SHARED_IPAD_USER_ID = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"
"""The UserID of every Shared iPad user: it says "nobody authenticates here"; UserShortName tells them apart."""


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
        raise NotImplementedError

    def to_plist(self) -> dict[str, str]:
        """Write the identifying keys that are present."""
        raise NotImplementedError

    @property
    def enrollment(self) -> EnrollmentId:
        """The enrolment these keys name. UDID wins over EnrollmentID: Fleet's simulated device sends both."""
        raise NotImplementedError
