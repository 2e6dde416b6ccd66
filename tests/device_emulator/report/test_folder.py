"""The files of a report folder."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

from device_emulator.core.device import Device
from device_emulator.core.events import HubRefused, HubSignedIn
from device_emulator.core.hardware import draw_hardware
from device_emulator.core.hub.application import HubApplication
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings
from device_emulator.report.folder import EventLog, write_devices

NOON = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


def test_each_device_has_a_row_that_says_what_became_of_it(tmp_path: Path) -> None:
    """Enrolled or not, why not, and whose it is, if its Hub was told."""
    devices = {}
    for number in range(2):
        chance = Randomness(1, number)
        devices[number] = Device(draw_hardware(chance), DeviceSettings(), clock=lambda: NOON, randomness=chance)
    hub = devices[0].handheld.hub = HubApplication("https://hub.example")
    hub.learn("CheckedOut", "ada")
    write_devices(tmp_path, devices, [0], {1: "profile.untrusted"})
    with (tmp_path / "devices.csv").open(encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["enrolled"], first["failure"], first["assignment"], first["user"]) == ("yes", "", "CheckedOut", "ada")
    assert (second["enrolled"], second["failure"], second["assignment"]) == ("no", "profile.untrusted", "")
    assert first["serial_number"] == devices[0].handheld.hardware.serial_number


def test_the_events_stand_one_a_line_in_the_order_in_which_they_were_seen(tmp_path: Path) -> None:
    """Each says when, who and what, so that a refusal can be found by its code."""
    log = EventLog(tmp_path)
    log.write(NOON, 7, HubRefused("REG_USER_MISMATCH", "No.", "login"))
    log.write(NOON, 7, HubSignedIn("ada", "Assigned"))
    log.close()
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [
        {
            "at": "2026-06-01T12:00:00+00:00",
            "device": 7,
            "event": "HubRefused",
            "code": "REG_USER_MISMATCH",
            "text": "No.",
            "step": "login",
        },
        {"at": "2026-06-01T12:00:00+00:00", "device": 7, "event": "HubSignedIn", "user": "ada", "state": "Assigned"},
    ]
