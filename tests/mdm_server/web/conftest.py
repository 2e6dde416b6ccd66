"""A server on sockets for each test of the web room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rigs.sockets import SocketRig, socket_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run a server."""
    async with socket_rig(tmp_path) as opened:
        yield opened
