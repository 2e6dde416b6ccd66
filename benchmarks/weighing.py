"""What an idle virtual device weighs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure, at_most
from benchmarks.measuring import Run

KIB = 1024


def measure_weight(run: Run) -> Iterator[Figure]:
    """Restore fleets of enrolled devices, and see how much memory the process has gained."""
    with run.pair() as (_, devices):
        devices.ask("enroll", first=0, count=1, keys="pool", proof="signature", concurrency=1)
        said = devices.ask("restore", counts=run.amounts.virtual_devices).said
    for count, weight in said["bytes_per_device"].items():
        yield Figure(
            name=f"memory per idle device, {int(count):,}",
            value=weight / KIB,
            unit="KiB",
            aim=at_most(8),
            note=f"RSS less the {said['base_bytes'] / KIB / KIB:.0f} MiB before; enrolled, its key in the pool",
        )
