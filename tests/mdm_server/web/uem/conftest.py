"""A server on sockets, and a program that may call its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rigs.sockets import socket_rig
from rigs.uem_caller import Caller


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    """Run a server, and return somebody who may call its API."""
    async with socket_rig(tmp_path) as rig:
        yield Caller(rig)
