"""Which profile a device gets that arrives."""

from __future__ import annotations

from typing import Any

import pytest

from mdm_server.domain.abm.rules import AssignmentRule, profile_for
from mdm_server.wire.dep import DepDevice

IPHONE = DepDevice(serial_number="C39XK0AB", model="iPhone 16 Plus", device_family="iPhone")


def rule(profile: int = 1, **about: Any) -> AssignmentRule:
    """Return a rule."""
    return AssignmentRule(id=profile, token=1, profile=profile, **about)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, True),
        ({"device_family": "iphone"}, True),
        ({"device_family": "iPad"}, False),
        ({"serial_prefix": "c39-x"}, True),
        ({"serial_prefix": "39X"}, False),
        ({"model": "PLUS"}, True),
        ({"model": "Air"}, False),
        ({"device_family": "iPhone", "model": "Air"}, False),
    ],
)
def test_a_rule_is_about_devices_that_are_like_it_in_everything_it_says(about: dict[str, str], expected: bool) -> None:
    """Whatever the case; a serial number also with dashes and spaces; what it does not say may be anything."""
    assert rule(**about).is_about(IPHONE) is expected


def test_a_device_of_no_family_is_like_no_family() -> None:
    """Apple does not say it of every device."""
    assert not rule(device_family="iPhone").is_about(DepDevice(serial_number="C1"))


def test_the_first_rule_that_is_about_a_device_decides_and_the_default_where_none_is() -> None:
    """Which may be no profile at all."""
    rules = [rule(1, model="Air"), rule(2, device_family="iPhone"), rule(3)]
    assert profile_for(IPHONE, rules, 9) == 2
    assert profile_for(IPHONE, rules[:1], 9) == 9
    assert profile_for(IPHONE, [], None) is None
