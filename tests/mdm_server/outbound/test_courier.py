from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.outbound.courier import CourierSender
from mdm_server.service.push import PushTarget
from mdm_server.wire.courier import Listen, encode


async def test_every_target_gets_its_push() -> None:
    """Whoever listens is told its own magic."""
    courier = Courier(lambda: datetime(2026, 6, 1, tzinfo=UTC))
    line = courier.connect()
    line.receive(encode(Listen((b"\x01" * 32, b"\x02" * 32))))
    targets = [PushTarget(b"\x01" * 32, "eins", "topic"), PushTarget(b"\x02" * 32, "zwei", "topic")]
    await CourierSender(courier).send(targets)
    line_frames = line.frames()
    async with asyncio.timeout(5):
        told = [await anext(line_frames) for _ in range(3)][1:]
    assert [("eins" in frame, "zwei" in frame) for frame in told] == [(True, False), (False, True)]
