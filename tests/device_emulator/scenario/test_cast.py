from __future__ import annotations

from collections.abc import Callable

import pytest

from device_emulator.core.android.device import AndroidDevice
from device_emulator.core.device import Device
from device_emulator.core.settings import DeviceSettings
from device_emulator.fleet.keys import NO_KEYS
from device_emulator.fleet.virtual_clock import VirtualClock
from device_emulator.scenario.cast import MODELS, AnyDevice, Cast, draw_device, expand, identifier_of, matching
from device_emulator.scenario.checking import Script
from device_emulator.scenario.document import Device as Said
from device_emulator.scenario.document import User

Write = Callable[..., Script]


def drawn(said: Said, *, number: int = 0, seed: int = 7) -> AnyDevice:
    """Return a device as it comes out of its box."""
    return draw_device(said, number, seed, DeviceSettings(), clock=VirtualClock(), keys=NO_KEYS)


def test_series_are_written_out_in_order(write: Write) -> None:
    """Each with a number of its own, and a name that stands for all of them."""
    cast = Cast.of(write().document)
    assert list(cast.devices) == ["phone", "ipad-1", "ipad-2", "ipad-3"]
    assert [cast.number(name) for name in cast.devices] == [0, 1, 2, 3]
    assert cast.matching_devices("ipad-*") == ["ipad-1", "ipad-2", "ipad-3"]
    assert cast.matching_users("worker-*") == ["worker-1", "worker-2", "worker-3"]
    assert cast.devices["ipad-2"].count is None
    assert list(expand([User(name="a"), User(name="b", count=2)])) == ["a", "b-1", "b-2"]
    assert matching(["a", "ab"], "a") == ["a"]


def test_everybody_has_a_password_of_their_own(write: Write) -> None:
    """One that is said, or one made up of the name."""
    cast = Cast.of(write().document)
    assert len({cast.password(name) for name in cast.users}) == len(cast.users)


def test_a_device_is_the_same_for_the_same_seed() -> None:
    """And another one for another number."""
    serials = [
        identifier_of(drawn(Said(name="x"), number=number, seed=seed), "serial_number")
        for number, seed in ((0, 7), (0, 7), (1, 7), (0, 8))
    ]
    assert serials[0] == serials[1]
    assert len(set(serials)) == 3


@pytest.mark.parametrize("name", MODELS)
def test_a_device_can_be_of_any_model(name: str) -> None:
    """By the name people know it by."""
    platform = "android" if drawn_is_android(name) else "ios"
    device = drawn(Said(name="x", platform=platform, model=name))  # type: ignore[arg-type]
    assert device.handheld.hardware.model is MODELS[name]
    assert isinstance(device, AndroidDevice if platform == "android" else Device)


def drawn_is_android(name: str) -> bool:
    """Say whether a model runs Android."""
    return not hasattr(MODELS[name], "marketing_name")


@pytest.mark.parametrize("platform", ["ios", "android"])
def test_a_device_is_known_by_its_identifiers(platform: str) -> None:
    """Serial number and UDID always, an IMEI where there is a modem."""
    said = Said(name="x", platform=platform, model="iPhone 15" if platform == "ios" else "Pixel 8")  # type: ignore[arg-type]
    device = drawn(said)
    found = [identifier_of(device, one) for one in ("serial_number", "udid", "imei")]  # type: ignore[arg-type]
    assert all(found)
    assert len(set(found)) == 3
