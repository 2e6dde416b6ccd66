"""Enrolments from end to end: profile, SCEP, Authenticate, TokenUpdate, over TLS, every step durable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figures import Aim, Figure, at_least, at_most
from benchmarks.measuring import Run
from benchmarks.processes import BenchmarkError

CONCURRENCY = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way to enrol: where the RSA keys come from, and how devices prove who they are."""

    name: str
    keys: str
    proof: str = "signature"
    rate: Aim | None = None
    server_cost: Aim | None = None
    device_cost: Aim | None = None

    @property
    def is_mutual(self) -> bool:
        """Whether devices show a certificate in a second TLS handshake instead of signing."""
        return self.proof == "tls"

    @property
    def note(self) -> str:
        """The conditions, for the table."""
        proof = "0 % mTLS, all by Mdm-Signature" if not self.is_mutual else "100 % mTLS"
        keys = {"pool": "keys made beforehand", "primes": "prime pool, NOT SECRET", "fresh": "keys made on the spot"}
        return f"{keys[self.keys]}; {proof}; {CONCURRENCY} at once"


KINDS = (
    Kind(name="pooled", keys="pool", rate=at_least(120), server_cost=at_most(5), device_cost=at_most(8)),
    Kind(name="pooled, mTLS", keys="pool", proof="tls"),
    Kind(name="prime pool", keys="primes"),
    Kind(name="fresh", keys="fresh", rate=at_least(20)),
)


def measure_enrolling(run: Run) -> Iterator[Figure]:
    """Enrol fleets of every kind, each at a server of its own."""
    for kind in KINDS:
        yield from _enroll(run, kind)


def _enroll(run: Run, kind: Kind) -> Iterator[Figure]:
    count = run.amounts.fresh_enrollments if kind.keys == "fresh" else run.amounts.enrollments
    order = {"keys": kind.keys, "proof": kind.proof, "concurrency": CONCURRENCY}
    with run.pair() as (_, devices):
        devices.ask("enroll", **{**order, "keys": "primes"}, first=0, count=run.amounts.warm_up)
        outcome = devices.ask("enroll", **order, first=run.amounts.warm_up, count=count)
    said = outcome.said
    if said["enrolled"] != count:
        raise BenchmarkError(f"expected {count} enrolments, found {said['enrolled']}: {said['failures']}")
    floor = run.floor
    name = f"enrolment, {kind.name}"
    yield Figure(
        name=f"{name}: rate", value=count / said["seconds"], unit="1/s", aim=kind.rate, note=f"{count} {kind.note}"
    )
    yield Figure(
        name=f"{name}: server CPU",
        value=1000 * outcome.server_cpu_seconds / count,
        unit="ms",
        aim=kind.server_cost,
        floor=floor.enrollment_at_server(mutual=kind.is_mutual),
    )
    yield Figure(
        name=f"{name}: emulator CPU",
        value=1000 * said["cpu_seconds"] / count,
        unit="ms",
        aim=kind.device_cost,
        floor=floor.enrollment_at_device(mutual=kind.is_mutual, fresh_key=kind.keys == "fresh"),
    )
    yield Figure(name=f"{name}: p50", value=said["p50_ms"], unit="ms", note="closed loop: from each one's own start")
    yield Figure(name=f"{name}: p99", value=said["p99_ms"], unit="ms", note=f"of {count} only")
    if kind.rate is not None:
        yield Figure(
            name=f"{name}: longest loop block, emulator",
            value=said["longest_busy_ms"],
            unit="ms",
            aim=at_most(100),
            note=f"CPU the loop used at a stretch; by the clock {said['longest_stall_ms']:.0f} ms",
        )
