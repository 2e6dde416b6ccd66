"""What one run of the benchmarks shares: how much to do, where, and the floor that was measured with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.floor import Floor
from benchmarks.processes import AppleProcess, DeviceProcess, ServerProcess


@dataclass(frozen=True, slots=True)
class Amounts:
    """How often everything is done."""

    warm_up: int
    """Devices that enrol before anything is counted: what is done only once is done by them."""
    enrollments: int
    fresh_enrollments: int
    devices: int
    """Devices whose messages are replayed."""
    polls: int
    token_updates: int
    commands: int
    """For each of those devices."""
    virtual_devices: tuple[int, ...]
    virtual_week: tuple[int, int]
    """How many devices live for how many hours."""
    serials: int
    """Devices in one Apple Business Manager."""
    changes: int
    """Of those, how many change before a sync."""
    pushes: int
    listeners: int
    """Devices that wait to be pushed."""


FULL = Amounts(
    warm_up=10,
    enrollments=200,
    fresh_enrollments=60,
    devices=100,
    polls=5000,
    token_updates=3000,
    commands=10,
    virtual_devices=(2_000, 10_000),
    virtual_week=(1_000, 7 * 24),
    serials=100_000,
    changes=1_000,
    pushes=20_000,
    listeners=5_000,
)
QUICK = Amounts(
    warm_up=1,
    enrollments=2,
    fresh_enrollments=1,
    devices=3,
    polls=30,
    token_updates=30,
    commands=2,
    virtual_devices=(50,),
    virtual_week=(2, 3),
    serials=120,
    changes=3,
    pushes=50,
    listeners=10,
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: `stalls` collects how long the server's event loop was blocked, over all benchmarks."""

    amounts: Amounts
    floor: Floor
    key_pool: Path
    folder: Path
    stalls: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def pair(self, *more: str) -> Iterator[tuple[ServerProcess, DeviceProcess]]:
        """Start a server with an empty state directory, and devices to go with it; `more` goes to `serve`."""
        with (
            TemporaryDirectory(dir=self.folder, prefix="mdmsim-benchmark-") as folder,
            ServerProcess(Path(folder), *more) as server,
            DeviceProcess(server, self.key_pool) as devices,
        ):
            yield server, devices
            self.stalls.extend(server.stalls())

    @contextmanager
    def apple(self) -> Iterator[AppleProcess]:
        """Start Apple alone, with empty books."""
        with (
            TemporaryDirectory(dir=self.folder, prefix="mdmsim-benchmark-") as folder,
            AppleProcess(Path(folder)) as apple,
        ):
            yield apple
