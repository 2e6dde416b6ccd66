"""The other process: virtual devices that do what they are told, one JSON line in, one JSON line out.

`python -m benchmarks.device_side` reads orders from standard input. What it measures of itself comes from the operating
system: its CPU time is that of `getrusage`, its memory that of /proc/self/statm.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import ssl
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from benchmarks.replaying import Replayed, as_bytes, connect, replay
from benchmarks.stalls import StallWatch
from device_emulator.cli.administrator import Administrator
from device_emulator.cli.fleet_run import FleetRun, RunSettings
from device_emulator.cli.running import run
from device_emulator.core import channel
from device_emulator.core.actions import OpenEnrollmentLink, SetUp
from device_emulator.core.activation import AppleAddress, SettingUp
from device_emulator.core.answers.dispatch import answer
from device_emulator.core.device import Device
from device_emulator.core.hardware import draw_hardware
from device_emulator.core.messages import TimePassed
from device_emulator.core.randomness import Randomness
from device_emulator.core.settings import DeviceSettings, ProofOfIdentity
from device_emulator.fleet.keys import KeyChoice, choose_keys
from device_emulator.fleet.loop import FleetLoop, wall_clock
from device_emulator.fleet.population import PHONES, Population
from device_emulator.fleet.tally import Tally
from device_emulator.transport.network import NetworkTransport
from device_emulator.transport.tls import anonymous_context
from mdm_server.wire.command import Command
from mdm_server.wire.enrollment_id import CommandUuid

QUERIES = ["DeviceName", "OSVersion", "SerialNumber"]
PATIENCE = 600.0


class DeviceSide:
    """A fleet and what can be asked of it; every public method is an order."""

    def __init__(self, url: str, ca_file: str, key_pool: str) -> None:
        self._url = url
        self._ca_file = Path(ca_file)
        self._key_pool = Path(key_pool)
        self._enrolled: dict[int, Device] = {}
        self._sessions: list[list[bytes]] = []

    async def trust(self, *, ca_file: str) -> dict[str, Any]:
        """Trust other certificates from now on."""
        self._ca_file = Path(ca_file)
        return {}

    async def enroll(
        self, *, first: int, count: int, keys: str, proof: str, concurrency: int, apple: str | None = None
    ) -> dict[str, Any]:
        """Enrol devices `first` to `first + count - 1`, and say how long that took and what it cost.

        With the address of an `apple` they are set up out of the box, and led to their server.
        """
        supply = choose_keys(KeyChoice(keys), directory=self._key_pool, count=first + count)
        population = Population(
            count=first + count,
            seed=1,
            settings=DeviceSettings(
                proof=ProofOfIdentity.SIGNATURE if proof == "both" else ProofOfIdentity(proof),
                apple=None if apple is None else AppleAddress(apple),
            ),
            both_proofs=proof == "both",
        )
        numbers = range(first, first + count)
        devices = {number: population.device(number, clock=wall_clock, keys=supply) for number in numbers}
        settings = RunSettings(
            command="benchmark",
            target=self._url,
            seed=1,
            ca_file=self._ca_file,
            concurrency=concurrency,
            console=Console(quiet=True),
        )
        async with FleetRun(devices, settings, supply) as fleet, StallWatch() as stalls:
            began, cost = time.perf_counter(), _cpu_seconds()
            link = OpenEnrollmentLink(f"{self._url}/enroll")
            await fleet.enrollment.start(numbers, link if apple is None else SetUp(SettingUp()))
            await fleet.loop.until(lambda: fleet.enrollment.ended == count, seconds=PATIENCE)
            seconds, cost = time.perf_counter() - began, _cpu_seconds() - cost
        self._enrolled |= {number: devices[number] for number in fleet.enrollment.enrolled}
        return {
            "enrolled": len(fleet.enrollment.enrolled),
            "failures": dict(fleet.tally.failures),
            "seconds": seconds,
            "cpu_seconds": cost,
            "p50_ms": fleet.tally.enrollment.milliseconds(50),
            "p99_ms": fleet.tally.enrollment.milliseconds(99),
            "longest_stall_ms": 1000 * stalls.longest,
            "longest_busy_ms": 1000 * stalls.longest_busy,
        }

    async def prepare(self, *, message: str, count: int) -> dict[str, Any]:
        """Write and sign `count` messages (idle, token_update), the devices taking turns."""
        draft = {"idle": channel.idle, "token_update": channel.token_update}[message]
        requests = [[as_bytes(draft(device.handheld))] for device in self._enrolled.values()]
        self._sessions = [requests[number % len(requests)] for number in range(count)]
        return {"prepared": len(self._sessions)}

    async def order(self, *, admin_token: str, each: int) -> dict[str, Any]:
        """Queue commands for every device, and sign beforehand what each will answer.

        A session is then: ask, get the command and report on it, and so on until the answer is empty.
        """
        by_udid = {device.handheld.hardware.udid: device for device in self._enrolled.values()}
        self._sessions = []
        async with Administrator(self._url, admin_token, self._ca_file) as administrator:
            orders = [
                await administrator.order(list(by_udid), "DeviceInformation", Queries=QUERIES) for _ in range(each)
            ]
        for udid, device in by_udid.items():
            session = [as_bytes(channel.idle(device.handheld))]
            for one in orders:
                command = Command(CommandUuid(one[udid]), "DeviceInformation", {"Queries": QUERIES})
                said = answer(device.handheld, command)
                session.append(as_bytes(channel.report(device.handheld, command.command_uuid, said)))
            self._sessions.append(session)
        return {"prepared": len(self._sessions)}

    async def replay(
        self, *, to: str, connections: int, per_second: float | None = None, share: tuple[float, float] = (0.0, 1.0)
    ) -> dict[str, Any]:
        """Send what was prepared, or a share of it, to the server at `to`."""
        context: ssl.SSLContext | None = anonymous_context(self._ca_file) if to.startswith("https") else None
        lines = await connect(to, context, connections)
        first, last = (round(part * len(self._sessions)) for part in share)
        cost = _cpu_seconds()
        try:
            replayed = await replay(self._sessions[first:last], lines, per_second=per_second)
        finally:
            for line in lines:
                line.hang_up()
        return {**_describe(replayed), "cpu_seconds": _cpu_seconds() - cost}

    async def restore(self, *, counts: Sequence[int]) -> dict[str, Any]:
        """Restore ever more devices from the description of an enrolled one, and say what memory each takes.

        They differ in what tells devices apart, wait for their next poll in a fleet's loop, and have asked for commands
        before: the signature of that message is kept.
        """
        number, pattern = self._enrolled.popitem()
        self._enrolled.clear()
        channel.idle(pattern.handheld)
        assert pattern.handheld.management is not None
        signature = pattern.handheld.management.idle_signature
        description: dict[str, Any] = pattern.snapshot()
        source = choose_keys(KeyChoice.POOL, directory=self._key_pool, count=number + 1).for_device(number)
        settings = DeviceSettings(poll=timedelta(hours=1))
        fleet: dict[int, Device] = {}
        weights: dict[str, float] = {}
        transport = NetworkTransport(ca_file=self._ca_file)
        base = _resident_bytes()
        async with FleetLoop(fleet, transport, tally=Tally()) as loop:
            for count in counts:
                for one in range(len(fleet), count):
                    randomness = Randomness(1, one)
                    drawn = draw_hardware(randomness, PHONES)
                    own = {"udid": drawn.udid, "serial_number": drawn.serial_number}
                    text = msgspec.json.encode({**description, "hardware": {**description["hardware"], **own}})
                    fleet[one] = Device.restore(
                        msgspec.json.decode(text, type=dict[str, Any]),
                        settings,
                        clock=wall_clock,
                        randomness=randomness,
                        key_source=source,
                    )
                    management = fleet[one].handheld.management
                    assert management is not None
                    management.idle_signature = bytes(bytearray(signature or b""))
                    loop.happen(one, TimePassed())
                await loop.until(lambda: loop.is_quiet, seconds=PATIENCE)
                weights[str(count)] = (_resident_bytes() - base) / count
        return {"bytes_per_device": weights, "base_bytes": base}


def _describe(replayed: Replayed) -> dict[str, Any]:
    waits = replayed.waits
    return {
        "sessions": len(waits),
        "answers": replayed.answers,
        "empty_answers": replayed.empty_answers,
        "seconds": replayed.seconds,
        "p50_ms": 1000 * waits[len(waits) // 2],
        "p99_ms": 1000 * waits[min(len(waits) - 1, len(waits) * 99 // 100)],
    }


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _resident_bytes() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


async def _obey(side: DeviceSide) -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        order = msgspec.json.decode(line)
        result = await getattr(side, order.pop("do"))(**order)
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    run(_obey(DeviceSide(*sys.argv[1:])))
