"""The report folder of a run: the summary, a row for every device, and every event in order."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import msgspec

from device_emulator.core.device import Device
from device_emulator.core.events import Event

COLUMNS = (
    "number",
    "udid",
    "serial_number",
    "product_name",
    "life",
    "lock",
    "power",
    "enrolled",
    "failure",
    "assignment",
    "user",
)


class EventLog:
    """Writes `events.jsonl`: one event a line, with the device's number and the time, as they are seen."""

    def __init__(self, folder: Path) -> None:
        self._file: TextIO = (folder / "events.jsonl").open("w", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def write(self, at: datetime, number: int, event: Event) -> None:
        """Append one event."""
        line = {"at": at.isoformat(), "device": number, "event": type(event).__name__} | _facts(event)
        self._file.write(msgspec.json.encode(line, enc_hook=str).decode() + "\n")


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write a summary as indented JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")


def write_devices(
    folder: Path, devices: Mapping[int, Device], enrolled: Iterable[int], failures: Mapping[int, str]
) -> None:
    """Write `devices.csv`: who each device is, what became of it, and whose it is as far as its Hub knows."""
    through = set(enrolled)
    with (folder / "devices.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number, device in devices.items():
            hardware, hub = device.handheld.hardware, device.handheld.hub
            rows.writerow(
                (
                    number,
                    hardware.udid,
                    hardware.serial_number,
                    hardware.model.product_name,
                    device.life.value,
                    device.lock.value,
                    device.power.value,
                    "yes" if number in through else "no",
                    failures.get(number, ""),
                    "" if hub is None else hub.state,
                    "" if hub is None else hub.user,
                )
            )


def _facts(event: Event) -> dict[str, Any]:
    if not is_dataclass(event):
        return {}
    return {field.name: getattr(event, field.name) for field in fields(event)}
