from __future__ import annotations

import contextlib
import gc
import os
import socket
import struct
import threading

from device_emulator.cli.running import run
from device_emulator.core.messages import Request, RequestFailed, RequestKind
from device_emulator.transport.network import NetworkTransport

RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)
DEVICES = 300


def _reset_everybody(listener: socket.socket) -> None:
    """Behave like a server that is killed while devices knock: accept each connection, and reset it at once."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_WHEN_CLOSED)
            connection.close()


def _is_open(other: socket.socket) -> bool:
    try:
        os.fstat(other.fileno())
    except OSError:
        other.detach()
        return False
    return True


async def _others_lost(url: str) -> int:
    """Let devices meet that server, and count the sockets of others that were closed with a device's own.

    The operating system gives out the lowest free number. So a socket opened right after a failure gets the number of
    the one that failed, and is the one to suffer if that is closed a second time.
    """
    lost = 0
    transport = NetworkTransport(timeout=5)
    for device in range(DEVICES):
        outcome = await transport.send(device, Request(1, RequestKind.IDLE, "PUT", url, {}, b"hello", None))
        assert isinstance(outcome, RequestFailed), outcome
        others = socket.socketpair()
        gc.collect(1)  # what has just been left behind; everything would take the test a quarter of a second, each time
        lost += sum(not _is_open(other) for other in others)
        for other in others:
            other.close()
    await transport.close()
    return lost


def test_a_connection_that_dies_young_takes_no_other_with_it() -> None:
    """Under uvloop its socket is closed twice, and the second time it is somebody else's (decision 0010)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        killer = threading.Thread(target=_reset_everybody, args=(listener,))
        killer.start()
        try:
            assert run(_others_lost(f"https://127.0.0.1:{listener.getsockname()[1]}/mdm")) == 0
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            killer.join()
