"""What the Hub keeps on a device."""

from __future__ import annotations

import json

import pytest

from device_emulator.core.hub.application import HubApplication


@pytest.mark.parametrize(
    ("state", "settled"),
    [
        ("", False),
        ("StagedUnclaimed", False),
        ("MultiIdle", False),
        ("CheckedOut", False),
        ("Orphaned", False),
        ("Assigned", True),
    ],
)
def test_only_an_assigned_device_has_nothing_to_ask_any_more(state: str, settled: bool) -> None:
    """Every other may change hands."""
    hub = HubApplication("https://hub.example")
    hub.state = state
    assert hub.is_settled is settled


def test_it_can_be_put_on_paper() -> None:
    """Whole."""
    hub = HubApplication("https://hub.example")
    hub.state, hub.user = "CheckedOut", "ada"
    copy = HubApplication.restore(json.loads(json.dumps(hub.snapshot())))
    assert (copy.url, copy.state, copy.user) == ("https://hub.example", "CheckedOut", "ada")


def test_a_fleet_keeps_the_address_once() -> None:
    """Thousands of devices have the same server."""
    first, second = (HubApplication(b"https://hub.example".decode()) for _ in range(2))
    assert first.url is second.url
