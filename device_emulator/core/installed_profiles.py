"""The configuration profiles on a device: installed, replaced, removed, and who may do so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from device_emulator.core import effects
from device_emulator.core.sharing import shared
from mdm_server.wire.mobileconfig import Payload, Profile

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class InstalledPayload:
    """What a device remembers of a payload; `content` is kept only where it has an effect."""

    type: str
    identifier: str
    uuid: str
    display_name: str | None = None
    version: int = 1
    content: Mapping[str, Any] = field(default_factory=lambda: NOTHING, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledProfile:
    """What a device remembers of a profile. `signers` are the certificates that signed it, in DER."""

    identifier: str
    uuid: str
    display_name: str | None = None
    organization: str | None = None
    description: str | None = None
    payloads: tuple[InstalledPayload, ...] = ()
    removal_disallowed: bool = False
    removal_date: datetime | None = None
    is_managed: bool = False
    signers: tuple[bytes, ...] = ()

    @property
    def manages_the_device(self) -> bool:
        """Say whether this is the profile by which the device is enrolled."""
        return any(payload.type == effects.MDM for payload in self.payloads)

    def contents(self, payload_type: str) -> Iterator[Mapping[str, Any]]:
        """Return the contents of all payloads of a type."""
        return (payload.content for payload in self.payloads if payload.type == payload_type)


def remembered(profile: Profile, *, managed: bool, signers: tuple[bytes, ...], at: datetime) -> InstalledProfile:
    """Return what a device keeps of a profile that it installs at the moment `at`."""
    removal_date = profile.removal_date
    if removal_date is None and profile.duration_until_removal is not None:
        removal_date = at + timedelta(seconds=profile.duration_until_removal)
    return InstalledProfile(
        identifier=shared(profile.identifier),
        uuid=shared(profile.uuid),
        display_name=shared(profile.display_name),
        organization=shared(profile.organization),
        description=shared(profile.description),
        payloads=tuple(_remembered_payload(payload) for payload in profile.payloads),
        removal_disallowed=profile.removal_disallowed,
        removal_date=removal_date,
        is_managed=managed,
        signers=shared(signers),
    )


def _remembered_payload(payload: Payload) -> InstalledPayload:
    return shared(
        InstalledPayload(
            type=payload.type,
            identifier=payload.identifier,
            uuid=payload.uuid,
            display_name=payload.display_name,
            version=payload.version,
            content=payload.content if payload.type in effects.EFFECTIVE_TYPES else NOTHING,
        )
    )


class InstalledProfiles:
    """All profiles of one device, in the order in which they were first installed."""

    __slots__ = ("_profiles",)

    def __init__(self) -> None:
        self._profiles: tuple[InstalledProfile, ...] = ()

    def __iter__(self) -> Iterator[InstalledProfile]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)

    def find(self, identifier: str) -> InstalledProfile | None:
        """Return the profile with that identifier."""
        return next((profile for profile in self._profiles if profile.identifier == identifier), None)

    @property
    def management(self) -> InstalledProfile | None:
        """The profile by which the device is enrolled."""
        return next((profile for profile in self._profiles if profile.manages_the_device), None)

    def install(self, profile: InstalledProfile) -> InstalledProfile | None:
        """Put a profile on the device, in place of the one with the same identifier, which is returned."""
        before = self.find(profile.identifier)
        if before is None:
            self._profiles += (profile,)
        else:
            self._profiles = tuple(profile if each is before else each for each in self._profiles)
        return before

    def remove(self, identifier: str) -> InstalledProfile | None:
        """Take a profile off the device, and return it; None where there is none such."""
        gone = self.find(identifier)
        self._profiles = tuple(profile for profile in self._profiles if profile is not gone)
        return gone

    def expired(self, now: datetime) -> tuple[InstalledProfile, ...]:
        """Return the profiles whose RemovalDate has come."""
        return tuple(each for each in self._profiles if each.removal_date is not None and each.removal_date <= now)

    @property
    def next_removal(self) -> datetime | None:
        """When the next profile removes itself."""
        return min((each.removal_date for each in self._profiles if each.removal_date is not None), default=None)

    @property
    def passcode_policy(self) -> effects.PasscodePolicy:
        """What a passcode must be like."""
        return effects.strictest(
            content for profile in self._profiles for content in profile.contents(effects.PASSCODE_POLICY)
        )

    def restrictions(self, *, managed_only: bool = False) -> dict[str, Any]:
        """Return the restrictions in force."""
        return effects.most_restrictive(
            content
            for profile in self._profiles
            if profile.is_managed or not managed_only
            for content in profile.contents(effects.RESTRICTIONS)
        )
