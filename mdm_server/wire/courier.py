"""The push courier's frames: small JSON texts over one WebSocket that may speak for many devices.

A device (or a fleet) says which push tokens it listens for; the server says which of them has work waiting. The newest
connection for a token wins, and one push is kept for a token nobody listens to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

MAX_FRAME_BYTES = 64 * 1024
MAX_TOKENS = 1000
MAX_TOKEN_BYTES = 64


@dataclass(frozen=True, slots=True)
class Listen:
    """Client to server: wake me for these tokens."""

    tokens: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """Client to server: no longer wake me for these tokens."""

    tokens: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Listening:
    """Server to client: from now on you are woken for these tokens."""

    tokens: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Push:
    """Server to client: the device with this token should connect; `magic` is its PushMagic (APNs: `{"mdm": …}`)."""

    token: bytes
    magic: str


FromClient: TypeAlias = Listen | Forget
FromServer: TypeAlias = Listening | Push


def parse_from_client(frame: str | bytes) -> FromClient:
    """Read a frame a client sent (FrameError)."""
    raise NotImplementedError


def parse_from_server(frame: str | bytes) -> FromServer:
    """Read a frame the server sent (FrameError)."""
    raise NotImplementedError


def encode(frame: FromClient | FromServer) -> str:
    """Write a frame as JSON text (FrameError when it would break the limits a reader enforces)."""
    raise NotImplementedError
