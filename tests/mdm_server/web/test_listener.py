from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import pytest
from aiohttp import web

from mdm_server.web.admission import Admission, is_loopback
from mdm_server.web.limits import Limits
from mdm_server.web.listener import Listener, bind
from mdm_server.web.port import Port
from rigs.sockets import say, status_of

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Starved:
    """A listening socket whose process has run out of file descriptors for a while."""

    def __init__(self, bound: socket.socket, failures: int) -> None:
        self._bound = bound
        self.failures = failures

    def accept(self) -> Any:
        """Fail as the kernel does, then work."""
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self._bound.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bound, name)


async def test_t44_accepting_survives_running_out_of_file_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """T-44: EMFILE makes the listener look away for a moment instead of spinning or dying; then it accepts again."""
    monkeypatch.setattr("mdm_server.web.listener.RETRY_SECONDS", 0.05)
    application = web.Application()
    application.router.add_get("/", _nothing)
    port = Port(application, Limits())
    await port.open()
    starved = Starved(bind("127.0.0.1", 0), failures=3)
    port.listen(starved, "http://127.0.0.1")  # type: ignore[arg-type]
    host, number = starved.getsockname()
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert status_of(await say(f"http://{host}:{number}", REQUEST)) == 200
    assert starved.failures == 0
    assert loop.time() - began >= 3 * 0.05, "it did not look away"
    await port.close()


async def _nothing(request: web.Request) -> web.Response:
    return web.Response()


async def test_a_port_that_was_closed_accepts_nobody_and_forgets_everybody() -> None:
    """After close the address is free and nobody is counted any more."""
    port = Port(web.Application(), Limits())
    await port.open()
    bound = bind("127.0.0.1", 0)
    address = bound.getsockname()
    port.listen(bound, "http://127.0.0.1")
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET / HT")
    await port.close()
    assert await reader.read() == b""
    writer.close()
    assert port.admission.connected == 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)


async def test_who_arrives_while_the_port_closes_is_let_go() -> None:
    """A connection accepted in the very moment of closing is neither leaked nor counted for ever."""
    port = Port(web.Application(), Limits())
    await port.open()
    bound = bind("127.0.0.1", 0)
    port.listen(bound, "http://127.0.0.1")
    arriving = [socket.create_connection(bound.getsockname()) for _ in range(5)]
    port._listeners[0]._accept()
    assert port.admission.connected == 5
    await port.close()
    assert port.admission.connected == 0
    for each in arriving:
        each.close()


def test_an_address_that_is_taken_cannot_be_bound() -> None:
    """Two listeners on one address would share its connections; the second one is an error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            bind(*taken.getsockname())


def test_admission_counts_in_and_out() -> None:
    """Nobody who has left takes room, in total or of a peer, and refused peers are not remembered."""
    admission = Admission(Limits(connections=3, connections_per_peer=2, exempt_loopback=False))
    assert [admission.enter("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert [admission.enter("192.0.2.2") for _ in range(2)] == [True, False]
    assert (admission.connected, admission.turned_away) == (3, 2)
    admission.leave("192.0.2.1")
    assert admission.enter("192.0.2.3")
    for peer in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        admission.leave(peer)
    assert (admission.connected, admission._per_peer) == (0, {})


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::1%lo", True), ("192.0.2.1", False), ("x", False)],
)
def test_loopback_is_recognised(address: str, expected: bool) -> None:
    """By the address, never by a name."""
    assert is_loopback(address) is expected


def test_a_listener_that_never_opened_closes() -> None:
    """Closing what was never opened is harmless, and leaves no socket behind."""
    with bind("127.0.0.1", 0) as bound:
        listener = Listener(bound, None, None, None, None)  # type: ignore[arg-type]
        asyncio.run(listener.close())
