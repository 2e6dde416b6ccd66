"""The profile that makes a device managed: an identity by SCEP, then the MDM payload that uses it.

https://developer.apple.com/documentation/devicemanagement/mdm and …/scep
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mdm_server.wire.enrollment_payloads import (
    ACME,
    ALL_ACCESS_RIGHTS,
    MDM,
    ROOT,
    SCEP,
    MdmSettings,
    ScepSettings,
    SubjectArray,
    mdm_payload,
    only_payload,
    read_mdm,
    read_scep,
    root_payload,
    scep_payload,
)
from mdm_server.wire.errors import ProfileError, SchemaError, excerpt
from mdm_server.wire.mobileconfig import Payload, Profile, build_profile
from mdm_server.wire.plist import PlistDict

__all__ = [
    "ALL_ACCESS_RIGHTS",
    "EnrollmentProfile",
    "EnrollmentSettings",
    "MdmSettings",
    "ScepSettings",
    "SubjectArray",
    "build_enrollment_profile",
    "read_enrollment_profile",
]

_ROOT_TYPES = frozenset({ROOT, "com.apple.security.pkcs1"})
_Settings = TypeVar("_Settings")


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
    place = {"identifier": enrollment.identifier, "profile_uuid": enrollment.uuid}
    scep = scep_payload(enrollment.scep, **place)
    mdm = mdm_payload(enrollment.mdm, identity_uuid=scep.uuid, **place)
    roots = (
        root_payload(certificate, number=number, **place)
        for number, certificate in enumerate(enrollment.root_certificates, start=1)
    )
    return build_profile(
        Profile(
            identifier=enrollment.identifier,
            uuid=enrollment.uuid,
            display_name=enrollment.display_name,
            organization=enrollment.organization,
            description=enrollment.description,
            removal_disallowed=enrollment.removal_disallowed,
            removal_date=enrollment.removal_date,
            scope="System",
            payloads=(scep, mdm, *roots),
        )
    )


def read_enrollment_profile(profile: Profile) -> EnrollmentSettings:
    """Find the SCEP and MDM payloads of any server's profile, in whatever order (ProfileError if it has none)."""
    mdm = _read(read_mdm, only_payload(profile, MDM))
    identity = _identity_payload(profile, mdm.identity_certificate_uuid)
    roots = (payload.content.get("PayloadContent") for payload in profile.payloads if payload.type in _ROOT_TYPES)
    return EnrollmentSettings(
        profile, _read(read_scep, identity), mdm, tuple(root for root in roots if isinstance(root, bytes))
    )


def _identity_payload(profile: Profile, identity_uuid: str) -> Payload:
    # Apple compares UUIDs without regard to case.
    wanted = identity_uuid.upper()
    found = next((payload for payload in profile.payloads if payload.uuid.upper() == wanted), None)
    if found is None:
        raise ProfileError("profile.malformed", "expected a payload with the UUID that IdentityCertificateUUID names")
    if found.type != SCEP:
        kind = "ACME" if found.type == ACME else excerpt(found.type)
        raise ProfileError("profile.unsupported", f"expected an identity by SCEP, found {kind}, which is not supported")
    return found


def _read(reader: Callable[[Payload], _Settings], payload: Payload) -> _Settings:
    try:
        return reader(payload)
    except SchemaError as error:
        raise ProfileError("profile.malformed", f"{payload.type}: {error.detail}") from error
