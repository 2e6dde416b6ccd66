"""A real server on real sockets for every test: what is refused here is refused at the door that attackers use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mdm_server.web.limits import Limits
from rigs.sockets import SocketRig, socket_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    """Run a server with the limits it has in earnest."""
    async with socket_rig(tmp_path, limits=Limits(stop_seconds=2.0)) as opened:
        yield opened
