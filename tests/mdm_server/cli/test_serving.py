from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from rigs.command_line import run_cli
from rigs.uem_caller import basic

PATIENCE_SECONDS = 30.0
ANYWHERE = ("--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0")


@dataclass
class Process:
    """A server in a process of its own."""

    process: asyncio.subprocess.Process
    announcement: str

    def named(self, name: str) -> str:
        """Return what the announcement says about something."""
        found = re.search(rf"^  {re.escape(name)} +(.*)$", self.announcement, re.MULTILINE)
        assert found, self.announcement
        return found[1]

    async def stopped(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; returns the exit code and what was printed; of a busy machine it complains elsewhere."""
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await self.process.communicate()
        assert self.process.returncode is not None
        assert b"Traceback" not in errors
        return self.process.returncode, output.decode()


@asynccontextmanager
async def _serving(*arguments: str, **environment: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mdm_server.cli", "serve", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            announcement = ""
            while "admin token" not in announcement:
                line = await process.stdout.readline()
                assert line, (await process.communicate())[1].decode()
                announcement += line.decode()
        yield Process(process, announcement)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_announces_itself_and_stops_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """What it prints is enough to use it; a signal ends it with 0 and a last word."""
    async with _serving(*ANYWHERE, "--state-dir", str(tmp_path / "state")) as server:
        tls = ssl.create_default_context(cafile=server.named("CA certificate"))
        token = server.named("admin token").split()[0]
        headers = {"Authorization": f"Bearer {token}"}
        url = server.named("devices, API") + "/api/v1/server"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=tls, headers=headers) as response:
            assert response.status == 200
        caller = basic(server.named("API user").split()[0], server.named("API password"))
        headers = {"Authorization": caller, "aw-tenant-code": server.named("tenant code")}
        url = server.named("devices, API") + "/api/system/info"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=tls, headers=headers) as response:
            assert response.status == 200
        async with aiohttp.ClientSession() as session, session.get(server.named("second port")) as response:
            assert response.status == 200
        assert await server.stopped(number) == (0, "stopped\n")


async def test_the_token_is_shown_once(tmp_path: Path) -> None:
    """A later start says when it was printed, and not what it is."""
    async with _serving(*ANYWHERE, "--state-dir", str(tmp_path / "state")) as first:
        token = first.named("admin token").split()[0]
        secrets = (token, first.named("API password"), first.named("tenant code"))
        await first.stopped(signal.SIGTERM)
    async with _serving(*ANYWHERE, "--state-dir", str(tmp_path / "state")) as second:
        assert not any(secret in second.announcement for secret in secrets)
        assert "--new-admin-token" in second.named("admin token")
        assert "--new-admin-token" in second.named("API user")
        await second.stopped(signal.SIGTERM)


async def test_a_killed_server_starts_again_on_its_state(tmp_path: Path) -> None:
    """`kill -9` leaves a state that the next server opens, with the same authority."""
    async with _serving(*ANYWHERE, "--state-dir", str(tmp_path / "state")) as first:
        authority = (tmp_path / "state" / "ca.pem").read_bytes()
        first.process.kill()
        await first.process.communicate()
    async with _serving(*ANYWHERE, "--state-dir", str(tmp_path / "state")) as second:
        assert second.named("CA certificate") == str(tmp_path / "state" / "ca.pem")
        assert (tmp_path / "state" / "ca.pem").read_bytes() == authority
        await second.stopped(signal.SIGTERM)


async def test_a_setting_has_one_name_everywhere(tmp_path: Path) -> None:
    """The same word in a file, in the environment and as a flag; the flag wins, then the environment, then the file."""
    settings = tmp_path / "server.toml"
    settings.write_text(
        'listen = "127.0.0.1:0"\nsim-listen = "off"\nhttp = "127.0.0.1:0"\n'
        f'state_dir = "{tmp_path}/from-file"\ncompat = ["sha1", "des"]\n'
    )
    async with _serving("--config", str(settings), MDMSIM_STATE_DIR=f"{tmp_path}/from-environment") as server:
        assert server.named("state") == f"{tmp_path}/from-environment"
        assert server.named("plain HTTP").startswith("http://127.0.0.1:")
        assert "second port" not in server.announcement
        await server.stopped(signal.SIGTERM)
    flag = ("--state-dir", f"{tmp_path}/from-flag")
    async with _serving("--config", str(settings), *flag, MDMSIM_STATE_DIR=f"{tmp_path}/from-environment") as server:
        assert server.named("state") == f"{tmp_path}/from-flag"
        await server.stopped(signal.SIGTERM)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("listen = ", "TOML"),
        ('lisen = "127.0.0.1:0"', "lisen"),
        ("expose-to-network = 1", "true or false"),
        ("listen = true", "one value"),
        ("compat = [1]", "list of strings"),
        ('listen = {host = "x"}', "one value"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, content: str, word: str) -> None:
    """Unreadable TOML, an unknown setting, a setting of another type: exit 2, and the text names it."""
    file = tmp_path / "server.toml"
    file.write_text(content)
    run = run_cli("serve", "--config", str(file))
    assert (run.exit_code, run.is_one_line, word in run.errors) == (2, True, True), run


@pytest.mark.parametrize(
    ("arguments", "exit_code", "word"),
    [
        (("--config", "/nowhere.toml"), 2, "readable"),
        (("--listen", "0.0.0.0:0"), 2, "--expose-to-network"),
        (("--listen", "nonsense"), 2, "HOST:PORT"),
        (("--compat", "kindness"), 2, "kindness"),
        (("--log-level", "loud"), 2, "log-level"),
        (("--seed", "x"), 2, "seed"),
        (("--state-dir", "/dev/null/state"), 73, "/dev/null/state"),
        (("--device-ca", "/nowhere.pem"), 2, "/nowhere.pem"),
    ],
)
def test_a_server_that_cannot_start_says_why(arguments: tuple[str, ...], exit_code: int, word: str) -> None:
    """One line: what was expected, what was found, what to do; and the exit code that scripts can tell apart."""
    run = run_cli("serve", *(ANYWHERE if "--listen" not in arguments else ()), *arguments)
    assert (run.exit_code, run.is_one_line, word in run.errors) == (exit_code, True, True), run


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    """Somebody listens there already: 69, the address, and no state directory is begun."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        run = run_cli("serve", "--listen", address, "--sim-listen", "off", "--state-dir", str(tmp_path / "state"))
    assert (run.exit_code, run.is_one_line, address in run.errors) == (69, True, True), run
    assert not (tmp_path / "state").exists()
