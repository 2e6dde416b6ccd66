"""How long a week of a fleet's life takes on the virtual clock, with our server in the same process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.figures import Figure, at_most
from benchmarks.measuring import Run
from benchmarks.processes import BenchmarkError
from device_emulator.core.actions import OpenEnrollmentLink
from device_emulator.core.settings import DeviceSettings, ProofOfIdentity
from device_emulator.fleet.virtual import VirtualWorld

HOUR = timedelta(hours=1)
PROOFS = {
    ProofOfIdentity.TLS: ("certificate handed over", at_most(60)),
    ProofOfIdentity.SIGNATURE: ("Mdm-Signature", None),
}
"""The aim is for devices whose certificate stands for a TLS handshake; a signature is verified with every poll."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What a virtual life took: seconds by the clock on the wall."""

    enrolling: float
    living: float
    polls: int


def measure_virtual_week(run: Run) -> Iterator[Figure]:
    """Enrol a fleet that checks in hourly, and let a week go by; the keys' primes are made before."""
    devices, hours = run.amounts.virtual_week
    asyncio.run(_live(devices, 0, ProofOfIdentity.TLS))
    for proof, (means, aim) in PROOFS.items():
        lived = asyncio.run(_live(devices, hours, proof))
        name = f"virtual life, {means}"
        yield Figure(
            name=f"{name}: whole",
            value=lived.enrolling + lived.living,
            unit="s",
            aim=aim,
            note=f"{devices:,} devices, {hours} hours, {lived.polls:,} polls; {lived.enrolling:.1f} s of it enrolment; "
            "one process and one thread, keys from primes",
        )
        yield Figure(
            name=f"{name}: a poll", value=1000 * lived.living / max(1, lived.polls), unit="ms", note="both sides"
        )


async def _live(devices: int, hours: int, proof: ProofOfIdentity) -> Lived:
    async with VirtualWorld.open(seed=1) as world:
        world.populate(devices, DeviceSettings(poll=HOUR, proof=proof))
        began = time.perf_counter()
        for number in world.devices:
            world.happen(number, OpenEnrollmentLink(world.enrollment_url))
        await world.settle()
        enrolled, before = time.perf_counter(), world.server.requests
        await world.advance(hours * HOUR)
        ended = time.perf_counter()
        counts = await world.store.counts()
        if counts.enrollments != {"Enrolled": devices}:
            raise BenchmarkError(f"expected {devices} enrolled devices, found {dict(counts.enrollments)}")
        return Lived(enrolled - began, ended - enrolled, world.server.requests - before)
