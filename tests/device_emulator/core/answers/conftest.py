"""Managed devices for the tests of answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from device_emulator.core.handheld import Handheld
from rigs.managed_device import Clock, managed_device


@pytest.fixture
def ticking(now: datetime) -> Clock:
    """Return a clock that a test moves."""
    return Clock(now)


@pytest.fixture
def make(ticking: Clock) -> Callable[..., Handheld]:
    """Return a maker of managed devices."""
    return lambda **facts: managed_device(ticking, **facts)


@pytest.fixture
def iphone(make: Callable[..., Handheld]) -> Handheld:
    """Return a supervised iPhone that the server may do everything with."""
    return make()
