from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    PingAckReceived,
    RemoteSettingsChanged,
    ResponseReceived,
)
from h2.settings import SettingCodes

from mdm_server.web import http2
from mdm_server.web.http2 import MOST_RESETS, STREAMS, Http2Limits, PushConnection
from mdm_server.wire.apns import PushReply, PushRequest, Reason

HEADERS = [(":method", "POST"), (":scheme", "https"), (":authority", "apple"), (":path", "/3/device/00")]
BODY = b'{"mdm":"magic"}'


class PlayedTls:
    """What is known of a TLS connection whose client showed a certificate."""

    def getpeercert(self, *, binary_form: bool) -> bytes:
        """Return it."""
        return b"certificate"


class PlayedTransport(asyncio.Transport):
    """A wire that keeps what was written."""

    def __init__(self, tls: object) -> None:
        super().__init__({"ssl_object": tls})
        self.written = bytearray()
        self.is_closed = False
        self.is_reading = True

    def write(self, data: Any) -> None:
        """Keep it."""
        self.written += data

    def close(self) -> None:
        """Take note."""
        self.is_closed = True

    abort = close

    def pause_reading(self) -> None:
        """Take note."""
        self.is_reading = False

    def resume_reading(self) -> None:
        """Take note."""
        self.is_reading = True


class Talk:
    """A connection, a client at its other end, and a service that says what the test wants."""

    def __init__(self, limits: Http2Limits, tls: object | None) -> None:
        self.reply: Callable[[PushRequest], PushReply] = lambda _: PushReply(apns_id="id")
        self.requests: list[PushRequest] = []
        self.shown: list[bytes | None] = []
        self.left = 0
        self.transport = PlayedTransport(tls)
        self.server = PushConnection(self._meet, self._leave, limits)
        self.server.connection_made(self.transport)
        self.client = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))

    def hello(self) -> list[Event]:
        """Begin to speak HTTP/2, and return what came of it."""
        self.client.initiate_connection()
        return self.exchange()

    def exchange(self) -> list[Event]:
        """Carry bytes both ways, until nobody has anything to say."""
        events: list[Event] = []
        while data := self.client.data_to_send():
            self.server.data_received(data)
            events += self.hear()
        return events

    def hear(self) -> list[Event]:
        """Let the client read what was written."""
        data, self.transport.written = bytes(self.transport.written), bytearray()
        return self.client.receive_data(data) if data else []

    def push(self, stream: int | None = None, body: bytes = BODY) -> int:
        """Have the client write a request, without sending it yet."""
        stream = stream or self.client.get_next_available_stream_id()
        self.client.send_headers(stream, HEADERS)
        self.client.send_data(stream, body, end_stream=True)
        return stream

    def _meet(self, certificate: bytes | None) -> Callable[[PushRequest], PushReply]:
        self.shown.append(certificate)

        def answer(request: PushRequest) -> PushReply:
            self.requests.append(request)
            return self.reply(request)

        return answer

    def _leave(self) -> None:
        self.left += 1


@pytest.fixture
def talks() -> Iterator[Callable[..., Talk]]:
    """Return what opens connections, and ends them after the test."""
    opened: list[Talk] = []

    def talk(tls: object | None = PlayedTls(), *, hello: bool = True, **limits: float) -> Talk:
        opened.append(Talk(Http2Limits(**limits), tls))
        if hello:
            opened[-1].hello()
        return opened[-1]

    yield talk
    for each in opened:
        each.server.connection_lost(None)
        assert each.left == 1


