"""Cursors: where a client is in a fetch or a sync, sealed so that nobody else can make one.

A fetch walks through the devices of a server in the order in which they came to it, up to the newest change at its
beginning; what changes meanwhile is what the sync after it tells. So a cursor has two numbers: the change from which a
sync goes on, and how far the fetch got. It is hexadecimal and shorter than the thousand characters that Apple allows.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from mdm_server.clouds.apple.dep.errors import DepApiError
from mdm_server.wire.dep import DepErrorCode

SECRET_BYTES = 32
LONGEST = 1000
_SEAL_BYTES = 16
_LAYOUT = struct.Struct(">BIQQQ")


class Walk(IntEnum):
    """What a cursor goes on with."""

    FETCH = 1
    FETCHED = 2
    """The fetch is over, or it was a sync: nothing is left but to sync."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a client is.

    Attributes:
        server: whose cursor it is.
        since: the change behind which a sync goes on.
        position: the device behind which a fetch goes on.
        issued: when it was given out.

    """

    walk: Walk
    server: int
    since: int
    position: int
    issued: datetime


class Cursors:
    """Writes and reads them."""

    def __init__(self, secret: bytes, life: timedelta) -> None:
        self._secret = secret
        self._life = life

    def write(self, cursor: Cursor) -> str:
        """Seal a cursor."""
        issued = int(cursor.issued.timestamp())
        content = _LAYOUT.pack(cursor.walk, cursor.server, cursor.since, cursor.position, issued)
        return (content + self._seal(content)).hex()

    def read(self, text: str, server: int, now: datetime) -> Cursor:
        """Open a cursor that a server sent.

        Raises:
            DepApiError: INVALID_CURSOR for one that was made up, changed, or another server's; EXPIRED_CURSOR.

        """
        cursor = self._open(text)
        if cursor.server != server:
            raise DepApiError(DepErrorCode.INVALID_CURSOR, "another server's")
        if now - cursor.issued > self._life:
            raise DepApiError(DepErrorCode.EXPIRED_CURSOR, f"older than {self._life.days} days")
        return cursor

    def _open(self, text: str) -> Cursor:
        try:
            # bytes.fromhex skips white space, and a cursor has none.
            sealed = bytes.fromhex(text) if text.isalnum() and len(text) <= LONGEST else b""
        except ValueError:
            sealed = b""
        content, seal = sealed[: _LAYOUT.size], sealed[_LAYOUT.size :]
        if not hmac.compare_digest(seal, self._seal(content)):
            raise DepApiError(DepErrorCode.INVALID_CURSOR, "not one of ours")
        walk, server, since, position, issued = _LAYOUT.unpack(content)
        return Cursor(
            walk=Walk(walk),
            server=server,
            since=since,
            position=position,
            issued=datetime.fromtimestamp(issued, UTC),
        )

    def _seal(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")[:_SEAL_BYTES]
