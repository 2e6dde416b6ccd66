from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mdm_server.clouds.apple.push.courier import UNREAD_CONFIRMATIONS, Courier, CourierLine, DirectLine, Fate
from mdm_server.clouds.apple.push.notification import Notification
from mdm_server.wire.courier import Forget, FromServer, Gone, Listen, Listening, Push, encode, parse_from_server
from mdm_server.wire.errors import FrameError
from rigs.apple_push import Hand

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
    courier = Courier(Hand())
    line = courier.connect()
    line.receive(encode(Listen((ONE, TWO))))
    courier.send(TWO, "zwei")
    assert await _read(line, 2) == [Listening((ONE, TWO)), Push(TWO, "zwei")]


async def test_one_push_waits_for_a_device_that_is_away() -> None:
    """Three pushes while nobody listens become one: the newest."""
    courier = Courier(Hand())
    for magic in ("first", "second", "third"):
        courier.send(ONE, magic)
    line = courier.connect()
    line.receive(encode(Listen((ONE,))))
    courier.send(TWO, MAGIC)
    assert await _read(line, 2) == [Listening((ONE,)), Push(ONE, "third")]


async def test_pushes_coalesce_in_front_of_a_slow_reader() -> None:
    """A thousand pushes for one token are one frame for a reader that was busy elsewhere."""
    courier = Courier(Hand())
    line = courier.connect()
    line.receive(encode(Listen((ONE,))))
    for number in range(1000):
        courier.send(ONE, str(number))
    line_frames = await _read(line, 2)
    assert line_frames == [Listening((ONE,)), Push(ONE, "999")]
    assert not line._pushes


async def test_the_newest_connection_for_a_token_wins() -> None:
    """The older one stays open for its other tokens, and its hanging up takes nothing from the newer one."""
    courier = Courier(Hand())
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
    courier = Courier(Hand())
    first = courier.connect()
    first.receive(encode(Listen((ONE,))))
    courier.send(ONE, MAGIC)
    first.close()
    second = courier.connect()
    second.receive(encode(Listen((ONE,))))
    assert await _read(second, 2) == [Listening((ONE,)), Push(ONE, "magic")]


async def test_a_forgotten_token_is_kept_for_like_one_nobody_listens_to() -> None:
    """Forget ends delivery to this line; the push waits for whoever listens next."""
    courier = Courier(Hand())
    line = courier.connect()
    line.receive(encode(Listen((ONE,))))
    line.receive(encode(Forget((ONE,))))
    courier.send(ONE, MAGIC)
    assert not line._pushes
    assert courier._kept.tokens == (ONE,)


async def test_closing_ends_the_frames() -> None:
    """A reader that waits for the next frame comes to an end."""
    courier = Courier(Hand())
    line = courier.connect()
    reader = asyncio.create_task(_read(line, 1))
    await asyncio.sleep(0)
    courier.close()
    async with asyncio.timeout(5):
        assert await reader == []


async def test_pushes_kept_for_nobody_are_bounded() -> None:
    """The oldest of them is dropped: a push is a hint, and the queue is the truth."""
    courier = Courier(Hand(), pending_limit=2)
    for number in range(3):
        courier.send(bytes([number]) * 32, MAGIC)
    assert courier._kept.tokens == (b"\x01" * 32, b"\x02" * 32)


async def test_tokens_listened_for_are_bounded() -> None:
    """A client that listens for more than the courier can remember is refused, and nothing of it is taken."""
    courier = Courier(Hand(), token_limit=1)
    line = courier.connect()
    with pytest.raises(FrameError, match=r"courier\.full"):
        line.receive(encode(Listen((ONE, TWO))))
    assert not courier._readers


async def test_a_client_that_asks_and_never_reads_is_hung_up_on() -> None:
    """Confirmations nobody reads are not kept without end; one who reads may ask as often as it likes."""
    line = Courier(Hand()).connect()
    for _ in range(UNREAD_CONFIRMATIONS):
        line.receive(encode(Listen((ONE,))))
    with pytest.raises(FrameError, match="unread"):
        line.receive(encode(Listen((ONE,))))
    await _read(line, UNREAD_CONFIRMATIONS)
    line.receive(encode(Listen((ONE,))))


