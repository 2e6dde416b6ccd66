"""What the person holding an Android can do with it and no iPhone knows."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScanCode:
    """Tap six times on the welcome screen and hold a provisioning code before the camera."""

    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProveAccount:
    """Sign in with an account from before the reset, as factory reset protection asks."""

    account: str


@dataclass(frozen=True, slots=True)
class FactoryReset:
    """Reset the device: in Settings, or by holding buttons (`recovery`) where Settings cannot be reached."""

    recovery: bool = False


@dataclass(frozen=True, slots=True)
class UnpinHub:
    """Try to get out of a Hub that could not enrol by itself and keeps the screen."""

    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AllowIdentifiers:
    """Let the agent in the work profile read serial number and IMEI."""


AndroidAction = ScanCode | ProveAccount | FactoryReset | UnpinHub | AllowIdentifiers
