"""Orders that arrive over time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mdm_server.clouds.apple.business_manager.records import NewDevice
from rigs.dep_client import Walker
from rigs.dep_service import NOON, SmallApple


def order(apple: SmallApple, serial: str, hours: float) -> None:
    """Order a device that arrives in so many hours."""
    at = NOON + timedelta(hours=hours)
    apple.manager.order(apple.organization, [NewDevice(serial_number=serial)], server=apple.server, arrives_at=at)


def test_each_comes_at_its_hour_whoever_looks_first() -> None:
    """In the order of their arrival, though ordered in another; a sync tells when each of them came."""
    apple = SmallApple()
    walker = Walker(apple.client())
    walker.walk()
    for serial, hours in (("LATE", 3), ("SOON", 1), ("THEN", 2)):
        order(apple, serial, hours)
    apple.clock.move(hours=2)
    walker.walk()
    assert {each: device["op_date"][11:16] for each, device in walker.picture.items()} == {
        "SOON": "13:00",
        "THEN": "14:00",
    }
    apple.clock.move(hours=1)
    assert apple.manager.device("LATE") is not None


def test_whatever_a_server_does_it_does_to_what_has_arrived() -> None:
    """Nobody has to look at the portal first."""
    attempts = {
        "/devices": {"devices": ["SOON"]},
        "/devices/disown": {"devices": ["SOON"]},
        "/device/activationlock": {"device": "SOON"},
        "/profile": {"profile_name": "P", "url": "https://mdm.test/", "devices": ["SOON"]},
    }
    for path, content in attempts.items():
        apple = SmallApple()
        order(apple, "SOON", 1)
        apple.clock.move(hours=1)
        assert "SUCCESS" in str(apple.client().ask("POST", path, content))


def test_what_is_on_its_way_is_on_its_way_after_a_restart(tmp_path: Path) -> None:
    """An order is on record."""
    apple = SmallApple(database=tmp_path / "apple.sqlite")
    order(apple, "LATE", 1)
    apple.ledger.close()
    again = SmallApple(database=tmp_path / "apple.sqlite", seed=8)
    assert again.manager.device("LATE") is None
    again.clock.move(hours=1)
    assert again.manager.device("LATE") is not None
    again.ledger.close()


def test_a_device_that_somebody_got_meanwhile_does_not_arrive() -> None:
    """It stays where it is, and the journal says what was dropped."""
    apple = SmallApple()
    other, _ = apple.another()
    order(apple, "TWICE", 1)
    apple.manager.order(other, [NewDevice(serial_number="TWICE")])
    apple.clock.move(hours=1)
    device = apple.manager.device("TWICE")
    assert device is not None
    assert device.organization == other
    assert [each["serial"] for each in apple.told("arrival_dropped")] == ["TWICE"]
