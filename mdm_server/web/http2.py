"""HTTP/2 for push: one connection of a provider, on `h2`, whose every request is answered by a function.

A provider sends thousands of requests on one connection. They are worked off in pieces, so that others get their turn;
a provider that does not read its answers is not read from either.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hpack import HeaderTuple, NeverIndexedHeaderTuple

from mdm_server.web.events_log import log
from mdm_server.wire.apns import ID, MOST_VOIP_PAYLOAD_BYTES, PushReply, PushRequest, Reason, encode_problem
from mdm_server.wire.frame_lengths import PREFACE_BYTES, FrameLengths
from mdm_server.wire.plain_headers import PlainEncoder

STREAMS = 1000
"""How many requests may be under way on a connection."""
STREAMS_ON_TRIAL = 1
"""And before a provider without a certificate has sent a good token."""
WINDOW = 1 << 20
PIECE = 8 * 1024
"""So many bytes are worked off at a time; they hold at most some hundred requests."""
MOST_UNREAD = 64 * 1024
MOST_BODY = MOST_VOIP_PAYLOAD_BYTES + 1
"""What is longer is too large however long it is, and is answered before it ends."""
MOST_WASTE = 16 << 20
"""So much of bodies that nobody reads is thrown away on a connection: some clients read no answer while they write."""
MOST_HEADER_BYTES = 16 * 1024
MOST_RESETS = 1000
"""A client that opens requests and takes them back, on and on, is hung up on (CVE-2023-44487)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Http2Limits:
    """How long a connection may be silent: before it says that it speaks HTTP/2, and afterwards.

    A provider is told to look after its connection once an hour, so that one that does is not cut off.
    """

    preface_seconds: float = 10.0
    idle_seconds: float = 4000.0


@dataclass(slots=True)
class _Incoming:
    """A request of which not everything is there."""

    pseudo: dict[str, str]
    headers: tuple[tuple[str, str], ...]
    body: bytearray = field(default_factory=bytearray)


