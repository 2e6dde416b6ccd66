"""What the Hub keeps on a device."""

from __future__ import annotations

import json

import pytest

from device_emulator.core.events import Event, HubLoginShown, HubSignedIn, HubSignedOut
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


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        (("", ""), ("StagedUnclaimed", ""), [HubLoginShown("StagedUnclaimed")]),
        (("StagedUnclaimed", ""), ("Assigned", "ada"), [HubSignedIn("ada", "Assigned")]),
        (("MultiIdle", ""), ("CheckedOut", "ada"), [HubSignedIn("ada", "CheckedOut")]),
        (("CheckedOut", "ada"), ("CheckedOut", "ada"), []),
        (("CheckedOut", "ada"), ("MultiIdle", ""), [HubSignedOut("ada"), HubLoginShown("MultiIdle")]),
        (("CheckedOut", "ada"), ("CheckedOut", "grace"), [HubSignedOut("ada"), HubSignedIn("grace", "CheckedOut")]),
        (("CheckedOut", "ada"), ("Orphaned", ""), [HubSignedOut("ada")]),
    ],
)
def test_a_change_of_hands_can_be_seen(before: tuple[str, str], after: tuple[str, str], seen: list[Event]) -> None:
    """Who went, who came, or that the Hub waits for somebody."""
    hub = HubApplication("https://hub.example")
    hub.learn(*before)
    assert list(hub.learn(*after)) == seen
    assert (hub.state, hub.user) == after


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
