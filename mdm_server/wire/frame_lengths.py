"""The lengths that HTTP/2 frames announce, looked at as soon as they are said.

h2 refuses a frame that is too long when all of it is there: sixteen megabytes at most, of a peer who has shown nothing.
"""

from __future__ import annotations

PREFACE_BYTES = 24
"""What a client says before its first frame (RFC 9113 §3.4)."""
LONGEST = 16_384
"""What a peer may send as long as nobody has said otherwise (RFC 9113 §4.2)."""
HEADER_BYTES = 9


class FrameLengths:
    """Follows the frames of one direction; `preface` bytes come before the first."""

    def __init__(self, preface: int = 0) -> None:
        self._rest = preface
        self._header = bytearray()

    def hold(self, data: bytes) -> bool:
        """Follow some more bytes, and say whether every frame that begins in them is short enough."""
        position, end = 0, len(data)
        while position < end:
            if self._rest:
                step = min(self._rest, end - position)
                self._rest -= step
            else:
                step = min(HEADER_BYTES - len(self._header), end - position)
                self._header += data[position : position + step]
                if len(self._header) == HEADER_BYTES:
                    self._rest = int.from_bytes(self._header[:3], "big")  # RFC 9113 §4.1
                    self._header.clear()
                    if self._rest > LONGEST:
                        return False
            position += step
        return True
