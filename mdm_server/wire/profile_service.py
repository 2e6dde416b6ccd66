"""Over-the-air enrolment: the profile service's documents, in three phases.

https://developer.apple.com/library/archive/documentation/NetworkingInternet/Conceptual/iPhoneOTAConfiguration/
Phase 1: the server sends a signed profile that asks for device attributes. Phase 2: the device posts them, signed by
its vendor's certificate, and gets an unsigned profile with a SCEP payload. Phase 3: it posts them again, signed by
the certificate it got, and receives the signed enrolment profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from mdm_server.wire.enrollment_payloads import SCEP, ScepSettings, only_payload, read_scep, scep_payload
from mdm_server.wire.errors import PlistError, ProfileError, SchemaError, excerpt
from mdm_server.wire.keys import Key, read_keys, write_keys
from mdm_server.wire.mobileconfig import Profile, build_profile
from mdm_server.wire.plist import PROFILE, PlistDict, loads_dict

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
        content: PlistDict = {"URL": self.url, "DeviceAttributes": list(self.device_attributes)}
        if self.challenge is not None:
            content["Challenge"] = self.challenge
        top: PlistDict = {"PayloadType": PROFILE_SERVICE, "PayloadVersion": 1, "PayloadContent": content}
        return top | write_keys(_KEYS, self)


@dataclass(frozen=True, slots=True)
class DeviceAttributes:
    """Phases 2 and 3, the device's part: attributes by Apple's names, and the challenge if there was one."""

    values: Mapping[str, Any] = field(default_factory=dict)
    challenge: str | None = None

    def to_plist(self) -> PlistDict:
        """Write the document; the challenge goes in as CHALLENGE."""
        return dict(self.values) | ({} if self.challenge is None else {"CHALLENGE": self.challenge})

    def text(self, name: str) -> str | None:
        """Return an attribute such as UDID, or None where it was not sent (SchemaError where it is no text)."""
        return cast("str | None", Key(name, name).read(self.values))


_KEYS = (
    Key("identifier", "PayloadIdentifier", required=True),
    Key("uuid", "PayloadUUID", required=True),
    Key("display_name", "PayloadDisplayName"),
    Key("organization", "PayloadOrganization"),
)
_CONTENT_KEYS = (Key("url", "URL", required=True), Key("challenge", "Challenge"))
_CHALLENGE = Key("challenge", "CHALLENGE")


def parse_profile_service(data: bytes) -> ProfileService:
    """Read phase 1's document, out of its envelope (ProfileError)."""
    try:
        return _profile_service(loads_dict(data, limits=PROFILE))
    except PlistError as error:
        raise ProfileError("profile.malformed", str(error), error.position) from error
    except SchemaError as error:
        raise ProfileError("profile.malformed", error.detail) from error


def _profile_service(payload: PlistDict) -> ProfileService:
    if payload.get("PayloadType") != PROFILE_SERVICE:
        raise SchemaError(f"expected {PROFILE_SERVICE} as PayloadType, found {excerpt(payload.get('PayloadType'))}")
    content = payload.get("PayloadContent")
    if not isinstance(content, dict):
        raise SchemaError("expected a dictionary as PayloadContent")
    attributes = content.get("DeviceAttributes", [])
    if not isinstance(attributes, list) or not all(isinstance(attribute, str) for attribute in attributes):
        raise SchemaError("expected an array of strings as DeviceAttributes")
    return ProfileService(
        **read_keys(_KEYS, payload), **read_keys(_CONTENT_KEYS, content), device_attributes=tuple(attributes)
    )


def parse_device_attributes(payload: Mapping[str, Any]) -> DeviceAttributes:
    """Read a device's answer (SchemaError)."""
    values = {name: value for name, value in payload.items() if name != _CHALLENGE.name}
    return DeviceAttributes(values, _CHALLENGE.read(payload))


def build_scep_profile(scep: ScepSettings, *, identifier: str, uuid: str, display_name: str) -> PlistDict:
    """Phase 2, the server's part: a profile with nothing but a SCEP payload."""
    payload = scep_payload(scep, identifier=identifier, profile_uuid=uuid)
    return build_profile(Profile(identifier=identifier, uuid=uuid, display_name=display_name, payloads=(payload,)))


def read_scep_profile(profile: Profile) -> ScepSettings:
    """Find the SCEP payload of phase 2's profile (ProfileError)."""
    try:
        return read_scep(only_payload(profile, SCEP))
    except SchemaError as error:
        raise ProfileError("profile.malformed", error.detail) from error
