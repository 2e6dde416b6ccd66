"""A client lean enough not to be what is measured: finished requests, sent as bytes over connections that stay open."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from device_emulator.core.conversation import Draft

# Requests that one device sends one after the other: the next when the previous one is answered.
Session = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a replay: how long it all took, how long each session took, and what was answered."""

    seconds: float
    waits: list[float]
    answers: int
    empty_answers: int


def as_bytes(draft: Draft) -> bytes:
    """Write a request as it goes over the wire."""
    parts = urlsplit(draft.url)
    headers = {"Host": parts.netloc, **draft.headers, "Content-Length": str(len(draft.body))}
    lines = [f"{draft.method} {parts.path or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + draft.body


class Line(asyncio.Protocol):
    """One connection, with one request under way at most."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the server."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Collect an answer until its body is complete."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = bytes(self._received[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(self._received) < end + 4 + length:
            return
        answer, self._answer = self._answer, None
        if head.split(b" ", 2)[1] == b"200":
            answer.set_result(bytes(self._received[end + 4 :]))
        else:
            answer.set_exception(RuntimeError(f"expected the status 200, found {bytes(self._received[:200])!r}"))
        self._received.clear()

    def connection_lost(self, error: Exception | None) -> None:
        """Let nobody wait for an answer that cannot come."""
        if self._answer is not None:
            self._answer.set_exception(error or ConnectionResetError("the server hung up"))

    async def ask(self, request: bytes) -> bytes:
        """Send a request and return the body of its answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def hang_up(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


async def connect(url: str, context: ssl.SSLContext | None, count: int) -> list[Line]:
    """Open so many connections to the host of `url`."""
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    lines = []
    for _ in range(count):
        _, line = await loop.create_connection(
            Line,
            parts.hostname or "",
            parts.port or 0,
            ssl=context if parts.scheme == "https" else None,
        )
        lines.append(line)
    return lines


async def replay(sessions: Iterable[Session], lines: Sequence[Line], *, per_second: float | None = None) -> Replayed:
    """Send all sessions and wait for every answer.

    Without `per_second` each connection begins its next session when the last one has ended, which finds the capacity
    and nothing else. With it, sessions begin on a schedule, whatever became of those before, and what each took is
    counted from the moment it was to begin: a server that stalls cannot hide.
    """
    waiting = asyncio.Queue[tuple[float | None, Session]]()
    waits: list[float] = []
    tally = _Answers()
    began = time.perf_counter()
    workers = [asyncio.create_task(_work(line, waiting, tally, waits.append)) for line in lines]
    for number, session in enumerate(sessions):
        if per_second is None:
            waiting.put_nowait((None, session))
            continue
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        waiting.put_nowait((due, session))
    done = asyncio.create_task(waiting.join())
    await asyncio.wait([done, *workers], return_when=asyncio.FIRST_COMPLETED)
    seconds = time.perf_counter() - began
    for task in (done, *workers):
        if task.done():
            task.result()
        task.cancel()
    return Replayed(seconds, sorted(waits), tally.all, tally.empty)


@dataclass(slots=True)
class _Answers:
    all: int = 0
    empty: int = 0


async def _work(
    line: Line, waiting: asyncio.Queue[tuple[float | None, Session]], tally: _Answers, took: Callable[[float], None]
) -> None:
    while True:
        due, session = await waiting.get()
        began = time.perf_counter() if due is None else due
        for request in session:
            body = await line.ask(request)
            tally.all += 1
            tally.empty += not body
        took(time.perf_counter() - began)
        waiting.task_done()
