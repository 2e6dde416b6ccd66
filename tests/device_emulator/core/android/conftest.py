"""Fixtures for one Android and a server of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from device_emulator.core.actions import HubEnroll
from device_emulator.core.android.actions import ScanCode
from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.android.hardware import FOURTEEN, MODELS, AndroidHardware, AndroidVersion
from device_emulator.core.android.settings import AndroidSettings
from device_emulator.core.events import Event
from device_emulator.core.messages import Happening, PersonActs
from device_emulator.core.randomness import Randomness
from mdm_server.wire.android_provisioning import staging_code
from rigs.android_server import EXTRAS, INTENT, Act, AndroidServer
from rigs.play_server import MovingClock, play

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovingClock:
    """Return a clock that shows noon."""
    return MovingClock(NOON)


@pytest.fixture
def server() -> AndroidServer:
    """Return a server that enrols whoever has a right to it."""
    return AndroidServer()


@pytest.fixture
def make_android(clock: MovingClock) -> Callable[..., AndroidDevice]:
    """Return a maker of Androids as they come from the factory."""

    def make(version: AndroidVersion = FOURTEEN, **settings: Any) -> AndroidDevice:
        hardware = AndroidHardware(MODELS[0], "3A091FDJH000X", "356938035643809")
        randomness = Randomness(1, 17)
        device = AndroidDevice(hardware, AndroidSettings(**settings), clock=clock, randomness=randomness)
        device.handheld.system = version
        return device

    return make


@pytest.fixture
def android(make_android: Callable[..., AndroidDevice]) -> AndroidDevice:
    """Return an Android as it comes from the factory."""
    return make_android()


@pytest.fixture
def act(server: AndroidServer, clock: MovingClock) -> Act:
    """Return what lets things happen to a device until it is quiet."""

    def let(device: AndroidDevice, *happenings: Happening | Any, patience: float = 0) -> list[Event]:
        told = [each if isinstance(each, Happening) else PersonActs(each) for each in happenings]
        return play(device, server, *told, clock=clock, patience=patience)

    return let


@pytest.fixture
def managed(android: AndroidDevice, act: Act) -> AndroidDevice:
    """Return an Android that is all the organization's."""
    act(android, ScanCode(staging_code(EXTRAS)))
    return android


@pytest.fixture
def with_profile(android: AndroidDevice, act: Act) -> AndroidDevice:
    """Return somebody's own Android with a work profile on it."""
    act(android, HubEnroll(INTENT))
    return android
