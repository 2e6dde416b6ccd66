"""The two processes that are measured: `mdm-server serve` and the devices. Neither shares anything with us."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import msgspec

from benchmarks.machine import REPOSITORY

ANY_PORT = "127.0.0.1:0"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """A process did not do what the benchmark needs."""


class ServerProcess(AbstractContextManager["ServerProcess"]):
    """`mdm-server serve` on a state directory of its own, on free ports of the loopback interface."""

    COMMAND: tuple[str, ...] = ("serve", "--http", ANY_PORT)
    LAST_WORD = "admin token"

    def __init__(self, folder: Path, *more: str) -> None:
        self._more = more
        self.state = folder / "state"
        self._log = folder / "server.log"
        self._errors = folder / "server.errors"
        self._process: subprocess.Popen[bytes] | None = None
        self._said: dict[str, str] = {}

    def __enter__(self) -> ServerProcess:
        """Start the server, and return when it has said where it is."""
        command = [sys.executable, "-m", "mdm_server.cli", *self.COMMAND, "--state-dir", str(self.state)]
        command += ["--listen", ANY_PORT, "--sim-listen", ANY_PORT, *self._more]
        with self._log.open("wb") as log, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(command, stdout=log, stderr=errors, cwd=REPOSITORY)
        deadline = time.monotonic() + START_SECONDS
        while self.LAST_WORD not in self._said:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise BenchmarkError(f"the server did not start: {self._errors.read_text(encoding='utf-8')}")
            time.sleep(0.05)
            lines = self._log.read_text(encoding="utf-8").splitlines()[1:]
            self._said = {name.strip(): value for name, _, value in (line[2:].partition("  ") for line in lines)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        assert self._process is not None
        self._process.terminate()
        _end(self._process)

    @property
    def url(self) -> str:
        """Where the TLS listener is."""
        return self._value("devices, API")

    @property
    def sim_url(self) -> str:
        """Where the second port is."""
        return self._value("second port").partition("/_sim")[0]

    @property
    def apple_url(self) -> str:
        """Where Apple is, if it is played beside the server."""
        return self._value("Apple")

    @property
    def apple_ca_file(self) -> str:
        """The certificate to trust there."""
        return self._value("Apple's CA")

    @property
    def http_url(self) -> str:
        """Where the plain listener is."""
        return self._value("plain HTTP")

    @property
    def ca_file(self) -> str:
        """The certificate to trust."""
        return self._value("CA certificate")

    @property
    def admin_token(self) -> str:
        """The administrator's token."""
        return self._value("admin token").split()[0]

    def _value(self, name: str) -> str:
        return self._said[name].strip()

    def cpu_seconds(self) -> float:
        """Return the CPU time the server has used so far: utime and stime in /proc/PID/stat (proc(5))."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def stalls(self) -> list[dict[str, Any]]:
        """Return the stalls of its event loop above 100 ms that the server has logged."""
        lines = self._errors.read_bytes().splitlines()
        return [event for line in lines if b"loop.stalled" in line for event in [msgspec.json.decode(line)]]


class AppleProcess(ServerProcess):
    """`mdm-server apple serve`: Apple alone."""

    COMMAND = ("apple", "serve", "--apns-listen", ANY_PORT)
    LAST_WORD = "state"

    @property
    def url(self) -> str:
        """Where the device API is."""
        return self._value("device API")

    @property
    def push_url(self) -> str:
        """Where the push service is."""
        return self._value("push")


class DeviceProcess(AbstractContextManager["DeviceProcess"]):
    """The devices (`benchmarks.device_side`), which do what they are told and report."""

    def __init__(self, server: ServerProcess, key_pool: Path) -> None:
        self._server = server
        self._key_pool = key_pool
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: IO[bytes] = BytesIO()
        self._reports: IO[bytes] = BytesIO()

    def __enter__(self) -> DeviceProcess:
        """Start the process."""
        command = [sys.executable, "-m", "benchmarks.device_side"]
        command += [self._server.url, self._server.ca_file, str(self._key_pool)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._reports = self._process.stdin, self._process.stdout
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the process: it ends when no more orders can come."""
        assert self._process is not None
        self._orders.close()
        _end(self._process)
        self._reports.close()

    def ask(self, do: str, **particulars: Any) -> Outcome:
        """Have one order carried out; what it cost both processes is in the answer."""
        before = self._server.cpu_seconds()
        self._orders.write(msgspec.json.encode({"do": do, **particulars}) + b"\n")
        self._orders.flush()
        line = self._reports.readline()
        if not line:
            raise BenchmarkError(f"the devices broke off while they should {do}")
        return Outcome(msgspec.json.decode(line), self._server.cpu_seconds() - before)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process to end, but not for ever."""
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the devices reported of an order, and what it cost the server."""

    said: dict[str, Any]
    server_cpu_seconds: float
