"""A short scenario to begin with, and a stage of cardboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from device_emulator.scenario.checking import Script, check
from rigs.pretend_stage import PretendStage

HEAD = """\
scenario: tests/short
description: A short one.
organization:
  groups: [ACME, {id: SHOP, parent: ACME}]
  user_groups: [sales]
  users: [ada, bo, {name: worker, count: 3}]
registrations:
  - {name: adas, user: ada, device: phone}
devices: [phone, {name: ipad, count: 3}]
people:
  - {name: Ada Lovelace, user: ada, mistypes: 0.5, passcode: "314159"}
"""
Write = Callable[..., Script]


@pytest.fixture
def head() -> str:
    """Return a document without steps: two groups, users, a registration, four devices."""
    return HEAD.replace("Ada Lovelace", "Lovelace")


@pytest.fixture
def write(head: str) -> Write:
    """Return the script of some steps, one a line, and of what is expected at the end."""

    def script(*steps: str, expect: tuple[str, ...] = ()) -> Script:
        lines = [
            "steps:" if steps else "steps: []",
            *(f"  - {step}" for step in steps),
            "expect:" if expect else "expect: []",
        ]
        return check("\n".join([head + lines[0], *lines[1:], *(f"  - {one}" for one in expect), ""]), "short.yaml")

    return script


@pytest.fixture
def stage() -> PretendStage:
    """Return a stage with a phone and three tablets."""
    return PretendStage("phone", "ipad-1", "ipad-2", "ipad-3")
