from __future__ import annotations

import asyncio

import pytest

from mdm_server.clouds.apple.push.courier import UNREAD_CONFIRMATIONS, Courier, CourierLine
from mdm_server.wire.courier import Forget, FromServer, Listen, Listening, Push, encode, parse_from_server
from mdm_server.wire.errors import FrameError

ONE, TWO = b"\x01" * 32, b"\x02" * 32
MAGIC = "magic"


async def _read(line: CourierLine, count: int) -> list[FromServer]:
    """Return the next frames of a line."""
    frames: list[FromServer] = []
    async with asyncio.timeout(5):
        async for frame in line.frames():
            frames.append(parse_from_server(frame))
            if len(frames) == count:
                break
    return frames


async def test_a_push_reaches_the_line_that_listens_for_its_token() -> None:
    """Listening is confirmed, and from then on pushes come with their magic."""
    courier = Courier()
    line = courier.connect()
    line.receive(encode(Listen((ONE, TWO))))
    courier.send(TWO, "zwei")
    assert await _read(line, 2) == [Listening((ONE, TWO)), Push(TWO, "zwei")]


async def test_one_push_waits_for_a_device_that_is_away() -> None:
    """Three pushes while nobody listens become one: the newest."""
    courier = Courier()
    for magic in ("first", "second", "third"):
        courier.send(ONE, magic)
    line = courier.connect()
    line.receive(encode(Listen((ONE,))))
    courier.send(TWO, MAGIC)
    assert await _read(line, 2) == [Listening((ONE,)), Push(ONE, "third")]


async def test_pushes_coalesce_in_front_of_a_slow_reader() -> None:
    """A thousand pushes for one token are one frame for a reader that was busy elsewhere."""
    courier = Courier()
    line = courier.connect()
    line.receive(encode(Listen((ONE,))))
    for number in range(1000):
        courier.send(ONE, str(number))
    line_frames = await _read(line, 2)
    assert line_frames == [Listening((ONE,)), Push(ONE, "999")]
    assert not line._pushes


async def test_the_newest_connection_for_a_token_wins() -> None:
    """The older one stays open for its other tokens, and its hanging up takes nothing from the newer one."""
    courier = Courier()
    old, new = courier.connect(), courier.connect()
    old.receive(encode(Listen((ONE, TWO))))
    new.receive(encode(Listen((ONE,))))
    courier.send(ONE, "for the new one")
    courier.send(TWO, "for the old one")
    assert await _read(old, 2) == [Listening((ONE, TWO)), Push(TWO, "for the old one")]
    old.close()
    assert await _read(new, 2) == [Listening((ONE,)), Push(ONE, "for the new one")]


async def test_what_a_line_had_not_read_waits_for_the_next_one() -> None:
    """A connection that breaks with pushes in front of it loses none of them."""
    courier = Courier()
    first = courier.connect()
    first.receive(encode(Listen((ONE,))))
    courier.send(ONE, MAGIC)
    first.close()
    second = courier.connect()
    second.receive(encode(Listen((ONE,))))
    assert await _read(second, 2) == [Listening((ONE,)), Push(ONE, "magic")]


async def test_a_forgotten_token_is_kept_for_like_one_nobody_listens_to() -> None:
    """Forget ends delivery to this line; the push waits for whoever listens next."""
    courier = Courier()
    line = courier.connect()
    line.receive(encode(Listen((ONE,))))
    line.receive(encode(Forget((ONE,))))
    courier.send(ONE, MAGIC)
    assert not line._pushes
    assert list(courier._pending) == [ONE]


async def test_closing_ends_the_frames() -> None:
    """A reader that waits for the next frame comes to an end."""
    courier = Courier()
    line = courier.connect()
    reader = asyncio.create_task(_read(line, 1))
    await asyncio.sleep(0)
    courier.close()
    async with asyncio.timeout(5):
        assert await reader == []


async def test_pushes_kept_for_nobody_are_bounded() -> None:
    """The oldest of them is dropped: a push is a hint, and the queue is the truth."""
    courier = Courier(pending_limit=2)
    for number in range(3):
        courier.send(bytes([number]) * 32, MAGIC)
    assert list(courier._pending) == [b"\x01" * 32, b"\x02" * 32]


async def test_tokens_listened_for_are_bounded() -> None:
    """A client that listens for more than the courier can remember is refused, and nothing of it is taken."""
    courier = Courier(token_limit=1)
    line = courier.connect()
    with pytest.raises(FrameError, match=r"courier\.full"):
        line.receive(encode(Listen((ONE, TWO))))
    assert not courier._readers


async def test_a_client_that_asks_and_never_reads_is_hung_up_on() -> None:
    """Confirmations nobody reads are not kept without end; one who reads may ask as often as it likes."""
    line = Courier().connect()
    for _ in range(UNREAD_CONFIRMATIONS):
        line.receive(encode(Listen((ONE,))))
    with pytest.raises(FrameError, match="unread"):
        line.receive(encode(Listen((ONE,))))
    await _read(line, UNREAD_CONFIRMATIONS)
    line.receive(encode(Listen((ONE,))))
