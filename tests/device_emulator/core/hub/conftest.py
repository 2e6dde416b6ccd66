"""Fixtures for the Hub's conversations: somebody who holds them, and the device they are about."""

from __future__ import annotations

from datetime import datetime

import pytest

from mdm_server.wire.hub import DeviceType, HubDevice
from rigs.play_hub import Somebody


@pytest.fixture
def somebody(now: datetime) -> Somebody:
    """Return somebody who converses."""
    return Somebody(now)


@pytest.fixture
def handset() -> HubDevice:
    """Return what the Hub says about its device."""
    return HubDevice(
        identifier="UDID-1",
        serial_number="SERIAL1",
        type=DeviceType.APPLE,
        os_version="18.5",
        model="iPhone",
        product="iPhone16,1",
        bundle_identifier="com.air-watch.agent",
    )
