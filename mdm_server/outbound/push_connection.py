"""One HTTP/2 connection to a push service, as its client: requests out, answers in, and what became of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from hpack import HeaderTuple, NeverIndexedHeaderTuple

from mdm_server.wire.apns import PushRequest, Reason, read_problem
from mdm_server.wire.frame_lengths import FrameLengths
from mdm_server.wire.plain_headers import PlainEncoder

Push = TypeVar("Push")
_Push = TypeVar("_Push", contravariant=True)

LAST_STREAM = 2**31 - 3
UNDER_WAY = 100
"""So many requests are under way at most, if the service lets us: h2 looks at all of them before every other one."""
LARGEST_PUSH_BYTES = 1600
"""A magic of 255 characters, each of them escaped: a window with room for so much takes any push."""
MOST_PROBLEM_BYTES = 4096
"""A document that says why not is a line; more than this is not kept."""


class Listener(Protocol[_Push]):
    """Is told what becomes of pushes."""

    def answered(self, push: _Push, status: int, reason: Reason | None) -> None:
        """Take the answer to a push; the reason is None for a push that was taken, or a word that Apple has not."""

    def can_push(self) -> None:
        """Push on, if anything waits: there is room again."""

    def lost(self, unanswered: Sequence[_Push]) -> None:
        """Take back what got no answer: the connection is over."""


@dataclass(slots=True)
class _Open(Generic[Push]):
    """A push under way."""

    push: Push
    status: int = 0
    body: bytearray = field(default_factory=bytearray)


class PushClient(asyncio.Protocol, Generic[Push]):
    """The client's end of a connection."""

    def __init__(self, authority: str, listener: Listener[Push]) -> None:
        self._authority = authority
        self._listener = listener
        # What goes out is written here, and what comes in is read for two names: neither needs to be looked through.
        self._h2 = H2Connection(
            H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self._h2.encoder = PlainEncoder()
        self._lengths = FrameLengths()
        self._open: dict[int, _Open[Push]] = {}
        self._is_leaving = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self._transport = cast("asyncio.Transport", transport)
        self._h2.initiate_connection()
        self._flush()

    @property
    def is_over(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._is_leaving

    @property
    def room(self) -> int:
        """How many pushes may be sent now."""
        if self._is_leaving or self._h2.highest_outbound_stream_id >= LAST_STREAM:
            return 0
        fits = self._h2.outbound_flow_control_window // LARGEST_PUSH_BYTES
        return max(min(min(self._h2.remote_settings.max_concurrent_streams, UNDER_WAY) - len(self._open), fits), 0)

    def send(self, push: Push, request: PushRequest) -> None:
        """Send a push; ask for `room` first."""
        stream = self._h2.get_next_available_stream_id()
        headers = [
            HeaderTuple(":method", request.method),
            HeaderTuple(":scheme", "https"),
            HeaderTuple(":authority", self._authority),
            # Another one every time: as Apple asks, it does not push the others out of the table of what was said.
            NeverIndexedHeaderTuple(":path", request.path),
            *(HeaderTuple(name, value) for name, value in request.headers),
        ]
        self._h2.send_headers(stream, headers)
        self._h2.send_data(stream, request.body, end_stream=True)
        self._open[stream] = _Open(push)

    def flush(self) -> None:
        """Let go what was sent: many pushes in one piece."""
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Read answers."""
        if not self._lengths.hold(data):
            self.leave()
            return
        try:
            for event in self._h2.receive_data(data):
                self._take(event)
        except (ProtocolError, UnicodeDecodeError):
            self.leave()
            return
        self._flush()
        if self._is_leaving and not self._open:
            self._transport.close()
        elif not self._is_leaving:
            self._listener.can_push()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what got no answer."""
        self._is_leaving = True
        unanswered = [each.push for each in self._open.values()]
        self._open.clear()
        self._listener.lost(unanswered)

    def leave(self) -> None:
        """Hang up."""
        self._is_leaving = True
        self._flush()
        self._transport.close()

    def _take(self, event: Event) -> None:
        match event:
            case ResponseReceived(stream_id=int() as stream) if stream in self._open:
                self._open[stream].status = _status(event)
            case DataReceived(stream_id=int() as stream):
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
                if stream in self._open and len(self._open[stream].body) < MOST_PROBLEM_BYTES:
                    self._open[stream].body += event.data or b""
            case StreamEnded(stream_id=int() as stream) if stream in self._open:
                answer = self._open.pop(stream)
                self._listener.answered(answer.push, answer.status, read_problem(bytes(answer.body))[0])
            case StreamReset(stream_id=int() as stream) if stream in self._open:
                self._listener.answered(self._open.pop(stream).push, 0, None)
            case ConnectionTerminated():  # h2 reads no answer behind a GOAWAY: what has none by now is given back
                self._is_leaving = True
                self._transport.close()
            case RemoteSettingsChanged():
                self._listener.can_push()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self._transport.write(data)


def _status(event: ResponseReceived) -> int:
    for name, value in event.headers or ():
        if name == b":status":
            return int(value) if value.isdigit() else 0
    return 0