# --- expiry, topics, and tokens that are gone -------------------------------------------------------------------------


def _push(topic: str = "", magic: str = MAGIC, *, hand: Hand, seconds: float | None = 60) -> Notification:
    expires = None if seconds is None else hand() + timedelta(seconds=seconds)
    return Notification(ONE, topic, magic, expires)


async def test_a_push_that_expired_while_its_device_was_away_never_arrives() -> None:
    """One that did not expire does."""
    for later, arrives in ((59, True), (60, False)):
        hand = Hand()
        courier = Courier(hand)
        assert courier.deliver(_push(hand=hand)) is Fate.KEPT
        hand.wait(later)
        line = courier.connect()
        line.receive(encode(Listen((ONE,))))
        assert bool(line._pushes) is arrives


def test_a_push_for_now_or_never_is_not_kept() -> None:
    """Without an expiry it reaches whoever listens, and nobody else."""
    hand = Hand()
    courier = Courier(hand)
    assert courier.deliver(_push(hand=hand, seconds=None)) is Fate.DROPPED
    line = courier.connect()
    line.receive(encode(Listen((ONE,))))
    assert courier.deliver(_push(hand=hand, seconds=None)) is Fate.DELIVERED
    line.close()
    assert courier._kept.tokens == ()  # it was in front of somebody who did not read it: now is over


def test_one_push_of_each_topic_is_kept() -> None:
    """They do not take each other's place."""
    hand = Hand()
    courier, got = Courier(hand), list[str]()
    for topic, magic in (("a", "a1"), ("b", "b1"), ("a", "a2")):
        courier.deliver(_push(topic, magic, hand=hand))
    DirectLine(courier, lambda _, magic: got.append(magic)).listen(ONE)
    assert got == ["a2", "b1"]


def test_a_token_that_is_gone_is_kept_for_no_longer() -> None:
    """Since when is known, until somebody listens for it again."""
    hand = Hand()
    courier = Courier(hand)
    line = courier.connect()
    line.receive(encode(Listen((ONE,), "topic")))
    assert courier.topic_of(ONE) == "topic"
    line.receive(encode(Gone((ONE, TWO))))
    gone_at = hand()
    hand.wait(5)
    line.receive(encode(Gone((ONE,))))
    assert (courier.gone_since(ONE), courier.gone_since(TWO), courier.topic_of(ONE)) == (gone_at, gone_at, None)
    line.receive(encode(Listen((ONE,))))
    assert courier.gone_since(ONE) is None


def test_nobody_buries_a_token_that_another_line_reads() -> None:
    """A process that comes back late has nothing to say about a device that moved on."""
    courier = Courier(Hand())
    old, new = courier.connect(), courier.connect()
    old.receive(encode(Listen((ONE,))))
    new.receive(encode(Listen((ONE,))))
    old.receive(encode(Gone((ONE,))))
    assert courier.gone_since(ONE) is None
    assert courier.has_met(ONE)


def test_graves_are_bounded() -> None:
    """The oldest one is forgotten."""
    courier = Courier(Hand(), token_limit=1)
    for token in (ONE, TWO):
        courier.bury(token)
    assert (courier.gone_since(ONE), courier.gone_since(TWO) is None) == (None, False)


def test_a_device_of_the_same_process_is_called() -> None:
    """At once while it listens, later when it forgot, and never when it is gone."""
    courier, got = Courier(Hand()), list[str]()
    line = DirectLine(courier, lambda _, magic: got.append(magic))
    line.listen(ONE)
    courier.send(ONE, "first")
    line.forget(ONE)
    courier.send(ONE, "second")
    assert got == ["first"]
    line.listen(ONE)
    line.gone(ONE)
    assert courier.send(ONE, "third") is Fate.KEPT  # to refuse a push is the push service's business
    assert got == ["first", "second"]
