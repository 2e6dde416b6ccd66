"""The command line, run in a thread beside the server that it administers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rigs.command_line import Cli, Run, run_cli
from rigs.sockets import SocketRig, socket_rig


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings of whoever runs the tests out of them."""
    for word in ("URL", "CA", "ADMIN_TOKEN", "LISTEN", "STATE_DIR", "COMPAT", "SEED"):
        monkeypatch.delenv(f"MDMSIM_{word}", raising=False)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run the server."""
    async with socket_rig(tmp_path) as opened:
        yield opened


@pytest.fixture
def cli(rig: SocketRig, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return what runs `mdm-server` with the server's address and token in the environment."""
    monkeypatch.setenv("MDMSIM_URL", rig.server.url)
    monkeypatch.setenv("MDMSIM_CA", str(rig.server.ca_file))
    monkeypatch.setenv("MDMSIM_ADMIN_TOKEN", rig.server.admin_token or "")

    async def run(*arguments: str) -> Run:
        return await asyncio.to_thread(run_cli, *arguments)

    return run
