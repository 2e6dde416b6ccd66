"""Over-the-air enrolment: the profile service's documents, in three phases.

https://developer.apple.com/library/archive/documentation/NetworkingInternet/Conceptual/iPhoneOTAConfiguration/
Phase 1: the server sends a signed profile that asks for device attributes. Phase 2: the device posts them, signed by
its vendor's certificate, and gets an unsigned profile with a SCEP payload. Phase 3: it posts them again, signed by
the certificate it got, and receives the signed enrolment profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mdm_server.wire.enrollment_profile import ScepSettings
from mdm_server.wire.mobileconfig import Profile
from mdm_server.wire.plist import PlistDict

PROFILE_SERVICE = "Profile Service"
ATTRIBUTES = ("UDID", "SERIAL", "PRODUCT", "VERSION", "DEVICE_NAME", "IMEI", "MEID")
"""What phase 1 asks for by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileService:
    """Phase 1: where to post which attributes, with which challenge."""

    url: str
    device_attributes: tuple[str, ...] = ATTRIBUTES
    challenge: str | None = None
    identifier: str
    uuid: str
    display_name: str | None = None
    organization: str | None = None

    def to_plist(self) -> PlistDict:
        """Write the document."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class DeviceAttributes:
    """Phases 2 and 3, the device's part: attributes by Apple's names, and the challenge if there was one."""

    values: Mapping[str, Any] = field(default_factory=dict)
    challenge: str | None = None

    def to_plist(self) -> PlistDict:
        """Write the document; the challenge goes in as CHALLENGE."""
        raise NotImplementedError

    def text(self, name: str) -> str | None:
        """Return an attribute such as UDID, or None where it was not sent."""
        raise NotImplementedError


def parse_profile_service(data: bytes) -> ProfileService:
    """Read phase 1's document out of its envelope (ProfileError)."""
    raise NotImplementedError


def parse_device_attributes(payload: Mapping[str, Any]) -> DeviceAttributes:
    """Read a device's answer (SchemaError)."""
    raise NotImplementedError


def build_scep_profile(scep: ScepSettings, *, identifier: str, uuid: str, display_name: str) -> PlistDict:
    """Phase 2, the server's part: a profile with nothing but a SCEP payload."""
    raise NotImplementedError


def read_scep_profile(profile: Profile) -> ScepSettings:
    """Find the SCEP payload of phase 2's profile (ProfileError)."""
    raise NotImplementedError
