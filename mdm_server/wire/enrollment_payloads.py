"""The payloads of an enrolment profile, one by one: SCEP, MDM, and the roots a device is told to trust.

https://developer.apple.com/documentation/devicemanagement/scep, …/mdm and …/certificateroot
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from mdm_server.wire.errors import ProfileError, SchemaError, excerpt
from mdm_server.wire.keys import Key, Kind, read_keys, write_keys
from mdm_server.wire.mobileconfig import Payload, Profile
from mdm_server.wire.plist import PlistDict

SubjectArray: TypeAlias = tuple[tuple[tuple[str, str], ...], ...]
"""An X.500 name as Apple writes it: a sequence of RDNs, each a sequence of (type, value) pairs."""

ALL_ACCESS_RIGHTS = 8191
"""Every right Apple defines (the sum of the thirteen bits 1 to 4096)."""

SCEP = "com.apple.security.scep"
ACME = "com.apple.security.acme"
MDM = "com.apple.mdm"
ROOT = "com.apple.security.root"
# mdmb aborts on any other attribute ("unhandled OID in SCEP payload").
_SUBJECT_TYPES = frozenset({"C", "L", "ST", "O", "OU", "CN"})
# Access rights that make no sense without another: to change, one must be able to look (com.apple.mdm, AccessRights).
_IMPLIED_RIGHTS = {2: 1, 128: 64}


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
    """1 to sign, 4 to encrypt, 5 for both; 0 leaves it open."""
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


_SCEP_KEYS = (
    Key("url", "URL", required=True),
    Key("challenge", "Challenge"),
    Key("name", "Name"),
    Key("key_size", "Keysize", Kind.INTEGER),
    Key("key_type", "Key Type"),
    Key("key_usage", "Key Usage", Kind.INTEGER),
    Key("ca_fingerprint", "CAFingerprint", Kind.DATA),
    Key("retries", "Retries", Kind.INTEGER),
    Key("retry_delay", "RetryDelay", Kind.INTEGER),
)
_MDM_KEYS = (
    Key("server_url", "ServerURL", required=True),
    Key("check_in_url", "CheckInURL"),
    Key("topic", "Topic", required=True),
    Key("identity_certificate_uuid", "IdentityCertificateUUID", required=True),
    Key("access_rights", "AccessRights", Kind.INTEGER),
    Key("sign_message", "SignMessage", Kind.FLAG),
    Key("check_out_when_removed", "CheckOutWhenRemoved", Kind.FLAG),
    Key("use_development_apns", "UseDevelopmentAPNS", Kind.FLAG),
)
# What Apple's schema says is meant where the key is absent.
_SCEP_DEFAULTS = {"key_size": 1024, "key_type": "RSA", "key_usage": 0, "retries": 3, "retry_delay": 10}
_MDM_DEFAULTS = {
    "access_rights": 0,
    "sign_message": False,
    "check_out_when_removed": False,
    "use_development_apns": False,
}


def scep_payload(settings: ScepSettings, *, identifier: str, profile_uuid: str) -> Payload:
    """Build the SCEP payload, such that every client we know can use it."""
    _check_url(settings.url, "the SCEP URL")
    if urlsplit(settings.url).query or settings.url.endswith("?"):
        # mdmb appends "?" to whatever is there, and so its own parameters become part of the last value.
        raise _malformed("expected a SCEP URL without query; put what it says into the path")
    if not settings.challenge:
        raise _malformed("expected a challenge; a client such as Fleet's refuses a SCEP payload without one")
    if unknown := {kind for rdn in settings.subject for kind, _ in rdn} - _SUBJECT_TYPES:
        raise _malformed(f"expected a subject of {', '.join(sorted(_SUBJECT_TYPES))}; found {excerpt(min(unknown))}")
    content = write_keys(_SCEP_KEYS, settings)
    content["Subject"] = [[list(pair) for pair in rdn] for rdn in settings.subject]
    return Payload(
        SCEP,
        settings.payload_identifier or f"{identifier}.scep",
        settings.payload_uuid or _derived_uuid(profile_uuid, SCEP),
        "Device identity",
        content={"PayloadContent": content},
    )


def mdm_payload(settings: MdmSettings, *, identity_uuid: str, identifier: str, profile_uuid: str) -> Payload:
    """Build the MDM payload, which uses the identity that the payload with `identity_uuid` brings."""
    _check_url(settings.server_url, "ServerURL")
    if settings.check_in_url is not None:
        _check_url(settings.check_in_url, "CheckInURL")
    if not settings.topic:
        raise _malformed("expected a topic, found none")
    if not 0 < settings.access_rights <= ALL_ACCESS_RIGHTS:
        raise _malformed(f"expected access rights from 1 to {ALL_ACCESS_RIGHTS}, found {settings.access_rights}")
    for right, needed in _IMPLIED_RIGHTS.items():
        if settings.access_rights & right and not settings.access_rights & needed:
            raise _malformed(f"expected access right {needed} beside {right}, found {settings.access_rights}")
    if settings.identity_certificate_uuid not in {"", identity_uuid}:
        raise _malformed("expected IdentityCertificateUUID to be the SCEP payload's UUID")
    content = write_keys(_MDM_KEYS, settings) | {"IdentityCertificateUUID": identity_uuid}
    if settings.server_capabilities:
        content["ServerCapabilities"] = list(settings.server_capabilities)
    return Payload(MDM, f"{identifier}.mdm", _derived_uuid(profile_uuid, MDM), "Device management", content=content)


def root_payload(certificate: bytes, *, number: int, identifier: str, profile_uuid: str) -> Payload:
    """Build the payload that makes a device trust a root certificate."""
    return Payload(
        ROOT,
        f"{identifier}.root.{number}",
        _derived_uuid(profile_uuid, f"{ROOT}.{number}"),
        "Certificate authority",
        content={"PayloadContent": certificate},
    )


def read_scep(payload: Payload) -> ScepSettings:
    """Read a SCEP payload of any server (SchemaError)."""
    content = payload.content.get("PayloadContent")
    if not isinstance(content, dict):
        raise SchemaError("expected a dictionary as PayloadContent of the SCEP payload")
    if "KeySize" in content:  # Apple writes Keysize; some servers do not
        content = {"Keysize": content["KeySize"]} | content
    return ScepSettings(
        **_with_defaults(_SCEP_KEYS, content, _SCEP_DEFAULTS),
        subject=_subject(content.get("Subject", [])),
        payload_uuid=payload.uuid,
        payload_identifier=payload.identifier,
    )


def read_mdm(payload: Payload) -> MdmSettings:
    """Read an MDM payload of any server (SchemaError)."""
    capabilities = payload.content.get("ServerCapabilities", [])
    if not isinstance(capabilities, list) or not all(isinstance(capability, str) for capability in capabilities):
        raise SchemaError("expected an array of strings as ServerCapabilities")
    return MdmSettings(
        **_with_defaults(_MDM_KEYS, payload.content, _MDM_DEFAULTS), server_capabilities=tuple(capabilities)
    )


def only_payload(profile: Profile, payload_type: str) -> Payload:
    """Find the one payload of a type; ProfileError when there is none, or a second."""
    found = [payload for payload in profile.payloads if payload.type == payload_type]
    if len(found) != 1:
        raise _malformed(f"expected exactly one {payload_type} payload, found {len(found)}")
    return found[0]


def _with_defaults(keys: tuple[Key, ...], content: Mapping[str, Any], defaults: PlistDict) -> PlistDict:
    return {name: defaults.get(name) if value is None else value for name, value in read_keys(keys, content).items()}


def _subject(names: object) -> SubjectArray:
    try:
        subject = tuple(tuple((kind, value) for kind, value in rdn) for rdn in names)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise SchemaError("expected an array of arrays of pairs as Subject") from error
    if not all(isinstance(text, str) for rdn in subject for pair in rdn for text in pair):
        raise SchemaError("expected strings in Subject")
    return subject


def _check_url(url: str, what: str) -> None:
    # Apple wants https; plain HTTP is for the tools that know no better, and whether to serve it is not ours to say.
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _malformed(f"expected {what} to be a URL ({error})") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise _malformed(f"expected {what} to start with https://host, found {excerpt(url)}")


def _derived_uuid(profile_uuid: str, name: str) -> str:
    """Make a payload's UUID out of its profile's, so that one random number is enough and two builds are equal."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{profile_uuid}/{name}")).upper()


def _malformed(detail: str) -> ProfileError:
    return ProfileError("profile.malformed", detail)
