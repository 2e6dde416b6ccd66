"""A server for the command line to be sent to, and the command line."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from device_emulator.cli import main
from rigs.processes import EMULATOR, Ended, run_program
from rigs.server_thread import ServerThread, server_thread

Emulate = Callable[..., Awaitable[Ended]]
EmulateHere = Callable[..., Ended]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerThread]:
    """Run a strict server with a TLS and a plain listener."""
    with server_thread(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def seeds() -> Iterator[int]:
    """Draw another fleet for every run: the server they are sent to is the same."""
    return count(1)


@pytest.fixture
def emulate(tmp_path: Path) -> Emulate:
    """Run `device-emulator` in a process of its own."""

    async def run(*arguments: str | int | Path) -> Ended:
        return await run_program(*EMULATOR, *map(str, arguments))

    return run


@pytest.fixture
def emulate_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmulateHere:
    """Run `device-emulator` in the test's own process, which spares a second each time, and in the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments: str | int | Path) -> Ended:
        written = io.BytesIO()
        output, errors = io.TextIOWrapper(written, "utf-8", write_through=True), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                main(list(map(str, arguments)))
            except SystemExit as done:
                return Ended(int(done.code or 0), written.getvalue().decode(), errors.getvalue())
        raise AssertionError("it did not exit")

    return run


@pytest.fixture
def load(emulate: Emulate, seeds: Iterator[int]) -> Emulate:
    """Run `device-emulator load`, in a process of its own, for a few devices with keys of their own."""

    async def run(*arguments: str | int | Path, devices: int = 2) -> Ended:
        return await emulate("load", *_fleet(devices, seeds), *arguments)

    return run


@pytest.fixture
def load_here(emulate_here: EmulateHere, seeds: Iterator[int]) -> EmulateHere:
    """Run the same in the test's own process."""

    def run(*arguments: str | int | Path, devices: int = 2) -> Ended:
        return emulate_here("load", *_fleet(devices, seeds), *arguments)

    return run


def _fleet(devices: int, seeds: Iterator[int]) -> tuple[str | int, ...]:
    return ("--devices", devices, "--seed", next(seeds), "--keys", "fresh", "--timeout", 20)
