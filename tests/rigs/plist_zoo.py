"""Property lists that no honest device would send, and binary ones put together object by object."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence

import pytest

from mdm_server.wire.errors import PlistError
from rigs.pace import assert_cost

APPLE_DOCTYPE = (
    b'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
)


def xml(inside: str | bytes, *, doctype: bytes = APPLE_DOCTYPE) -> bytes:
    """Return an XML property list around the text of its one value."""
    body = inside.encode() if isinstance(inside, str) else inside
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + doctype + b'<plist version="1.0">' + body + b"</plist>\n"


def binary(objects: Sequence[bytes], *, top: int = 0, reference_size: int = 1) -> bytes:
    """Return a binary property list of these objects, which name each other by their place in the sequence."""
    out = bytearray(b"bplist00")
    offsets = []
    for item in objects:
        offsets.append(len(out))
        out += item
    return table(bytes(out), offsets, top=top, reference_size=reference_size)


def table(objects: bytes, offsets: Sequence[int], *, top: int = 0, reference_size: int = 1) -> bytes:
    """Return a binary property list of which only the offset table and the trailer are still missing."""
    rows = b"".join(offset.to_bytes(4, "big") for offset in offsets)
    return objects + rows + struct.pack(">6xBBQQQ", 4, reference_size, len(offsets), top, len(objects))


def text(value: str) -> bytes:
    """Return a short ASCII string object."""
    return bytes([0x50 | len(value)]) + value.encode("ascii")


def shared(depth: int, fan: int) -> bytes:
    """Return a list of `fan` references to one list, which refers `fan` times to one list, and so on."""
    lists = [bytes([0xA0 | fan]) + bytes([level + 1] * fan) for level in range(depth)]
    return binary([*lists, text("x")])


def smallest_bomb() -> bytes:
    """Return the 434 bytes of T-30: thirty levels of ten references each, which unfold to 10^30 values."""
    document = shared(30, 10)
    objects = document[: document.index(b"\x51x") + 2]
    rows = b"".join((8 + 11 * level).to_bytes(2, "big") for level in range(31))
    return objects + rows + struct.pack(">6xBBQQQ", 2, 1, 31, 0, len(objects))


def refused(action: Callable[[], object], code: str, *, within: float = 0.020) -> PlistError:
    """Expect a refusal with this code, at this cost in CPU seconds at most (the best of three tries)."""
    costs = []
    for _ in range(3):
        started = time.thread_time()
        with pytest.raises(PlistError) as caught:
            action()
        costs.append(time.thread_time() - started)
        assert caught.value.code == code, caught.value
    assert_cost(min(costs), within, f"refusing with {code}")
    return caught.value
