"""Configuration profiles: built, signed, opened, understood.

https://developer.apple.com/documentation/devicemanagement/toplevel and …/commonpayloadkeys
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509

from certs import signed_data, signed_data_fast
from certs.errors import CertsError, ChainError
from certs.identity import Identity
from certs.trust import Purpose, verify_chain
from mdm_server.wire.errors import PlistError, ProfileError, SchemaError, excerpt
from mdm_server.wire.keys import Key, Kind, read_keys, write_keys
from mdm_server.wire.plist import PROFILE, PlistDict, loads_dict

CONFIGURATION = "Configuration"
"""The PayloadType of a profile itself."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload of a profile: its type, identity and own keys."""

    type: str
    identifier: str
    uuid: str
    display_name: str | None = None
    version: int = 1
    content: Mapping[str, Any] = field(default_factory=dict)
    """The payload's own keys: all but the ones that every payload has."""

    def to_plist(self) -> PlistDict:
        """Write the payload's dictionary."""
        return write_keys(_PAYLOAD_KEYS, self) | dict(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A configuration profile. `raw` is the profile as it was read, without its signature."""

    identifier: str
    uuid: str
    display_name: str | None = None
    organization: str | None = None
    description: str | None = None
    payloads: tuple[Payload, ...] = ()
    removal_disallowed: bool = False
    scope: str | None = None
    removal_date: datetime | None = None
    duration_until_removal: float | None = None
    raw: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class OpenedProfile:
    """A profile taken out of its envelope."""

    profile: Profile
    signer: x509.Certificate | None

    @property
    def signed(self) -> bool:
        """Whether somebody signed it."""
        return self.signer is not None


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """The property list inside an envelope, before anybody asks what it is."""

    content: bytes
    signer: x509.Certificate | None


_PAYLOAD_KEYS = (
    Key("type", "PayloadType", required=True),
    Key("version", "PayloadVersion", Kind.INTEGER),
    Key("identifier", "PayloadIdentifier", required=True),
    Key("uuid", "PayloadUUID", required=True),
    Key("display_name", "PayloadDisplayName"),
)
_PROFILE_KEYS = (
    Key("identifier", "PayloadIdentifier", required=True),
    Key("uuid", "PayloadUUID", required=True),
    Key("display_name", "PayloadDisplayName"),
    Key("organization", "PayloadOrganization"),
    Key("description", "PayloadDescription"),
    Key("removal_disallowed", "PayloadRemovalDisallowed", Kind.FLAG),
    Key("scope", "PayloadScope"),
    Key("removal_date", "RemovalDate", Kind.DATE),
    Key("duration_until_removal", "DurationUntilRemoval", Kind.REAL),
)
_COMMON_NAMES = {key.name for key in _PAYLOAD_KEYS}
_SCOPES = {None, "System", "User"}


def build_profile(profile: Profile) -> PlistDict:
    """Write a profile as the dictionary a device installs; ProfileError for two payloads with one UUID."""
    _check(profile)
    payloads = [payload.to_plist() for payload in profile.payloads]
    top = {"PayloadType": CONFIGURATION, "PayloadVersion": 1, "PayloadContent": payloads}
    return top | write_keys(_PROFILE_KEYS, profile)


def parse_profile(data: bytes) -> Profile:
    """Read an unsigned profile (ProfileError `profile.malformed`)."""
    try:
        return profile_from_plist(loads_dict(data, limits=PROFILE), raw=data)
    except PlistError as error:
        raise ProfileError("profile.malformed", str(error), error.position) from error
    except SchemaError as error:
        raise ProfileError("profile.malformed", error.detail) from error


def profile_from_plist(payload: Mapping[str, Any], raw: bytes = b"") -> Profile:
    """Read a profile's dictionary (SchemaError, ProfileError)."""
    if payload.get("IsEncrypted") is True:
        raise ProfileError("profile.unsupported", "expected a profile that is not encrypted")
    if payload.get("PayloadType") != CONFIGURATION:
        raise SchemaError(f"expected {CONFIGURATION} as PayloadType, found {excerpt(payload.get('PayloadType'))}")
    contents = payload.get("PayloadContent", [])
    if not isinstance(contents, list) or not all(isinstance(content, dict) for content in contents):
        raise SchemaError("expected an array of dictionaries as PayloadContent")
    keys = {name: value for name, value in read_keys(_PROFILE_KEYS, payload).items() if value is not None}
    profile = Profile(payloads=tuple(map(_payload, contents)), raw=raw, **keys)
    _check(profile)
    return profile


def _payload(payload: PlistDict) -> Payload:
    keys = read_keys(_PAYLOAD_KEYS, payload)
    keys["version"] = 1 if keys["version"] is None else keys["version"]
    return Payload(**keys, content={name: value for name, value in payload.items() if name not in _COMMON_NAMES})


def _check(profile: Profile) -> None:
    # A device tells payloads apart by UUID, and an MDM payload names its identity by one.
    repeated = [uuid for uuid, count in Counter(payload.uuid for payload in profile.payloads).items() if count > 1]
    if repeated or profile.uuid in {payload.uuid for payload in profile.payloads}:
        found = repeated[0] if repeated else profile.uuid
        raise ProfileError("profile.malformed", f"expected each PayloadUUID once, found {excerpt(found)} again")
    if profile.scope not in _SCOPES:
        raise ProfileError("profile.malformed", f"expected System or User as scope, found {excerpt(profile.scope)}")


def sign_profile(xml: bytes, signer: Identity, when: datetime) -> bytes:
    """Sign a profile: CMS with the profile inside and the signer's chain beside it."""
    return signed_data.sign(xml, signer, when=when)


def open_profile(
    data: bytes,
    *,
    roots: Sequence[x509.Certificate] | None,
    at: datetime,
    digests: frozenset[str] = signed_data.SHA2,
) -> OpenedProfile:
    """Take a profile, signed or not, out of its envelope.

    With `roots` given, a signer must chain to one of them at the time `at` (`profile.untrusted`); None means that any
    valid signature will do. A signature that does not verify is `profile.signature` in either case. Whether an unsigned
    profile is good enough is for the caller to say.
    """
    document = open_document(data, roots=roots, at=at, digests=digests)
    return OpenedProfile(parse_profile(document.content), document.signer)


def open_document(
    data: bytes,
    *,
    roots: Sequence[x509.Certificate] | None,
    at: datetime,
    digests: frozenset[str] = signed_data.SHA2,
) -> OpenedDocument:
    """Take any property list, signed or not, out of its envelope; see `open_profile`."""
    if data[:64].lstrip().startswith((b"<", b"bplist", b"\xef\xbb\xbf<")):
        return OpenedDocument(data, None)
    if len(data) > PROFILE.max_bytes:
        raise ProfileError("profile.malformed", f"expected at most {PROFILE.max_bytes} bytes, found {len(data)}")
    try:
        signed = signed_data_fast.verify(data, digests=digests, max_bytes=PROFILE.max_bytes)
    except CertsError as error:
        raise ProfileError("profile.signature", f"expected a plist, or CMS that verifies ({error})") from error
    if roots is not None:
        try:
            verify_chain(signed.signer, intermediates=signed.certificates, roots=roots, at=at, purpose=Purpose.SIGNING)
        except ChainError as error:
            raise ProfileError("profile.untrusted", f"expected a signer that is trusted ({error})") from error
    return OpenedDocument(signed.content, signed.signer)
