"""The bench: one device at a time."""

from __future__ import annotations

import pytest

from device_emulator.core.actions import HubEnroll
from device_emulator.core.events import Enrolled, HubRefused, HubStepAnswered
from device_emulator.core.hub.intent import HubIntent
from device_emulator.core.messages import Happening, PersonActs
from device_emulator.fleet.bench import Bench, BenchBusyError

STAGER = HubIntent(url="https://mdm.example", group="MAIN", user_name="stager", password="stage")
ENROLLED = Enrolled("https://mdm.example/mdm")
DENIED = HubRefused("DEVICE_DENYLISTED", "Enrollment Denied.")


def test_without_configurator_devices_are_staged_one_by_one() -> None:
    """The bench has room for one, until that one has come to its end, good or bad."""
    happened: list[tuple[int, Happening]] = []
    bench = Bench(lambda device, happening: happened.append((device, happening)))
    bench.stage(0, STAGER)
    with pytest.raises(BenchBusyError, match="cannot stage device 1 while device 0 is being staged"):
        bench.stage(1, STAGER)
    bench.see(1, ENROLLED)
    bench.see(0, HubStepAnswered("validateGroupIdentifier"))
    assert not bench.is_free
    bench.see(0, DENIED)
    assert bench.is_free
    bench.stage(1, STAGER)
    bench.see(1, ENROLLED)
    assert happened == [(device, PersonActs(HubEnroll(STAGER))) for device in (0, 1)]
    assert [result.is_enrolled for result in bench.results.values()] == [False, True]
