"""Whole programs in processes of their own: a server that can be killed and started again, a fleet that outlives it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE_SECONDS = 30.0
SERVER = (sys.executable, "-m", "mdm_server.cli")
EMULATOR = (sys.executable, "-m", "device_emulator.cli")


@dataclass(frozen=True)
class Ended:
    """What a program left behind."""

    exit_code: int
    output: str
    errors: str

    @property
    def is_one_line(self) -> bool:
        """Whether it failed as a program should: nothing on standard output, one line on standard error."""
        return not self.output and self.errors.count("\n") == 1 and self.errors.startswith("mdm-server: ")


async def run_program(*command: str | Path, seconds: float = PATIENCE_SECONDS, **environment: str) -> Ended:
    """Run a program to its end, with `environment` beside ours.

    One that does not come to its end in time is put away, and that is an error.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A program that native code ends (SIGABRT, SIGSEGV) then says where it was.
        env={**os.environ, "PYTHONFAULTHANDLER": "1", **environment},
    )
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    finally:
        await _put_away(process)
    assert process.returncode is not None
    return Ended(process.returncode, output.decode(), errors.decode())


async def _put_away(process: asyncio.subprocess.Process) -> None:
    """End a program that nobody waits for any more: politely, so that it takes its files away, and then for good."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS / 3):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()


def loopback_address(seed: object) -> str:
    """Return a loopback address that is nobody else's.

    A server that is to come back to its port must find it free. Among addresses of its own it does: whatever the other
    programs of this machine connect or bind meanwhile, they do it at 127.0.0.1.
    """
    chance = random.Random(f"{seed}/{os.getpid()}")
    return ".".join(["127", *(str(chance.randint(2, 250)) for _ in range(3))])


@dataclass
class MortalServer:
    """`mdm-server serve` on one state directory and one address, through any number of lives."""

    state: Path
    address: str
    admin_token: str = ""
    lives: int = 0
    _process: asyncio.subprocess.Process | None = None
    _session: aiohttp.ClientSession | None = None
    _port: int = 0
    _arguments: Sequence[str] = field(default_factory=tuple)

    @property
    def url(self) -> str:
        """The base URL, the same in every life."""
        return f"https://{self.address}:{self._port}"

    @property
    def ca_file(self) -> Path:
        """The root certificate, the same in every life."""
        return self.state / "ca.pem"

    @property
    def process_id(self) -> int | None:
        """Which process it is, in this life."""
        return None if self._process is None else self._process.pid

    @property
    def command(self) -> tuple[str | Path, ...]:
        """What starts it."""
        here = ("--listen", f"{self.address}:{self._port}", "--sim-listen", "off", "--state-dir", self.state)
        return (*SERVER, "serve", *here, *self._arguments)

    async def start(self) -> None:
        """Start it, and return when it has announced itself."""
        self._process = await asyncio.create_subprocess_exec(
            *self.command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        announcement = await self._announcement(self._process)
        self._port = self._port or int(announcement["devices, API"].rpartition(":")[2])
        self.admin_token = self.admin_token or announcement["admin token"].split()[0]
        self.lives += 1

    async def _announcement(self, process: asyncio.subprocess.Process) -> dict[str, str]:
        assert process.stdout is not None
        said: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "admin token" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, (await process.communicate())[1].decode()
                if found := re.match(r"  (\S.*?)  +(.*)", line):
                    said[found[1]] = found[2]
        return said

    async def end(self, number: signal.Signals) -> Ended:
        """Send a signal, and return how it ended and what it still wrote."""
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(number)
        async with asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, output.decode(), errors.decode())

    async def kill(self) -> None:
        """End this life without a word of warning: `kill -9`."""
        ended = await self.end(signal.SIGKILL)
        assert ended.exit_code == -signal.SIGKILL, f"it was dead already: {ended}"

    async def call(self, method: str, path: str, **request: Any) -> Any:
        """Do as the administrator, and return the JSON; raises aiohttp.ClientError while the server is dead."""
        if self._session is None:
            tls = ssl.create_default_context(cafile=self.ca_file)
            self._session = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self.admin_token}"}, connector=aiohttp.TCPConnector(ssl=tls)
            )
        async with self._session.request(method, f"{self.url}/api/v1{path}", **request) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def enrolled(self) -> set[str]:
        """Return the UDIDs of all devices the server takes for enrolled."""
        found: set[str] = set()
        after = ""
        while True:
            query = {"status": "Enrolled", "limit": "500", "after": after}
            page = await self.call("GET", "/devices", params=query)
            found |= {device["udid"] for device in page["devices"]}
            after = page.get("next", "")
            if not after:
                return found

    async def command_states(self, udids: Collection[str]) -> dict[str, str]:
        """Return the state of every command of some devices, by CommandUUID."""
        return {
            command["command_uuid"]: command["state"]
            for udid in udids
            for command in (await self.call("GET", f"/devices/{udid}/commands", params={"limit": "500"}))["commands"]
        }

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._session is not None:
            await self._session.close()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()


@asynccontextmanager
async def mortal_server(directory: Path, *arguments: str) -> AsyncIterator[MortalServer]:
    """Run a server that may be killed and started again."""
    server = MortalServer(directory / "state", loopback_address(directory), _arguments=arguments)
    try:
        await server.start()
        yield server
    finally:
        await server.close()


@dataclass(frozen=True)
class FleetLedger:
    """What a fleet remembers of a run: written by the emulator, outside of any process that was killed."""

    udids: dict[int, str]
    events: list[dict[str, Any]]
    summary: dict[str, Any]

    @classmethod
    def read(cls, report: Path) -> FleetLedger:
        """Read the report folder of a run."""
        rows = [line.split(",") for line in (report / "devices.csv").read_text().splitlines()[1:]]
        events = [json.loads(line) for line in (report / "events.jsonl").read_text().splitlines()]
        return cls({int(row[0]): row[1] for row in rows}, events, json.loads((report / "summary.json").read_text()))

    def who(self, event: str) -> set[str]:
        """Return the UDIDs of all devices that saw an event."""
        return {self.udids[entry["device"]] for entry in self.events if entry["event"] == event}

    def answered(self) -> dict[str, str]:
        """Return the status of every answer that the server took, by CommandUUID."""
        seen = (entry for entry in self.events if entry["event"] == "CommandAnswered")
        return {entry["command_uuid"]: entry["status"] for entry in seen}
