"""The profile that makes a device managed: an identity by SCEP, then the MDM payload that uses it.

https://developer.apple.com/documentation/devicemanagement/mdm and …/scep
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from mdm_server.wire.mobileconfig import Profile
from mdm_server.wire.plist import PlistDict

SubjectArray: TypeAlias = tuple[tuple[tuple[str, str], ...], ...]
"""An X.500 name as Apple writes it: a sequence of RDNs, each a sequence of (type, value) pairs."""

ALL_ACCESS_RIGHTS = 8191
"""Every right Apple defines (the sum of the thirteen bits 1 to 4096)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepSettings:
    """How a device gets its identity certificate."""

    url: str
    challenge: str | None = None
    name: str | None = None
    subject: SubjectArray = ()
    key_size: int = 2048
    key_type: str = "RSA"
    key_usage: int = 0
    ca_fingerprint: bytes | None = None
    retries: int = 3
    retry_delay: int = 10
    payload_uuid: str = ""
    payload_identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MdmSettings:
    """How a managed device talks to its server."""

    server_url: str
    topic: str
    check_in_url: str | None = None
    access_rights: int = ALL_ACCESS_RIGHTS
    sign_message: bool = False
    check_out_when_removed: bool = False
    server_capabilities: tuple[str, ...] = ()
    identity_certificate_uuid: str = ""
    use_development_apns: bool = False

    @property
    def effective_check_in_url(self) -> str:
        """Where check-ins go: CheckInURL, or ServerURL where that is absent (Apple's MDM payload)."""
        return self.check_in_url or self.server_url


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentProfile:
    """Everything that goes into an enrolment profile. Uuids are handed in: this room draws no random numbers."""

    identifier: str
    uuid: str
    display_name: str
    organization: str
    scep: ScepSettings
    mdm: MdmSettings
    removal_disallowed: bool = False
    description: str | None = None
    removal_date: datetime | None = None
    root_certificates: tuple[bytes, ...] = ()
    """DER certificates the device is told to trust; their payloads come last."""


@dataclass(frozen=True, slots=True)
class EnrollmentSettings:
    """What an enrolment profile asks of a device, ours or a third party's."""

    profile: Profile
    scep: ScepSettings
    mdm: MdmSettings
    root_certificates: tuple[bytes, ...] = ()


def build_enrollment_profile(enrollment: EnrollmentProfile) -> PlistDict:
    """Build the profile's dictionary: SCEP first, MDM second, whatever else after them.

    Fleet's client reads by position; mdmb understands six subject attributes and breaks a URL that has a query. What
    would not survive them is refused here (ProfileError `profile.malformed`).
    """
    raise NotImplementedError


def read_enrollment_profile(profile: Profile) -> EnrollmentSettings:
    """Find the SCEP and MDM payloads of any server's profile, in whatever order (ProfileError if it has none)."""
    raise NotImplementedError
