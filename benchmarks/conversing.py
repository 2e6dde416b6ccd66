"""What enrolled devices say all day: signed polls, TokenUpdates, and answers to commands, replayed by a lean client."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.measuring import Run
from benchmarks.processes import BenchmarkError, DeviceProcess, Outcome, ServerProcess

CONNECTIONS = 16
MANY_CONNECTIONS = 64
"""For what waits for the disk: a group commit wants a group."""


def measure_polling(run: Run) -> Iterator[Figure]:
    """Replay signed Idle messages over connections that stay open, plain and in TLS."""
    with run.pair() as (server, devices):
        _enroll(run, devices)
        for scheme, url, aim in (("plain HTTP", server.http_url, at_most(0.35)), ("TLS", server.url, None)):
            outcome = _replay(devices, "idle", run.amounts.polls, url, CONNECTIONS)
            name = f"signed Idle, {scheme}"
            yield Figure(
                name=f"{name}: rate",
                value=_rate(outcome),
                unit="1/s",
                note=f"{run.amounts.polls} on {CONNECTIONS} connections that stay open, RSA-2048, one server process",
            )
            yield Figure(
                name=f"{name}: server CPU",
                value=_server_cost(outcome),
                unit="ms",
                aim=aim,
                floor=run.floor.rsa_2048_verify,
            )
            yield Figure(name=f"{name}: p99", value=outcome.said["p99_ms"], unit="ms", note="closed loop")


def measure_token_updates(run: Run) -> Iterator[Figure]:
    """Replay signed TokenUpdates: every one is a transaction that is on disk before it is answered."""
    with run.pair() as (server, devices):
        _enroll(run, devices)
        outcome = _replay(devices, "token_update", run.amounts.token_updates, server.http_url, MANY_CONNECTIONS)
    yield Figure(
        name="TokenUpdate, durable: rate",
        value=_rate(outcome),
        unit="1/s",
        aim=at_least(1600),
        note=f"{run.amounts.token_updates} on {MANY_CONNECTIONS} connections, plain HTTP, signed RSA-2048",
    )
    yield Figure(
        name="TokenUpdate, durable: server CPU",
        value=_server_cost(outcome),
        unit="ms",
        floor=run.floor.rsa_2048_verify,
    )
    yield Figure(name="TokenUpdate, durable: p99", value=outcome.said["p99_ms"], unit="ms", note="closed loop")


def measure_commands(run: Run) -> Iterator[Figure]:
    """Deliver commands and take the answers: first as fast as it goes, then at half that rate on a schedule."""
    with run.pair() as (server, devices):
        _enroll(run, devices)
        fast = _deliver(run, server, devices, per_second=None)
        trips = fast.said["answers"] - fast.said["sessions"]
        sessions_per_second = fast.said["sessions"] / fast.said["seconds"]
        steady = _deliver(run, server, devices, per_second=sessions_per_second / 2, commands=1)
    yield Figure(
        name="command round trip: rate",
        value=trips / fast.said["seconds"],
        unit="1/s",
        note=f"{trips} delivered and acknowledged, both durable, {CONNECTIONS} connections, plain HTTP",
    )
    yield Figure(
        name="command round trip: server CPU",
        value=1000 * fast.server_cpu_seconds / trips,
        unit="ms",
        floor=run.floor.rsa_2048_verify * fast.said["answers"] / trips,
    )
    note = f"{steady.said['sessions']} sessions of one command at {sessions_per_second / 2:.0f}/s, from intended start"
    yield Figure(name="command round trip: p50", value=steady.said["p50_ms"], unit="ms", note=note)
    yield Figure(name="command round trip: p99", value=steady.said["p99_ms"], unit="ms", note=note)


def _enroll(run: Run, devices: DeviceProcess) -> None:
    count = run.amounts.devices
    said = devices.ask("enroll", first=0, count=count, keys="primes", proof="signature", concurrency=CONNECTIONS).said
    if said["enrolled"] != count:
        raise BenchmarkError(f"expected {count} enrolments, found {said['enrolled']}: {said['failures']}")


def _replay(devices: DeviceProcess, message: str, count: int, url: str, connections: int) -> Outcome:
    devices.ask("prepare", message=message, count=count)
    devices.ask("replay", to=url, connections=connections, share=(0.0, 0.1))
    return devices.ask("replay", to=url, connections=connections)


def _deliver(
    run: Run, server: ServerProcess, devices: DeviceProcess, *, per_second: float | None, commands: int | None = None
) -> Outcome:
    devices.ask("order", admin_token=server.admin_token, each=commands or run.amounts.commands)
    outcome = devices.ask("replay", to=server.http_url, connections=CONNECTIONS, per_second=per_second)
    if outcome.said["empty_answers"] != outcome.said["sessions"]:
        raise BenchmarkError("expected every session to end in an empty answer, found commands left over")
    return outcome


def _rate(outcome: Outcome) -> float:
    return float(outcome.said["answers"] / outcome.said["seconds"])


def _server_cost(outcome: Outcome) -> float:
    return float(1000 * outcome.server_cpu_seconds / outcome.said["answers"])
