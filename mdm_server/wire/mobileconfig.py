"""Configuration profiles: built, signed, opened, understood.

https://developer.apple.com/documentation/devicemanagement/toplevel and …/commonpayloadkeys
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mdm_server.wire.plist import PlistDict

if TYPE_CHECKING:
    from cryptography import x509

    from certs.identity import Identity


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload of a profile: its type, identity and own keys."""

    type: str
    identifier: str
    uuid: str
    display_name: str | None = None
    version: int = 1
    content: Mapping[str, Any] = field(default_factory=dict)
    """The payload's own keys, those that start with `Payload` and are common to all left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A configuration profile."""

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


def build_profile(profile: Profile) -> PlistDict:
    """Write a profile as the dictionary a device installs; ProfileError for two payloads with one UUID."""
    raise NotImplementedError


def parse_profile(data: bytes) -> Profile:
    """Read an unsigned profile (ProfileError `profile.malformed`)."""
    raise NotImplementedError


def sign_profile(xml: bytes, signer: Identity, when: datetime) -> bytes:
    """Sign a profile: CMS with the profile inside and the signer's chain beside it."""
    raise NotImplementedError


def open_profile(data: bytes, *, roots: Sequence[x509.Certificate] | None, at: datetime) -> OpenedProfile:
    """Take a profile, signed or not, out of its envelope.

    With `roots` given, a signer must chain to one of them at the time `at` (`profile.untrusted`); None means that any
    valid signature will do. A signature that does not verify is `profile.signature` in either case.
    """
    raise NotImplementedError
