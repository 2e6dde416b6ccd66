"""`kill -9` in the middle of a load run: nothing that was acknowledged is lost, and the fleet finishes (I-35, I-38).

Three ledgers are kept by programs that nobody kills: what the fleet saw acknowledged, what the administrator saw
acknowledged, and in the end the server's own view. They have to agree.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from rigs.processes import EMULATOR, Ended, FleetLedger, MortalServer, mortal_server, run_program

SECONDS = 60.0
"""How long a fleet may take for a step, on a machine that does other things too."""


@dataclass
class AnxiousAdministrator:
    """Queues a command for every device as soon as it has enrolled, and writes down what was acknowledged."""

    server: MortalServer
    known: set[str] = field(default_factory=set)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The device of every command whose acceptance was heard of, by CommandUUID."""
    troubles: int = 0

    async def work(self) -> None:
        """Go on for ever; a server that does not answer is asked again."""
        while True:
            try:
                for udid in sorted(await self.server.enrolled() - self.known):
                    await self._order(udid)
                    self.known.add(udid)
            except (aiohttp.ClientError, OSError):
                self.troubles += 1
            await asyncio.sleep(0.02)

    async def _order(self, udid: str) -> None:
        order = {"request_type": "DeviceInformation", "fields": {"Queries": ["DeviceName", "OSVersion"]}}
        done = await self.server.call("POST", f"/devices/{udid}/commands", json=order)
        self.acknowledged[done["command_uuid"]] = udid


@asynccontextmanager
async def at_work(server: MortalServer) -> AsyncIterator[AnxiousAdministrator]:
    """Let an administrator work until the block ends."""
    administrator = AnxiousAdministrator(server)
    working = asyncio.create_task(administrator.work())
    try:
        yield administrator
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def until_known(
    administrator: AnxiousAdministrator, count: int, fleet: asyncio.Task[Ended] | None = None
) -> None:
    """Wait until so many devices have enrolled; a fleet that ends before that is a failure."""
    async with asyncio.timeout(SECONDS):
        while len(administrator.known) < count:
            assert fleet is None or not fleet.done(), fleet.result()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def loading(server: MortalServer, folder: Path, devices: int) -> AsyncIterator[asyncio.Task[Ended]]:
    """Let a load run go on in a process of its own, at most until the block ends."""
    command: list[str | Path] = [
        *EMULATOR, "load", "--url", f"{server.url}/enroll", "--ca", server.ca_file, "--devices", str(devices),
        "--concurrency", "8", "--proof", "both", "--keys", "primes", "--key-pool", folder / "keys",
        "--poll", "0.5", "--connects", "2", "--timeout", str(SECONDS),
        "--report", folder / "report", "--fleet", folder / "fleet.jsonl",
    ]  # fmt: skip
    fleet = asyncio.create_task(run_program(*command, seconds=2 * SECONDS))
    try:
        yield fleet
    finally:
        fleet.cancel()
        await asyncio.wait([fleet])


async def connect(server: MortalServer, folder: Path) -> Ended:
    """Let the fleet that was kept ask once more for what waits for it."""
    kept = ("--fleet", folder / "fleet.jsonl", "--key-pool", folder / "keys")
    return await run_program(*EMULATOR, "connect", *kept, "--ca", server.ca_file)


async def reconcile(server: MortalServer, ledger: FleetLedger, administrator: AnxiousAdministrator) -> None:
    """Find in the server's view whatever anybody saw acknowledged, and nothing doubled (I-25, I-51)."""
    enrolled = ledger.who("Enrolled")
    assert enrolled == set(ledger.udids.values())
    assert await server.enrolled() == enrolled, "the fleet and the server disagree about who has enrolled"
    states = await server.command_states(enrolled)
    assert ledger.answered().items() <= states.items(), "an answer that the server took is gone"
    assert administrator.acknowledged.keys() <= states.keys(), "a command that was accepted is gone"
    unanswered = {uuid for uuid in administrator.acknowledged if states[uuid] != "Acknowledged"}
    assert not unanswered, "a command that was accepted never reached its device"


Death = Callable[[MortalServer], Awaitable[None]]


async def outlive(folder: Path, devices: int, deaths: Mapping[int, Death]) -> FleetLedger:
    """Run a fleet whose server dies whenever so many devices are known to have enrolled, and compare the ledgers.

    Progress decides about the moments, and not a clock: so every death is in the middle, however fast the machine is.
    """
    async with mortal_server(folder) as server, at_work(server) as administrator:
        async with loading(server, folder, devices) as fleet:
            for count, die in deaths.items():
                await until_known(administrator, count, fleet)
                await die(server)
                await server.start()
            ended = await fleet
        assert ended.exit_code == 0, ended.output + ended.errors
        await until_known(administrator, devices)
        connected = await connect(server, folder)
        assert connected.exit_code == 0, connected.output + connected.errors
        ledger = FleetLedger.read(folder / "report")
        await reconcile(server, ledger, administrator)
        return ledger


@pytest.mark.timeout(240)
async def test_a_fleet_finishes_though_its_server_is_killed_three_times(tmp_path: Path) -> None:
    """SIGKILL twice while devices enrol and once while they answer: it comes back on its own, and nothing is lost."""
    ledger = await outlive(tmp_path, 24, dict.fromkeys((5, 14, 24), MortalServer.kill))
    assert ledger.who("RetryScheduled"), "the fleet never noticed: nothing was killed in the middle"


async def stop(server: MortalServer) -> None:
    """Ask for the end, and get it in order and in time (I-53)."""
    began = time.monotonic()
    ended = await server.end(signal.SIGTERM)
    # Of a busy machine it may have complained meanwhile, on standard error.
    assert (ended.exit_code, ended.output, "Traceback" in ended.errors) == (0, "stopped\n", False), ended
    assert time.monotonic() - began < 10


@pytest.mark.timeout(240)
async def test_a_fleet_finishes_though_its_server_is_stopped_for_a_moment(tmp_path: Path) -> None:
    """SIGTERM under load: what is in flight is answered, the server exits with 0, and its successor knows it all."""
    await outlive(tmp_path, 12, {5: stop})
