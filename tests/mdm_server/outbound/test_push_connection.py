from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event, RequestReceived
from h2.settings import SettingCodes

from mdm_server.outbound.push_connection import UNDER_WAY, PushClient
from mdm_server.wire.apns import Reason, mdm_push

REQUEST = mdm_push(b"\x01", "magic", "topic")


class Wire(asyncio.Transport):
    """A wire that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_closed = False

    def write(self, data: Any) -> None:
        """Keep it."""
        self.written += data

    def close(self) -> None:
        """Take note."""
        self.is_closed = True


class Talk:
    """A client, and a service at the other end that says what the test wants."""

    def __init__(self, *, streams: int = 1000) -> None:
        self.answers: list[tuple[str, int, Reason | None]] = []
        self.unanswered: list[str] | None = None
        self.invited = 0
        self.wire = Wire()
        self.client: PushClient[str] = PushClient("apple", self)
        self.client.connection_made(self.wire)
        self.service = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.service.initiate_connection()
        self.service.increment_flow_control_window(1 << 20)
        self.service.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: streams})
        self.exchange()

    def answered(self, push: str, status: int, reason: Reason | None) -> None:
        """Take note."""
        self.answers.append((push, status, reason))

    def can_push(self) -> None:
        """Take note."""
        self.invited += 1

    def lost(self, unanswered: Sequence[str]) -> None:
        """Take note."""
        self.unanswered = list(unanswered)

    def exchange(self) -> list[Event]:
        """Carry bytes both ways, and return what the service saw."""
        self.client.flush()
        data, self.wire.written = bytes(self.wire.written), bytearray()
        seen = self.service.receive_data(data) if data else []
        if said := self.service.data_to_send():
            self.client.data_received(said)
        return seen

    def push(self, name: str = "push") -> int:
        """Push, and return the stream that the service saw."""
        self.client.send(name, REQUEST)
        [stream] = [event.stream_id for event in self.exchange() if isinstance(event, RequestReceived)]
        return stream

    def answer(self, stream: int, status: int, body: bytes = b"") -> None:
        """Have the service answer."""
        self.service.send_headers(stream, [(":status", str(status))], end_stream=not body)
        if body:
            self.service.send_data(stream, body, end_stream=True)
        self.exchange()


def test_answers_find_their_pushes() -> None:
    """In whatever order they come; a document that is none of Apple's leaves the status."""
    talk = Talk()
    first, second, third = talk.push("first"), talk.push("second"), talk.push("third")
    talk.answer(third, 502, b"<html>bad gateway</html>")
    talk.answer(second, 410, b'{"reason":"Unregistered","timestamp":1}')
    talk.answer(first, 200)
    assert talk.answers == [("third", 502, None), ("second", 410, Reason.UNREGISTERED), ("first", 200, None)]


@pytest.mark.parametrize(("streams", "room"), [(1, 1), (7, 7), (1000, UNDER_WAY)])
def test_no_more_is_under_way_than_the_service_lets_us(streams: int, room: int) -> None:
    """Nor more than we like; an answer makes room for another."""
    talk = Talk(streams=streams)
    assert talk.client.room == room
    opened = [talk.push() for _ in range(talk.client.room)]
    assert talk.client.room == 0
    invited = talk.invited
    talk.answer(opened[0], 200)
    assert (talk.client.room, talk.invited > invited) == (1, True)


def test_a_push_that_is_reset_has_no_status() -> None:
    """It is as good as unanswered, and may be tried again."""
    talk = Talk()
    stream = talk.push()
    talk.service.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
    talk.exchange()
    assert talk.answers == [("push", 0, None)]


def test_a_goaway_ends_it_and_gives_back_what_got_no_answer() -> None:
    """When the wire is cut, which is at once."""
    talk = Talk()
    done, _ = talk.push("done"), talk.push("open")
    talk.answer(done, 200)
    talk.service.close_connection(last_stream_id=done)
    talk.exchange()
    assert (talk.client.room, talk.client.is_over, talk.wire.is_closed) == (0, True, True)
    talk.client.connection_lost(None)
    assert talk.unanswered == ["open"]


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 100, b"\xff" * 9])
def test_who_does_not_speak_http2_is_left(said: bytes) -> None:
    """And what was sent to it is given back."""
    talk = Talk()
    talk.push()
    talk.client.data_received(said)
    assert talk.wire.is_closed
    talk.client.connection_lost(None)
    assert talk.unanswered == ["push"]


def test_an_answer_without_end_is_not_kept() -> None:
    """Four kilobytes of it are enough to read a reason in."""
    talk = Talk()
    stream = talk.push()
    talk.service.send_headers(stream, [(":status", "500")])
    for _ in range(40):
        talk.service.send_data(stream, bytes(1000))
        talk.exchange()
    assert len(talk.client._open[stream].body) <= 5096
    talk.service.end_stream(stream)
    talk.exchange()
    assert talk.answers == [("push", 500, None)]