def answers(events: list[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Return statuses and documents, in their order."""
    statuses = {
        event.stream_id: dict(event.headers)[":status"] for event in events if isinstance(event, ResponseReceived)
    }
    bodies = {event.stream_id: event.data for event in events if isinstance(event, DataReceived)}
    return [(status, json.loads(bodies.get(stream) or "{}")) for stream, status in statuses.items()]


async def test_a_request_is_handed_over_as_it_came(talks: Callable[..., Talk]) -> None:
    """Method, path, headers in their order and the body; the answer carries the identifier."""
    talk = talks()
    stream = talk.client.get_next_available_stream_id()
    talk.client.send_headers(stream, [*HEADERS, ("apns-topic", "a"), ("apns-topic", "b"), ("x", "\xfc")])
    talk.client.send_data(stream, BODY[:5])
    talk.client.send_data(stream, BODY[5:], end_stream=True)
    [response] = [event for event in talk.exchange() if isinstance(event, ResponseReceived)]
    assert dict(response.headers) == {":status": "200", "apns-id": "id"}
    [request] = talk.requests
    assert (request.method, request.path, request.body) == ("POST", "/3/device/00", BODY)
    assert [name for name, _ in request.headers] == ["apns-topic", "apns-topic", "x"]
    assert talk.shown == [b"certificate"]


async def test_a_refusal_is_a_status_and_a_document(talks: Callable[..., Talk]) -> None:
    """With the timestamp where there is one."""
    talk = talks()
    talk.reply = lambda _: PushReply(reason=Reason.UNREGISTERED, timestamp=17)
    talk.push()
    assert answers(talk.exchange()) == [("410", {"reason": "Unregistered", "timestamp": 17})]


async def test_a_mistake_of_ours_is_an_internal_server_error(talks: Callable[..., Talk]) -> None:
    """And the connection goes on."""
    talk = talks()

    def fail(_: PushRequest) -> PushReply:
        raise ZeroDivisionError

    talk.reply = fail
    for _ in range(2):
        talk.push()
    assert answers(talk.exchange()) == [("500", {"reason": "InternalServerError"})] * 2


async def test_a_ping_is_answered(talks: Callable[..., Talk]) -> None:
    """With what was in it: providers look after their connections so."""
    talk = talks()
    talk.client.ping(b"12345678")
    [pong] = [event for event in talk.exchange() if isinstance(event, PingAckReceived)]
    assert pong.ping_data == b"12345678"


async def test_silence_ends_a_connection_with_a_reason(talks: Callable[..., Talk]) -> None:
    """A GOAWAY that says IdleTimeout; every word, a PING too, puts it off."""
    talk = talks(preface_seconds=0.02, idle_seconds=1.0)
    for _ in range(4):
        await asyncio.sleep(0.3)
        talk.client.ping(b"12345678")
        assert not [event for event in talk.exchange() if isinstance(event, ConnectionTerminated)]
    async with asyncio.timeout(5):
        while not talk.transport.is_closed:  # noqa: ASYNC110  # the played wire sets no event
            await asyncio.sleep(0.01)
    [end] = [event for event in talk.hear() if isinstance(event, ConnectionTerminated)]
    assert json.loads(end.additional_data or b"") == {"reason": "IdleTimeout"}


async def test_whoever_says_nothing_at_all_is_not_waited_for_that_long(talks: Callable[..., Talk]) -> None:
    """A port scanner holds a place for seconds, not for an hour."""
    talk = talks(hello=False, preface_seconds=0.05)
    async with asyncio.timeout(5):
        while not talk.transport.is_closed:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: apple\r\n\r\n", bytes(64), b"\xff" * 64])
async def test_what_is_not_http2_is_hung_up_on(talks: Callable[..., Talk], said: bytes) -> None:
    """Nothing of it reaches the service."""
    talk = talks(hello=False)
    talk.server.data_received(said)
    assert talk.transport.is_closed
    assert talk.requests == []
    talk.server.data_received(said)  # what comes behind it is not looked at


async def test_a_thousand_requests_may_be_under_way_and_no_more(talks: Callable[..., Talk]) -> None:
    """As the settings said."""
    talk = talks()
    assert talk.client.remote_settings.max_concurrent_streams == STREAMS
    talk.client.remote_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = 2 * STREAMS
    talk.client.remote_settings.acknowledge()
    for _ in range(STREAMS):
        talk.client.send_headers(talk.client.get_next_available_stream_id(), HEADERS)
    talk.exchange()
    for _ in range(200):  # it is worked off piece by piece
        await asyncio.sleep(0)
    assert not talk.transport.is_closed
    talk.client.send_headers(talk.client.get_next_available_stream_id(), HEADERS)
    talk.exchange()
    assert talk.transport.is_closed


async def test_without_a_certificate_there_is_one_at_a_time_until_a_push_was_taken(talks: Callable[..., Talk]) -> None:
    """As Apple has it for providers with tokens."""
    talk = talks(None)
    assert talk.shown == [None]
    assert talk.client.remote_settings.max_concurrent_streams == 1
    talk.reply = lambda _: PushReply(reason=Reason.MISSING_PROVIDER_TOKEN)
    talk.push()
    talk.exchange()
    assert talk.client.remote_settings.max_concurrent_streams == 1
    talk.reply = lambda _: PushReply()
    talk.push()
    assert any(isinstance(event, RemoteSettingsChanged) for event in talk.exchange())
    assert talk.client.remote_settings.max_concurrent_streams == STREAMS


async def test_a_goaway_names_the_last_request_that_was_looked_at(talks: Callable[..., Talk]) -> None:
    """Those behind it may be sent again elsewhere: nobody has taken them."""
    talk = talks()
    talk.reply = lambda _: PushReply(goaway=Reason.SHUTDOWN if len(talk.requests) == 2 else None)
    first, second, _ = talk.push(), talk.push(), talk.push()
    events = talk.exchange()
    [end] = [event for event in events if isinstance(event, ConnectionTerminated)]
    assert (end.last_stream_id, end.error_code) == (second, ErrorCodes.NO_ERROR)
    assert json.loads(end.additional_data or b"") == {"reason": "Shutdown"}
    assert [event.stream_id for event in events if isinstance(event, ResponseReceived)] == [first, second]
    assert len(talk.requests) == 2


async def test_a_connection_may_just_break(talks: Callable[..., Talk]) -> None:
    """Without a word."""
    talk = talks()
    talk.reply = lambda _: PushReply(cut=True)
    talk.push()
    assert talk.exchange() == []
    assert talk.transport.is_closed


async def test_many_requests_in_one_piece_leave_turns_to_others(talks: Callable[..., Talk]) -> None:
    """Not all of them are answered before anybody else gets to run."""
    talk = talks()
    streams = [talk.push() for _ in range(900)]
    talk.server.data_received(talk.client.data_to_send())
    assert 0 < len(talk.requests) < 450
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(talk.requests) == len(streams)


async def test_whoever_reads_no_answers_is_not_read_from(talks: Callable[..., Talk]) -> None:
    """Until he does: neither requests nor PINGs fill the memory."""
    talk = talks()
    talk.server.pause_writing()
    talk.push()
    talk.server.data_received(talk.client.data_to_send())
    assert (talk.requests, talk.transport.is_reading) == ([], False)
    talk.server.resume_writing()
    assert (len(talk.requests), talk.transport.is_reading) == (1, True)


async def test_requests_taken_back_on_and_on_end_the_connection(talks: Callable[..., Talk]) -> None:
    """CVE-2023-44487, which costs a server more than a client."""
    talk = talks()
    for _ in range(MOST_RESETS + 1):
        stream = talk.client.get_next_available_stream_id()
        talk.client.send_headers(stream, HEADERS)
        talk.client.reset_stream(stream)
    talk.exchange()
    for _ in range(200):
        await asyncio.sleep(0)
    [end] = [event for event in talk.hear() if isinstance(event, ConnectionTerminated)]
    assert end.error_code == ErrorCodes.ENHANCE_YOUR_CALM
    assert talk.requests == []


async def test_a_frame_that_is_too_long_is_not_waited_for(talks: Callable[..., Talk]) -> None:
    """Its first nine bytes are enough: h2 would keep sixteen megabytes of it before it looked."""
    talk = talks()
    talk.server.data_received((2**24 - 1).to_bytes(3, "big") + bytes(6))
    [end] = [event for event in talk.hear() if isinstance(event, ConnectionTerminated)]
    assert end.error_code == ErrorCodes.FRAME_SIZE_ERROR
    assert talk.transport.is_closed


async def test_a_body_that_is_too_large_is_answered_once_and_thrown_away(
    talks: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that writes on is borne with for a while."""
    monkeypatch.setattr(http2, "MOST_WASTE", 200_000)
    talk = talks()
    stream = talk.client.get_next_available_stream_id()
    talk.client.send_headers(stream, HEADERS)
    sent, events = 0, list[Event]()
    while not talk.transport.is_closed and sent < 1_000_000:
        size = min(talk.client.local_flow_control_window(stream), 16384)
        talk.client.send_data(stream, bytes(size))
        sent += size
        events += talk.exchange()
        await asyncio.sleep(0)
        events += talk.hear()
    assert [type(event) for event in events].count(ResponseReceived) == 1
    assert [len(request.body) for request in talk.requests] == [5121]
    assert 200_000 < sent < 300_000
