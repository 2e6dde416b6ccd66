"""One virtual device and the person holding it, sans-I/O: happenings in, requests and events out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa

from device_emulator.core.events import Event
from device_emulator.core.hardware import Hardware
from device_emulator.core.messages import Happening, Request
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings
from device_emulator.core.states import LifeState, LockState, PowerState

Clock = Callable[[], datetime]


class KeySource(Protocol):
    """Where RSA keys come from that were made beforehand (`certs.key_pool`)."""

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return key number `index`, always the same."""
        ...


class Device:
    """One device. Feed it with `handle`, send what `requests` returns, and wake it at `deadline`.

    A device is not safe for concurrent use: one task touches it at a time. `handle` may take milliseconds (RSA).
    """

    def __init__(
        self,
        hardware: Hardware,
        settings: DeviceSettings,
        *,
        clock: Clock,
        randomness: Randomness,
        key_source: KeySource | None = None,
    ) -> None:
        self.hardware = hardware
        self.settings = settings
        self.clock = clock
        self.randomness = randomness
        self.key_source = key_source
        self.life = LifeState.SETUP_ASSISTANT
        self.lock = LockState.UNLOCKED
        self.power = PowerState.ON

    def handle(self, happening: Happening) -> None:
        """Take in one happening. Then collect `requests` and `events` and look at `deadline`."""
        raise NotImplementedError

    def requests(self) -> list[Request]:
        """Return, once, what the device wants to be sent now: no request or one."""
        raise NotImplementedError

    def events(self) -> list[Event]:
        """Return, once, what could be seen since the last call."""
        raise NotImplementedError

    @property
    def deadline(self) -> datetime | None:
        """When the device wants `TimePassed`, or None."""
        raise NotImplementedError

    @property
    def push_token(self) -> bytes | None:
        """The token the device announced and listens on; None while it is not enrolled."""
        raise NotImplementedError

    @property
    def push_magic(self) -> str | None:
        """The magic a push must carry; None while it is not enrolled."""
        raise NotImplementedError

    @property
    def is_reachable(self) -> bool:
        """Say whether the device runs and can be reached by a push."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, object]:
        """Return everything the device would need to go on tomorrow, in plain JSON types; contains its private key."""
        raise NotImplementedError

    @classmethod
    def restore(
        cls,
        snapshot: Mapping[str, object],
        settings: DeviceSettings,
        *,
        clock: Clock,
        randomness: Randomness,
        key_source: KeySource | None = None,
    ) -> Device:
        """Return the device that `snapshot` describes."""
        raise NotImplementedError
