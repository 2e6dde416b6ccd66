"""Fixtures for one device and a server of a few lines."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.authority import Authority
from device_emulator.core.device import Device
from device_emulator.core.hardware import draw_hardware
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings
from rigs.play_apple import APPLE, PlayApple
from rigs.play_server import LINK, MovingClock, PlayServer, play

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


class Keys:
    """A key source of a few keys, which repeat."""

    kind = "pool"

    def __init__(self, keys: list[rsa.RSAPrivateKey]) -> None:
        self._keys = keys

    def key(self, index: int) -> rsa.RSAPrivateKey:
        """Return key number `index`."""
        return self._keys[index % len(self._keys)]


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Return an authority for the whole session."""
    return Authority.create(clock=lambda: NOON, random_bytes=random.Random(1).randbytes)


@pytest.fixture
def moving(now: datetime) -> MovingClock:
    """Return a clock that a test moves."""
    return MovingClock(now)


@pytest.fixture
def server(authority: Authority, moving: MovingClock) -> PlayServer:
    """Return the server."""
    return PlayServer(authority, moving)


@pytest.fixture
def make_apple(server: PlayServer, authority: Authority) -> Callable[..., PlayApple]:
    """Return a maker of Apples whose organization wants devices managed; the fields of its DEP profile go by name."""

    def make(**profile: Any) -> PlayApple:
        return PlayApple(server, authority, **{"is_mandatory": True, **profile})

    return make


@pytest.fixture
def apple(make_apple: Callable[..., PlayApple]) -> PlayApple:
    """Return such an Apple, with a DEP profile that says no more than that."""
    return make_apple()


@pytest.fixture
def nobodys(apple: PlayApple) -> PlayApple:
    """Return an Apple that knows of no organization."""
    apple.profile = None
    return apple


@pytest.fixture
def boxed(make_device: Callable[..., Device]) -> Device:
    """Return device 17, fresh from its box, in a world where Apple can be asked whose it is."""
    return make_device(apple=APPLE)


@pytest.fixture
def make_device(moving: MovingClock, rsa_keys: list[rsa.RSAPrivateKey], authority: Authority) -> Callable[..., Device]:
    """Return a maker of devices; settings go by name."""

    def make(number: int = 17, seed: int = 1, **settings: Any) -> Device:
        randomness = Randomness(seed, number)
        chosen = DeviceSettings(**{"profile_roots": (authority.root.certificate,), **settings})
        return Device(draw_hardware(randomness), chosen, clock=moving, randomness=randomness, key_source=Keys(rsa_keys))

    return make


@pytest.fixture
def device(make_device: Callable[..., Device]) -> Device:
    """Return device 17 with the usual settings, fresh from its box."""
    return make_device()


@pytest.fixture
def enrolled(device: Device, server: PlayServer) -> Device:
    """Return device 17, enrolled."""
    play(device, server, LINK)
    assert device.push_token is not None
    return device
