from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from mdm_server.clouds.apple.push.courier import Courier
from mdm_server.outbound.courier import CourierSender, SortingSender
from mdm_server.service.push import PushTarget
from mdm_server.wire.courier import Listen, encode
from rigs.sent_pushes import SentPushes


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


async def test_apple_is_not_bothered_with_androids() -> None:
    """Whoever has a topic is Apple's; the others wait at the courier."""
    apple, courier = SentPushes(), SentPushes()
    targets = [PushTarget(bytes([number]), "magic", topic) for number, topic in enumerate(["topic", "", "topic"])]
    await SortingSender(apple, courier).send(targets)
    assert (apple.tokens, courier.tokens) == ([b"\x00", b"\x02"], [b"\x01"])
