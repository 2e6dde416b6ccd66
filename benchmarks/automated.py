"""Automated enrolment from end to end, out of the box, beside the plain kind at a server of the same kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.customer import customer_of
from benchmarks.enrolling import CONCURRENCY
from benchmarks.figures import Figure, at_most
from benchmarks.measuring import Run
from benchmarks.processes import ANY_PORT, BenchmarkError, DeviceProcess, Outcome, ServerProcess
from device_emulator.cli.administrator import Administrator
from device_emulator.core.randomness import Randomness
from device_emulator.fleet.population import hardware_of

SEED = 1
WITH_APPLE = ("--apple-listen", ANY_PORT, "--apns-listen", ANY_PORT)
ORDER = {"keys": "pool", "proof": "signature", "concurrency": CONCURRENCY}


def measure_automated(run: Run) -> Iterator[Figure]:
    """Enrol one fleet by a link and one through Setup Assistant, and compare what a device costs both ends together."""
    count = run.amounts.enrollments
    plain, automated = _enroll(run, with_apple=False), _enroll(run, with_apple=True)
    costs = [_cost(outcome, count) for outcome in (plain, automated)]
    yield Figure(
        name="automated enrolment: rate",
        value=count / automated.said["seconds"],
        unit="1/s",
        note=f"{count} devices, {CONCURRENCY} at once, nobody is asked; plain in this run: "
        f"{count / plain.said['seconds']:.1f}",
    )
    yield Figure(
        name="automated enrolment: CPU, both ends",
        value=costs[1],
        unit="ms",
        note=f"server {1000 * automated.server_cpu_seconds / count:.1f} (Apple is in it), "
        f"emulator {1000 * automated.said['cpu_seconds'] / count:.1f}; plain {costs[0]:.1f}",
    )
    yield Figure(
        name="automated enrolment: cost beside plain", value=costs[1] / costs[0], unit="×", aim=at_most(1.5), note="CPU"
    )


def _cost(outcome: Outcome, count: int) -> float:
    """Return the milliseconds of CPU that a device cost both ends."""
    return 1000 * (outcome.server_cpu_seconds + outcome.said["cpu_seconds"]) / count


def _enroll(run: Run, *, with_apple: bool) -> Outcome:
    count = run.amounts.enrollments
    with run.pair(*(WITH_APPLE if with_apple else ())) as (server, devices):
        apple = server.apple_url if with_apple else None
        if with_apple:
            asyncio.run(_buy(server, run.amounts.warm_up + count))
            _trust_both(server, devices)
        devices.ask("enroll", **{**ORDER, "keys": "primes"}, first=0, count=run.amounts.warm_up, apple=apple)
        outcome = devices.ask("enroll", **ORDER, first=run.amounts.warm_up, count=count, apple=apple)
    if outcome.said["enrolled"] != count:
        raise BenchmarkError(f"expected {count} enrolments, found {outcome.said}")
    return outcome


def _trust_both(server: ServerProcess, devices: DeviceProcess) -> None:
    both = Path(server.ca_file).read_bytes() + Path(server.apple_ca_file).read_bytes()
    file = server.state.with_name("both.pem")
    file.write_bytes(both)
    devices.ask("trust", ca_file=str(file))


async def _buy(server: ServerProcess, count: int) -> None:
    """Buy the fleet, and have the server give every device one DEP profile that asks nobody."""
    async with (
        customer_of(server.sim_url) as customer,
        Administrator(server.url, server.admin_token, Path(server.ca_file)) as administrator,
    ):
        made = await administrator.ask("POST", "/abm-tokens", json={"name": "benchmark"})
        token = made["token"]["id"]
        sealed = await customer.server_token(made["certificate"].encode())
        headers = {"Content-Type": "application/pkcs7-mime"}
        await administrator.ask("PUT", f"/abm-tokens/{token}", data=sealed, headers=headers)
        user = await administrator.ask("POST", "/users", json={"user_name": "desk", "password": "benchmark"})
        # Plain devices have their passcode before they enrol; one that is set afterwards costs a TokenUpdate more.
        wanted = {
            "name": "benchmark",
            "authentication_required": False,
            "default_user": str(user["id"]),
            "skip_setup_items": ["Passcode"],
        }
        profile = await administrator.ask("POST", "/dep-profiles", json=wanted)
        await administrator.ask("POST", "/abm-rules", json={"token": token, "profile": profile["id"]})
        await customer.order([hardware_of(Randomness(SEED, each), each).serial_number for each in range(count)])
        report = await administrator.ask("POST", "/abm-sync")
        if report["reports"][0]["assigned"] != count:
            raise BenchmarkError(f"expected {count} devices with a DEP profile, found {json.dumps(report)}")
