"""Where a command, or one of its keys, exists and who may use it: the vocabulary of the command table's conditions.

A row of the table says only what differs from the plain case. The plain case is: from the first version of the platform
on, no access right, no supervision, the device channel, and user enrolment allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Flag, IntFlag, StrEnum, auto
from types import MappingProxyType
from typing import TypedDict, Unpack


class Platform(StrEnum):
    """The operating systems Apple's schema tells apart. iPadOS counts as iOS there, and so it does here."""

    IOS = "iOS"
    MACOS = "macOS"
    TVOS = "tvOS"
    VISIONOS = "visionOS"
    WATCHOS = "watchOS"


class AccessRight(IntFlag):
    """The bits of `AccessRights` in the MDM payload (com.apple.mdm, key AccessRights)."""

    INSPECT_PROFILES = 1
    CHANGE_PROFILES = 2
    LOCK_AND_PASSCODE = 4
    ERASE = 8
    QUERY_DEVICE = 16
    QUERY_NETWORK = 32
    INSPECT_PROVISIONING = 64
    CHANGE_PROVISIONING = 128
    INSPECT_APPLICATIONS = 256
    QUERY_RESTRICTIONS = 512
    QUERY_SECURITY = 1024
    CHANGE_SETTINGS = 2048
    MANAGE_APPLICATIONS = 4096


NO_RIGHT = AccessRight(0)
ALL_RIGHTS = AccessRight(8191)


class Channel(Flag):
    """Whom a command addresses: the device itself, or one user of it."""

    DEVICE = auto()
    USER = auto()
    BOTH = DEVICE | USER


class Mode(StrEnum):
    """What a special way of enrolling (user enrolment, Shared iPad) means for a command or a key."""

    ALLOWED = "allowed"
    REQUIRED = "required"
    FORBIDDEN = "forbidden"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class SharedIPad:
    """How a command behaves on a Shared iPad: whether it works there, and on which channel."""

    mode: Mode
    channels: Channel = Channel.DEVICE


FORBIDDEN = Mode.FORBIDDEN
NOT_SHARED = SharedIPad(Mode.FORBIDDEN)
SHARED = SharedIPad(Mode.ALLOWED)
SHARED_BOTH = SharedIPad(Mode.ALLOWED, Channel.BOTH)
SHARED_USER = SharedIPad(Mode.ALLOWED, Channel.USER)
ONLY_SHARED = SharedIPad(Mode.REQUIRED)
SHARED_IGNORES = SharedIPad(Mode.IGNORED)


@dataclass(frozen=True, slots=True)
class PlatformSupport:
    """Everything one platform demands before it runs a command (or knows a key of it)."""

    introduced: str = "1.0"
    deprecated: str | None = None
    removed: str | None = None
    access_rights: AccessRight = NO_RIGHT
    supervised: bool = False
    channels: Channel = Channel.DEVICE
    requires_dep: bool = False
    user_enrollment: Mode = Mode.ALLOWED
    shared_ipad: SharedIPad = SHARED

    @property
    def device_channel(self) -> bool:
        """Whether the device channel carries it."""
        return Channel.DEVICE in self.channels

    @property
    def user_channel(self) -> bool:
        """Whether a user channel carries it."""
        return Channel.USER in self.channels


class Conditions(TypedDict, total=False):
    """What a row may say about a platform; the words are those of `PlatformSupport`, shortened."""

    until: str
    removed: str
    rights: AccessRight
    supervised: bool
    channels: Channel
    dep: bool
    user_enrollment: Mode
    shared: SharedIPad


@dataclass(frozen=True, slots=True)
class Difference:
    """How one platform departs from what it would otherwise inherit; `never` means it lacks the thing altogether."""

    introduced: str | None = None
    conditions: Conditions = field(default_factory=Conditions)
    never: bool = False

    def applied_to(self, inherited: PlatformSupport) -> PlatformSupport:
        """Return the inherited support with this difference laid over it."""
        said = self.conditions
        return replace(
            inherited,
            introduced=self.introduced or inherited.introduced,
            deprecated=said.get("until", inherited.deprecated),
            removed=said.get("removed", inherited.removed),
            access_rights=said.get("rights", inherited.access_rights),
            supervised=said.get("supervised", inherited.supervised),
            channels=said.get("channels", inherited.channels),
            requires_dep=said.get("dep", inherited.requires_dep),
            user_enrollment=said.get("user_enrollment", inherited.user_enrollment),
            shared_ipad=said.get("shared", inherited.shared_ipad),
        )


NEVER = Difference(never=True)


def since(introduced: str | None = None, **conditions: Unpack[Conditions]) -> Difference:
    """Say from which version on, and under which conditions, one platform has the thing."""
    return Difference(introduced, conditions)


class ByPlatform(Conditions, total=False):
    """Conditions for all platforms together, and differences platform by platform (a bare version is `since` it)."""

    iOS: Difference | str
    macOS: Difference | str
    tvOS: Difference | str
    visionOS: Difference | str
    watchOS: Difference | str


@dataclass(frozen=True, slots=True)
class Availability:
    """Where a thing is found: what holds everywhere, what differs by platform, and whether others have it at all."""

    everywhere: Difference = field(default_factory=Difference)
    differences: Mapping[Platform, Difference] = field(default_factory=lambda: MappingProxyType({}))
    others_too: bool = True

    def needing(self, right: AccessRight) -> Availability:
        """Return the same availability, with an access right that is needed wherever no other is named."""
        conditions = Conditions(**self.everywhere.conditions)
        conditions.setdefault("rights", right)
        return replace(self, everywhere=Difference(self.everywhere.introduced, conditions))

    def within(self, inherited: Mapping[Platform, PlatformSupport]) -> Mapping[Platform, PlatformSupport]:
        """Return the platforms that have the thing, given what its command (or the key around it) has."""
        found: dict[Platform, PlatformSupport] = {}
        for platform, support in inherited.items():
            difference = self.differences.get(platform)
            if (difference is None and not self.others_too) or (difference is not None and difference.never):
                continue
            here = self.everywhere.applied_to(support)
            found[platform] = here if difference is None else difference.applied_to(here)
        return MappingProxyType(found)


_PLATFORM_WORDS = frozenset(platform.value for platform in Platform)
EVERYWHERE = Availability()
EVERY_PLATFORM: Mapping[Platform, PlatformSupport] = MappingProxyType({each: PlatformSupport() for each in Platform})


def only(**places: Unpack[ByPlatform]) -> Availability:
    """Say that only the named platforms have the thing, since when, and under which conditions."""
    return _availability(places, others_too=False)


def where(**places: Unpack[ByPlatform]) -> Availability:
    """Say how the named platforms differ; those not named are as the command itself."""
    return _availability(places, others_too=True)


def _availability(places: ByPlatform, *, others_too: bool) -> Availability:
    platforms: dict[Platform, Difference] = {}
    everywhere = Conditions()
    for word, said in places.items():
        if word in _PLATFORM_WORDS:
            platforms[Platform(word)] = Difference(said) if isinstance(said, str) else said  # type: ignore[assignment]
        else:
            everywhere[word] = said  # type: ignore[literal-required]
    return Availability(Difference(None, everywhere), MappingProxyType(platforms), others_too)
