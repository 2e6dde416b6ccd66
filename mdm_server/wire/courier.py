"""The push courier's frames: small JSON texts over one WebSocket that may speak for many devices.

A device (or a fleet) says which push tokens it listens for, and which are gone for good; the server says which of them
has work waiting. The newest connection for a token wins, and one push is kept for a token nobody listens to.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypeVar

import msgspec

from mdm_server.wire.errors import FrameError

_Frame = TypeVar("_Frame")

MAX_FRAME_BYTES = 64 * 1024
MAX_TOKENS = 900
"""Tokens in one frame: as many of APNs' 32 bytes as fit into `MAX_FRAME_BYTES` in hexadecimal."""
MAX_TOKEN_BYTES = 64


@dataclass(frozen=True, slots=True)
class Listen:
    """Client to server: wake me for these tokens; `topic` is whose they are, where the client says it."""

    tokens: tuple[bytes, ...]
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Client to server: no longer wake me for these tokens."""

    tokens: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """Client to server: these tokens will never be used again, for their devices were erased or have left."""

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


FromClient: TypeAlias = Listen | Forget | Gone
FromServer: TypeAlias = Listening | Push

_Hex: TypeAlias = Annotated[str, msgspec.Meta(pattern=rf"\A(?:[0-9a-fA-F]{{2}}){{1,{MAX_TOKEN_BYTES}}}\Z")]
_Tokens: TypeAlias = Annotated[list[_Hex], msgspec.Meta(max_length=MAX_TOKENS)]
_Topic: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Magic: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _ClientFrame(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    listen: _Tokens | None = None
    topic: _Topic | None = None
    forget: _Tokens | None = None
    gone: _Tokens | None = None


class _ServerFrame(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    listening: _Tokens | None = None
    push: _Hex | None = None
    mdm: _Magic | None = None


_from_client = msgspec.json.Decoder(_ClientFrame)
_from_server = msgspec.json.Decoder(_ServerFrame)


def parse_from_client(frame: str | bytes) -> FromClient:
    """Read a frame a client sent (FrameError)."""
    match _decode(_from_client, frame):
        case _ClientFrame(listen=list() as tokens, topic=topic, forget=None, gone=None):
            return Listen(_binary(tokens), topic)
        case _ClientFrame(listen=None, topic=None, forget=list() as tokens, gone=None):
            return Forget(_binary(tokens))
        case _ClientFrame(listen=None, topic=None, forget=None, gone=list() as tokens):
            return Gone(_binary(tokens))
        case _:
            raise FrameError("courier.frame", "expected either listen, forget or gone")


def parse_from_server(frame: str | bytes) -> FromServer:
    """Read a frame the server sent (FrameError)."""
    match _decode(_from_server, frame):
        case _ServerFrame(listening=list() as tokens, push=None, mdm=None):
            return Listening(_binary(tokens))
        case _ServerFrame(listening=None, push=str() as token, mdm=str() as magic):
            return Push(bytes.fromhex(token), magic)
        case _:
            raise FrameError("courier.frame", "expected either listening, or push and mdm")


def encode(frame: FromClient | FromServer) -> str:
    """Write a frame as JSON text (FrameError when it would break the limits a reader enforces)."""
    text = msgspec.json.encode(_as_json(frame)).decode()
    if isinstance(frame, Listen | Forget | Gone):
        parse_from_client(text)
    else:
        parse_from_server(text)
    return text


def in_batches(tokens: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
    """Cut a fleet's tokens into pieces that fit into a frame each."""
    remaining = iter(tokens)
    while batch := tuple(itertools.islice(remaining, MAX_TOKENS)):
        yield batch


def _decode(decoder: msgspec.json.Decoder[_Frame], frame: str | bytes) -> _Frame:
    if len(frame) > MAX_FRAME_BYTES:
        raise FrameError("courier.size", f"expected at most {MAX_FRAME_BYTES} bytes, found {len(frame)}")
    try:
        return decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise FrameError("courier.frame", f"expected a courier frame ({error})") from error


def _as_json(frame: FromClient | FromServer) -> _ClientFrame | _ServerFrame:
    match frame:
        case Listen(tokens, topic):
            return _ClientFrame(listen=_hexadecimal(tokens), topic=topic)
        case Forget(tokens):
            return _ClientFrame(forget=_hexadecimal(tokens))
        case Gone(tokens):
            return _ClientFrame(gone=_hexadecimal(tokens))
        case Listening(tokens):
            return _ServerFrame(listening=_hexadecimal(tokens))
        case _:
            return _ServerFrame(push=frame.token.hex(), mdm=frame.magic)


def _binary(tokens: list[str]) -> tuple[bytes, ...]:
    return tuple(map(bytes.fromhex, tokens))


def _hexadecimal(tokens: tuple[bytes, ...]) -> list[str]:
    return [token.hex() for token in tokens]
