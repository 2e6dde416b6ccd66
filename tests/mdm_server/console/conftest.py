"""A server with Apple beside it, and somebody who is signed in at its console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rigs.console_visitor import Visitor, visitor
from rigs.service import HandClock
from rigs.sockets import SocketRig, socket_rig


@pytest.fixture
def hand_clock() -> HandClock:
    """Return the clock by which the server goes."""
    return HandClock(datetime.now(UTC))


@pytest.fixture
async def rig(tmp_path: Path, hand_clock: HandClock) -> AsyncIterator[SocketRig]:
    """Run our server, and Apple beside it."""
    async with socket_rig(tmp_path, clock=hand_clock, apple="127.0.0.1:0") as opened:
        yield opened


@pytest.fixture
async def stranger(rig: SocketRig) -> AsyncIterator[Visitor]:
    """Return somebody who has not signed in."""
    async with visitor(rig) as somebody:
        yield somebody


@pytest.fixture
async def person(rig: SocketRig) -> AsyncIterator[Visitor]:
    """Return somebody who has signed in."""
    async with visitor(rig) as somebody:
        await somebody.sign_in()
        yield somebody