class PushConnection(asyncio.Protocol):
    """The server's end of one connection.

    Args:
        meet: is told the certificate (DER) that the provider showed, or None, and returns what answers its requests.
        leave: is called once, when the connection is over.
        limits: how long it may be silent.

    """

    def __init__(
        self,
        meet: Callable[[bytes | None], Callable[[PushRequest], PushReply]],
        leave: Callable[[], None],
        limits: Http2Limits,
    ) -> None:
        self._meet = meet
        self._leave: Callable[[], None] | None = leave
        self._limits = limits
        # What comes in is looked through by h2; what goes out is written here.
        self._h2 = H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self._h2.encoder = PlainEncoder()
        self._lengths = FrameLengths(PREFACE_BYTES)
        self._incoming: dict[int, _Incoming] = {}
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._is_working = False
        self._is_stuck = False
        self.is_over = False
        """Whether nothing is read or said any more; the peer may not have noticed yet."""
        self._on_trial = False
        self._resets = 0
        self._wasted = 0
        self._patience = limits.preface_seconds
        self._heard_at = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Is done when the connection is over."""
        self._transport: asyncio.Transport
        self._answer: Callable[[PushRequest], PushReply]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn who the provider is, and say what it may do."""
        self._transport = cast("asyncio.Transport", transport)
        ssl_object = transport.get_extra_info("ssl_object")
        certificate = None if ssl_object is None else ssl_object.getpeercert(binary_form=True)
        self._answer = self._meet(certificate)
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MOST_HEADER_BYTES,
                SettingCodes.ENABLE_PUSH: 0,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW)
        if certificate is None:
            # In a second SETTINGS frame: h2 holds a client to it once the client has said that it read it.
            self._on_trial = True
            self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS_ON_TRIAL})
        self._flush()
        self._heard_at = asyncio.get_running_loop().time()
        self._watch_silence()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self.is_over = True
        if self._silence is not None:
            self._silence.cancel()
        self.closed_before_use()

    def closed_before_use(self) -> None:
        """Give the place back, once: also for a connection whose handshake failed."""
        if self._leave is not None:
            leave, self._leave = self._leave, None
            self.lost.set_result(None)
            leave()

    def data_received(self, data: bytes) -> None:
        """Take in bytes; they are worked off in pieces, the first of them at once."""
        if self.is_over:
            return
        self._heard_at = asyncio.get_running_loop().time()
        self._unread.extend(data[start : start + PIECE] for start in range(0, len(data), PIECE))
        self._unread_bytes += len(data)
        if not self._is_working and not self._is_stuck:
            self._work()
        self._steer()

    def pause_writing(self) -> None:
        """Stop working for a provider that does not read its answers."""
        self._is_stuck = True
        self._steer()

    def resume_writing(self) -> None:
        """Go on: it has read them."""
        self._is_stuck = False
        if self._unread and not self._is_working:
            self._work()
        self._steer()

    def go_away(self, reason: Reason, last_stream: int | None = None) -> None:
        """Say why, and close: requests behind the last stream were not looked at, and may be sent again elsewhere."""
        if self.is_over:
            return
        self._h2.close_connection(ErrorCodes.NO_ERROR, encode_problem(reason), last_stream)
        self._close()

    def abort(self) -> None:
        """Break the connection."""
        self.is_over = True
        self._transport.abort()

    def _work(self) -> None:
        self._is_working = False
        if self.is_over or self._is_stuck or not self._unread:
            return
        piece = self._unread.popleft()
        self._unread_bytes -= len(piece)
        if not self._lengths.hold(piece):
            self._hang_up(ErrorCodes.FRAME_SIZE_ERROR)
            return
        try:
            for event in self._h2.receive_data(piece):
                self._take(event)
                if self.is_over:
                    return
        except (ProtocolError, UnicodeDecodeError) as error:
            log.info("http2.protocol", error=str(error) or type(error).__name__)
            self._close()  # h2 has written a GOAWAY that says what was wrong
            return
        self._flush()
        if self._unread:
            self._is_working = True
            asyncio.get_running_loop().call_soon(self._work)
        else:
            self._steer()

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived(stream_id=int() as stream):
                self._incoming[stream] = _incoming(event)
            case DataReceived(stream_id=int() as stream):
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
                self._take_body(stream, event.data or b"")
            case StreamEnded(stream_id=int() as stream):
                self._finish(stream)
            case StreamReset(stream_id=int() as stream):
                self._incoming.pop(stream, None)
                self._resets += 1
                if self._resets > MOST_RESETS:
                    self._hang_up(ErrorCodes.ENHANCE_YOUR_CALM)
            case RemoteSettingsChanged():
                self._patience = self._limits.idle_seconds
            case ConnectionTerminated():
                self._close()
            case _:  # PING and window updates are h2's business
                pass

    def _take_body(self, stream: int, data: bytes) -> None:
        incoming = self._incoming.get(stream)
        if incoming is None:
            self._count_waste(len(data))
            return
        incoming.body += data
        if len(incoming.body) > MOST_BODY:
            self._count_waste(len(incoming.body) - MOST_BODY)
            del incoming.body[MOST_BODY:]
            self._finish(stream)

    def _count_waste(self, octets: int) -> None:
        self._wasted += octets
        if self._wasted > MOST_WASTE:
            self._hang_up(ErrorCodes.ENHANCE_YOUR_CALM)

    def _hang_up(self, error: ErrorCodes) -> None:
        if not self.is_over:
            self._h2.close_connection(error)
            self._close()

    def _finish(self, stream: int) -> None:
        incoming = self._incoming.pop(stream, None)
        if incoming is None:
            return
        request = PushRequest(
            method=incoming.pseudo.get(":method", ""),
            path=incoming.pseudo.get(":path", ""),
            headers=incoming.headers,
            body=bytes(incoming.body),
        )
        try:
            reply = self._answer(request)
        except Exception:
            log.exception("push.failed")
            reply = PushReply(reason=Reason.INTERNAL_SERVER_ERROR)
        if reply.cut:
            self.abort()
            return
        self._respond(stream, reply)

    def _respond(self, stream: int, reply: PushReply) -> None:
        body = reply.body
        headers = [HeaderTuple(":status", str(reply.status))]
        if reply.apns_id:  # another one every time, that does not push the others out of the table of what was said
            headers.append(NeverIndexedHeaderTuple(ID, reply.apns_id))
        self._h2.send_headers(stream, headers, end_stream=not body)
        if body:
            self._h2.send_data(stream, body, end_stream=True)
        if self._on_trial and reply.reason is None:
            self._on_trial = False
            self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS})
        if reply.goaway is not None:
            self.go_away(reply.goaway, stream)

    def _steer(self) -> None:
        """Read on while there is little left to work off."""
        if self.is_over:
            return
        if self._is_stuck or self._unread_bytes > MOST_UNREAD:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _watch_silence(self) -> None:
        """End the connection when nothing was heard for too long; else look again when that could be."""
        loop = asyncio.get_running_loop()
        left = self._heard_at + self._patience - loop.time()
        if left <= 0:
            self.go_away(Reason.IDLE_TIMEOUT)
        else:
            self._silence = loop.call_later(min(left, self._limits.preface_seconds), self._watch_silence)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self._transport.write(data)

    def _close(self) -> None:
        self._flush()
        self.is_over = True
        self._unread.clear()
        self._transport.close()


def _incoming(event: RequestReceived) -> _Incoming:
    """Take the headers apart; values are Latin-1, as everywhere in HTTP, and names are lower case: h2 saw to that."""
    pairs = [(_text(name), _text(value)) for name, value in event.headers or ()]
    pseudo = {name: value for name, value in pairs if name.startswith(":")}
    return _Incoming(pseudo, tuple(pair for pair in pairs if not pair[0].startswith(":")))


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
