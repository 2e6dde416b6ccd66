"""Bad luck that somebody arranged."""

from __future__ import annotations

import json

from device_emulator.core.troubles import Trouble, Troubles


def test_a_trouble_strikes_as_often_as_it_was_arranged() -> None:
    """And no other one does."""
    troubles = Troubles()
    assert not troubles.strikes(Trouble.DOWNLOAD_FAILED)
    troubles.arrange(Trouble.DOWNLOAD_FAILED, 2)
    assert not troubles.strikes(Trouble.INSTALL_FAILED)
    assert [troubles.strikes(Trouble.DOWNLOAD_FAILED) for _ in range(3)] == [True, True, False]


def test_a_trouble_can_be_called_off() -> None:
    """Zero times is never."""
    troubles = Troubles({"InstallFailed": 3})
    troubles.arrange(Trouble.INSTALL_FAILED, 0)
    assert not troubles.strikes(Trouble.INSTALL_FAILED)
    assert troubles.snapshot() == {}


def test_troubles_come_back_from_a_snapshot() -> None:
    """A fleet file written earlier has none."""
    troubles = Troubles()
    troubles.arrange(Trouble.APPLICATION_FAILED, 2)
    restored = Troubles.restore(json.loads(json.dumps(troubles.snapshot())))
    assert [restored.strikes(Trouble.APPLICATION_FAILED) for _ in range(3)] == [True, True, False]
    assert Troubles.restore(None).snapshot() == {}
